import { isDeepStrictEqual } from 'node:util';
import { monotonicFactory } from 'ulid';
import type { EndingSoon } from '../../shared/ending-soon.ts';
import { RequestError } from '../../shared/errors.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { allowsKind, forbiddenKind, forbiddenOf } from '../../shared/policy-objection.ts';
import { LOCAL_PROFILE_ID, type Profile } from '../../shared/profile.ts';
import type { SessionMetadata } from '../../shared/recording.ts';
import type { Running } from '../../shared/running.ts';
import type { SessionEvent, SessionId, SessionTiming } from '../../shared/session.ts';
import type { Backend, Backends } from '../backends/backend.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { Emitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';
import { random } from '../base/random.ts';
import { Ticker } from '../base/ticker.ts';
import { withDeadline } from '../base/with-deadline.ts';
import type { CredentialBroker } from '../credentials/broker.ts';
import type { RecordedFile } from '../journal/journal.ts';
import type { SessionMetrics } from '../metrics/session-metrics.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import { BUILT_IN_POLICY, policyOwner } from '../storage/policy.ts';
import type { SettingsStore } from '../storage/settings-store.ts';
import type { Checkpoints } from '../terminal/checkpoints.ts';
import { effectiveLimits } from './limits/effective-limits.ts';
import { ExpiryCount } from './limits/expiry-count.ts';
import { endingsOf } from './limits/limit-changes.ts';
import type { OrphanedSession } from './resume.ts';
import { stillRunning } from './running-programs.ts';
import { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import { SessionTabs } from './session-tabs.ts';
import type { Tab } from './tab.ts';

/** How long an ended or failed session stays in memory, in milliseconds. */
const EVICTION_MS = 300_000;
/** How long a quit may take before the app goes down all the same, in milliseconds. */
const QUIT_MS = 5_000;
/** When what has not ended by then is killed, in milliseconds after the quit began. */
const QUIT_KILL_MS = 3_000;
/** How often windows are notified of new activity, in milliseconds. */
const TIMING_MS = 1_000;
/** How soon after output or input the foreground is polled, in milliseconds. */
const FOREGROUND_MS = 150;
/** A timer this much late has been missed, in milliseconds. */
const MISSED_MS = 1_000;

export interface ManagerOptions {
  readonly clock: Clock;
  readonly backends: Backends;
  readonly recorders: RecorderFactory;
  readonly credentials?: CredentialBroker | undefined;
  readonly settings: Pick<SettingsStore, 'settings' | 'effective' | 'policy' | 'profile' | 'onChange'>;
  readonly metrics: SessionMetrics;
  readonly logger: Logger;
  /** What makes checkpoints of terminals. */
  readonly checkpoints?: Checkpoints | undefined;
  /** Which app runs the sessions, for their metadata. */
  readonly app: SessionMetadata['app'];
  /** Writes the metadata document of a session that was recorded, before its end is emitted. */
  writeMetadata(metadata: SessionMetadata): Promise<void>;
}

export interface OpenOptions {
  readonly profileId?: string | undefined;
  readonly previousId?: SessionId | undefined;
  readonly cols: number;
  readonly rows: number;
}

/** Something happened. */
export interface SessionNews {
  readonly event: SessionEvent;
  /** To this session; null for one that was refused, which never was. */
  readonly session: Session | null;
  /** With `session:end`: what was recorded; null where nothing was. */
  readonly recording: RecordedFile | null;
}

/** What the manager emits. */
export interface ManagerEvents {
  readonly event: SessionNews;
  readonly changed: Session;
  /** The tab of a session of an earlier run is back, or has another title. */
  readonly restored: Tab;
  readonly removed: SessionId;
  readonly evicted: SessionId;
  readonly reordered: readonly SessionId[];
  readonly timing: readonly SessionTiming[];
}

/** All sessions: opens them within the limits, keeps them while they live and five minutes after, ends them on quit. */
export class SessionManager {
  readonly #options: ManagerOptions;
  readonly #tabs = new SessionTabs();
  readonly #evictions = new Map<SessionId, Timer>();
  readonly #emitters: { readonly [K in keyof ManagerEvents]: Emitter<ManagerEvents[K]> };
  readonly #timingTicker: Ticker<Session>;
  readonly #foregroundTicker: Ticker<Session>;
  readonly #stopSettings: () => void;
  /** Ids sort by the time they were made, also within a millisecond. */
  readonly #newId = monotonicFactory(random);
  readonly #expiryCount: ExpiryCount;
  #sweepTimer: Timer | null = null;
  #quitting: Promise<void> | null = null;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#expiryCount = new ExpiryCount(() => options.metrics.expired());
    const onError = (error: unknown): void => options.logger.error({ err: error }, 'A listener threw');
    this.#emitters = {
      event: new Emitter(onError),
      changed: new Emitter(onError),
      restored: new Emitter(onError),
      removed: new Emitter(onError),
      evicted: new Emitter(onError),
      reordered: new Emitter(onError),
      timing: new Emitter(onError),
    };
    this.#timingTicker = new Ticker(options.clock, TIMING_MS, (sessions) =>
      this.#emitters.timing.emit(sessions.map((session) => session.timing())),
    );
    this.#foregroundTicker = new Ticker(options.clock, FOREGROUND_MS, (sessions) => {
      for (const session of sessions) {
        session.refreshForeground().catch((error: unknown) => {
          options.logger.warn({ session: session.id, err: error }, 'The foreground could not be found out');
        });
      }
    });
    this.#stopSettings = options.settings.onChange(() => this.#onSettings());
    this.#keepReady();
    this.#armSweep();
  }

  /** Makes a change of settings, and gives the sessions that it brings near to their end. */
  endingsOf(change: () => void): EndingSoon[] {
    return endingsOf(() => this.live, change);
  }

  /** Adds a listener for one kind of event; gives the function that removes it. */
  on<K extends keyof ManagerEvents>(kind: K, listener: (event: ManagerEvents[K]) => void): () => void {
    return this.#emitters[kind].on(listener);
  }

  /** All tabs, in order: ended sessions until they are evicted, those of an earlier run until they are dismissed. */
  tabs(): readonly Tab[] {
    return this.#tabs.all();
  }

  tab(id: SessionId): Tab | undefined {
    return this.#tabs.get(id);
  }

  /** The sessions of this run, in the order of their tabs. */
  list(): readonly Session[] {
    return this.#tabs.sessions();
  }

  get(id: SessionId): Session | undefined {
    return this.#tabs.session(id);
  }

  /** Gives a tab another title. */
  rename(tab: Tab, title: string): void {
    tab.rename(title);
    // A session emits that itself.
    if (this.#tabs.session(tab.id) === undefined) this.#emitters.restored.emit(tab);
  }

  /** Brings tabs of an earlier run back, before those of this one. Those that are there already stay as they are. */
  restore(tabs: readonly Tab[]): void {
    const back = this.#quitting === null ? tabs.filter(({ id }) => this.#tabs.get(id) === undefined) : [];
    if (back.length === 0) return;
    this.#tabs.addFirst(back);
    for (const tab of back) this.#emitters.restored.emit(tab);
    this.#emitters.reordered.emit(this.#tabs.ids);
  }

  /** Sessions whose shell has not ended. */
  get live(): readonly Session[] {
    return this.#tabs.live();
  }

  /**
   * The profile of a session that may be opened now, as it holds for a new one: the policy may require its recording.
   * `leaving`: a session that makes room. Throws `RequestError`.
   */
  #admit(profileId: string, leaving?: Session): Profile {
    const { settings } = this.#options;
    const { policy } = settings;
    if (this.#quitting !== null) throw new RequestError('shutting_down', 'Sandglass is quitting.');
    if (!policy.ok) throw new RequestError('policy_unreadable', policy.message);
    const profile = settings.profile(profileId);
    if (profile === undefined) {
      throw new RequestError(
        'bad_request',
        `There is no profile “${profileId}”. Choose another one in the new-tab menu.`,
      );
    }
    const forbidden = forbiddenKind(policy.policy, profile.backend);
    if (forbidden !== null) {
      throw new RequestError(
        'not_allowed',
        `${policyOwner(policy)} does not allow ${forbidden}, which “${profile.name}” opens. Choose another profile in the new-tab menu.`,
      );
    }
    const max = settings.effective.preferences.sessions.maxConcurrentSessions;
    const running = this.live.filter((session) => session !== leaving).length;
    if (running >= max) this.#refuse(profile, running, max);
    return policy.policy.requireRecording === true ? { ...profile, recording: 'required' } : profile;
  }

  /** As many sessions as may be are running. */
  #refuse(profile: Profile, running: number, max: number): never {
    const { clock, logger, metrics } = this.#options;
    const at = clock.wall();
    const event = { id: this.#newId(at), sessionId: this.#newId(at), at, type: 'session:limit' } as const;
    logger.info({ profile: profile.id, running, max }, 'A session was refused');
    metrics.refused();
    this.#emitters.event.emit({
      event: { ...event, profileId: profile.id, backend: profile.backend, running, max },
      session: null,
      recording: null,
    });
    throw new RequestError('limit_exceeded', `Maximum concurrent sessions (${max}) exceeded`);
  }

  /**
   * Like `open`; where the session before it is ending, it is opened once that has ended: `session:end` of the old one
   * always comes before `session:start` of the new one.
   */
  async openAfter(options: OpenOptions): Promise<Session> {
    const previous = this.#tabs.session(options.previousId);
    if (previous?.isEnding === true) await previous.end('closed');
    return this.open(options);
  }

  /**
   * Opens a session, which starts at once. Without a profile it is that of the session before it, else the local shell. In
   * the place of a session that ended to be replaced (`auto_reset`, `reset`) there is only one: a later call gets that one.
   * Throws `RequestError`: too many sessions, no policy, no such profile, the session before it has not ended.
   */
  open(options: OpenOptions): Session {
    const { settings, clock } = this.#options;
    const successor = this.#tabs.successorOf(options.previousId);
    if (successor !== null) return successor;
    const previous = this.#tabs.get(options.previousId);
    if (previous?.hasEnded === false)
      throw new RequestError('not_allowed', `“${previous.title}” has not ended yet. Close it first, or restart it.`);
    const profile = this.#admit(options.profileId ?? previous?.profileId ?? LOCAL_PROFILE_ID);
    // `#admit` has made sure of it.
    const policy = settings.policy.ok ? settings.policy.policy : BUILT_IN_POLICY;
    const session = this.#create({
      id: this.#newId(clock.wall()),
      previousId: options.previousId ?? null,
      profile,
      limits: effectiveLimits({ settings: settings.effective, policy, profile }),
      ...titleAfter(previous, profile),
      cols: options.cols,
      rows: options.rows,
    });
    // Windows are not notified of its place: each puts it behind the tab it was opened from.
    this.#tabs.add(session, previous);
    previous?.dismiss();
    session.start();
    return session;
  }

  #create(options: SessionOptions): Session {
    const { clock, backends, recorders, credentials, logger, metrics, checkpoints, app, writeMetadata } = this.#options;
    const backend = backends[options.profile.backend];
    const newEventId = (): string => this.#newId(clock.wall());
    const session: Session = new Session(
      options,
      { clock, backend, recorders, credentials, logger, checkpoints, app, writeMetadata, newEventId },
      {
        onEvent: (event, recording) => this.#onEvent({ event, session, recording }),
        onChange: () => this.#emitters.changed.emit(session),
        onActivity: () => this.#onActivity(session),
        onLateness: (ms) => metrics.lateness(ms),
        onBytes: (out, into) => metrics.bytes(out, into),
      },
    );
    return session;
  }

  /** Resumes a session of an earlier run, which gets its tab once it is attached to again. False: it cannot be. */
  async resume(options: SessionOptions, orphan: OrphanedSession): Promise<boolean> {
    if (this.#quitting !== null) return false;
    const session = this.#create(options);
    const isBack = await session.resume(orphan, () => this.#tabs.add(session));
    if (isBack) this.#govern(session);
    // A quit under way has ended only the sessions that it knew.
    if (isBack && this.#quitting !== null) await session.end('app_quit');
    return isBack;
  }

  /**
   * Ends a session, if it has not, with `reset`, and opens a new one of its profile, as that is now, in its place. Without
   * `force` what still runs in it is named instead, and nothing happens. Where no new one could be opened, nothing ends:
   * throws `RequestError`, also when the session is not there.
   */
  async restart(id: SessionId, force: boolean): Promise<{ readonly running: Running } | Session> {
    const successor = this.#tabs.successorOf(id);
    if (successor !== null) return successor;
    const tab = this.#tabs.get(id);
    if (tab === undefined) throw new RequestError('unknown_session', 'This session is not there any more.');
    const { profileId } = tab;
    const session = this.#tabs.session(id);
    if (session !== undefined && !session.hasEnded) {
      this.#admit(profileId, session);
      const running = force ? null : await stillRunning(session);
      if (running !== null) return { running };
      await session.end('reset');
    }
    const next = this.open({ profileId, previousId: id, ...tab.size });
    // Also where it had ended for another reason just before.
    this.#tabs.succeed(id, next);
    return next;
  }

  /**
   * Closes a session's tab: an ended one is forgotten; a live one ends as `closed` and is then forgotten. Without
   * `force` what still runs in it is named instead, and nothing happens.
   */
  async close(id: SessionId, force: boolean): Promise<Running | null> {
    const session = this.get(id);
    if (session === undefined) {
      this.dismiss(id);
      return null;
    }
    const running = force ? null : await stillRunning(session);
    if (running !== null) return running;
    await session.end('closed');
    this.dismiss(id);
    return null;
  }

  /** Forgets the tab of a session that has ended; a live session stays. */
  dismiss(id: SessionId): void {
    const tab = this.#tabs.get(id);
    if (tab === undefined || !tab.hasEnded) return;
    this.#forget(id);
    tab.dismiss();
    this.#emitters.removed.emit(id);
  }

  /** Puts the tabs into this order; those not named keep their places after the named ones. */
  reorder(ids: readonly SessionId[]): void {
    this.#tabs.reorder(ids);
    this.#emitters.reordered.emit(this.#tabs.ids);
  }

  /** The machine woke up or its clock jumped: every deadline is judged now. */
  clockChanged(): void {
    for (const session of this.live) session.checkDeadlines();
    this.#emitters.timing.emit(this.list().map((session) => session.timing()));
  }

  /** Each backend once. */
  get #backends(): readonly Backend[] {
    return [...new Set(Object.values(this.#options.backends))];
  }

  /**
   * Finds what timers missed: sessions past their deadline, and ended ones past their time in memory. Backends remove what
   * earlier runs of the app have left.
   */
  sweep(): void {
    for (const backend of this.#backends) void backend.sweep?.();
    const { logger, metrics, clock } = this.#options;
    for (const session of this.list()) {
      const overdueMs = session.overdueMs;
      if (overdueMs !== null && overdueMs > MISSED_MS) {
        logger.warn({ session: session.id, overdueMs }, 'The sweep found a session past its deadline');
        metrics.swept();
        session.checkDeadlines();
      }
      const endedAt = session.endedMs;
      if (endedAt !== null && clock.now() - endedAt > EVICTION_MS + MISSED_MS) {
        logger.warn({ session: session.id }, 'The sweep found an ended session still in memory');
        this.#evict(session.id);
      }
    }
  }

  metrics(): Metrics {
    return this.#options.metrics.snapshot(this.live.map((session) => session.ageMs / 1_000));
  }

  /** Ends every session with `app_quit`, in order of their start. Resolves within 5 s. Idempotent. */
  quit(): Promise<void> {
    this.#quitting ??= this.#quit();
    return this.#quitting;
  }

  async #quit(): Promise<void> {
    const { clock, logger } = this.#options;
    this.#stopSettings();
    this.#sweepTimer?.[Symbol.dispose]();
    this.#sweepTimer = null;
    const ends = this.live
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((session) =>
        session.end('app_quit').catch((error: unknown) => {
          // A bug; the other sessions are to end all the same.
          logger.error({ session: session.id, err: error }, 'A session could not be ended');
        }),
      );
    using _killTimer = clock.setTimer(QUIT_KILL_MS, () => {
      for (const backend of this.#backends) backend.killAllNow();
    });
    const outcome = await withDeadline(Promise.all(ends), QUIT_MS, 'late', clock);
    if (outcome === 'late')
      logger.error({ left: this.live.map((session) => session.id) }, 'Sessions did not end in time');
    for (const id of this.#tabs.ids) this.#forget(id);
    this.#timingTicker[Symbol.dispose]();
    this.#foregroundTicker[Symbol.dispose]();
  }

  #onEvent(news: SessionNews & { readonly session: Session }): void {
    const { metrics, logger, clock } = this.#options;
    const { event, session } = news;
    if (event.type === 'session:start') metrics.started();
    this.#expiryCount.take(event);
    if (event.type === 'session:end') {
      metrics.ended(event.end.reason, event.end.durationSeconds);
      const { reason, exitCode, signal, survivors, failure } = event.end;
      logger.info(
        { session: session.id, reason, exitCode, signal, survivors, stage: failure?.stage },
        'A session ended',
      );
      if (this.#quitting === null) {
        this.#evictions.set(
          session.id,
          clock.setTimer(EVICTION_MS, () => this.#evict(session.id)),
        );
      }
    } else if (event.type !== 'session:state') {
      logger.info({ session: session.id, event: event.type }, 'A session event');
    }
    this.#emitters.event.emit(news);
  }

  #onActivity(session: Session): void {
    this.#timingTicker.add(session);
    this.#foregroundTicker.add(session);
  }

  #evict(id: SessionId): void {
    if (this.#tabs.get(id) === undefined) return;
    this.#forget(id);
    this.#emitters.evicted.emit(id);
  }

  #forget(id: SessionId): void {
    this.#evictions.get(id)?.[Symbol.dispose]();
    this.#evictions.delete(id);
    const session = this.get(id);
    if (session !== undefined) {
      this.#timingTicker.delete(session);
      this.#foregroundTicker.delete(session);
    }
    this.#tabs.delete(id);
  }

  #onSettings(): void {
    const { settings } = this.#options;
    const { policy } = settings;
    this.#keepReady();
    if (policy.ok) {
      for (const session of this.live) {
        const { profile } = session;
        const limits = effectiveLimits({ settings: settings.effective, policy: policy.policy, profile });
        if (!isDeepStrictEqual(limits, session.limits)) session.updateLimits(limits);
        this.#govern(session);
      }
    }
    this.#armSweep();
  }

  /** Holds the policy against a session that runs. Without a readable one nothing changes for it. */
  #govern(session: Session): void {
    const { policy } = this.#options.settings;
    if (!policy.ok) return;
    const { backend, recording } = session.profile;
    session.recording.isRequired = recording === 'required' || policy.policy.requireRecording === true;
    const forbidden = forbiddenOf(policy.policy, { backend, recording: session.recording.state().state });
    session.revoke(forbidden === null ? null : `${policyOwner(policy)} no longer allows ${forbidden}`);
  }

  #keepReady(): void {
    const { settings } = this.#options;
    const { policy } = settings;
    // Where no session may start, nothing is kept ready for one.
    const profiles = policy.ok
      ? settings.settings.profiles.filter(({ backend }) => allowsKind(policy.policy, backend))
      : [];
    for (const backend of this.#backends) backend.keepReady?.(profiles);
  }

  #armSweep(): void {
    this.#sweepTimer?.[Symbol.dispose]();
    const { clock, settings } = this.#options;
    const intervalMs = settings.effective.preferences.sessions.cleanupIntervalSeconds * 1_000;
    this.#sweepTimer = clock.setTimer(intervalMs, () => {
      this.sweep();
      this.#armSweep();
    });
  }
}

/** A title that the user gave stays with the next session of the same profile. */
function titleAfter(previous: Tab | undefined, profile: Profile): { title?: string } {
  const title = previous?.profileId === profile.id ? previous.customTitle : null;
  return title === null ? {} : { title };
}
