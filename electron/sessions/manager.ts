import { isDeepStrictEqual } from 'node:util';
import { monotonicFactory } from 'ulid';
import type { EndingSoon } from '../../shared/ending-soon.ts';
import { RequestError } from '../../shared/errors.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { allowsKind, forbiddenKind, forbiddenOf } from '../../shared/policy-objection.ts';
import { LOCAL_PROFILE_ID, type Profile } from '../../shared/profile.ts';
import type { Running } from '../../shared/running.ts';
import type { SessionEndEvent, SessionEvent, SessionId, SessionTiming } from '../../shared/session.ts';
import type { Backend, Backends } from '../backends/backend.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { Emitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';
import { random } from '../base/random.ts';
import { Ticker } from '../base/ticker.ts';
import type { CredentialBroker } from '../credentials/broker.ts';
import type { SessionMetrics } from '../metrics/session-metrics.ts';
import type { ClosedRecording, RecorderFactory } from '../recording/recorder.ts';
import { BUILT_IN_POLICY, policyOwner } from '../storage/policy.ts';
import type { SettingsStore } from '../storage/settings-store.ts';
import type { Checkpoints } from '../terminal/checkpoints.ts';
import type { Remains } from './ended-session.ts';
import { effectiveLimits } from './limits/effective-limits.ts';
import { endingsOf } from './limits/limit-changes.ts';
import type { LeftSession } from './resume.ts';
import { stillRunning } from './running-programs.ts';
import { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import { SessionTabs } from './session-tabs.ts';
import { profileIdOf, titleAfter } from './tab.ts';

/** How long an ended or failed session stays in memory, in milliseconds. */
export const EVICTION_MS = 300_000;
/** How long a quit may take before the app goes down all the same, in milliseconds. */
export const QUIT_MS = 5_000;
/** When what has not ended by then is killed, in milliseconds after the quit began. */
const QUIT_KILL_MS = 3_000;
/** How often windows are told of new activity, in milliseconds. */
const TIMING_MS = 1_000;
/** How soon after output or input it is asked what runs in front, in milliseconds. */
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
  writeMetadata(session: Session, event: SessionEndEvent, recording: ClosedRecording | null): Promise<void>;
}

export interface OpenOptions {
  readonly profileId?: string | undefined;
  readonly previousId?: SessionId | undefined;
  readonly cols: number;
  readonly rows: number;
}

/** What the manager tells. */
export interface ManagerEvents {
  readonly event: SessionEvent;
  readonly changed: Session;
  /** The tab of a session of an earlier run is back, or is called something else. */
  readonly restored: Remains;
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
  /** Sessions that one of their limits has frozen. */
  readonly #frozenByLimit = new Set<SessionId>();
  #sweepTimer: Timer | null = null;
  #quitting: Promise<void> | null = null;

  constructor(options: ManagerOptions) {
    this.#options = options;
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
          options.logger.warn({ session: session.id, err: error }, 'The foreground could not be told');
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

  /** Adds a listener for one kind of news; gives the function that removes it. */
  on<K extends keyof ManagerEvents>(kind: K, listener: (event: ManagerEvents[K]) => void): () => void {
    return this.#emitters[kind].on(listener);
  }

  /** What has a tab, in the order of the tabs: ended sessions until they are evicted, remains until they are dismissed. */
  tabs(): readonly (Session | Remains)[] {
    return this.#tabs.all();
  }

  tab(id: SessionId): Session | Remains | undefined {
    return this.#tabs.get(id);
  }

  /** The sessions of this run, in the order of their tabs. */
  list(): readonly Session[] {
    return this.#tabs.sessions();
  }

  get(id: SessionId): Session | undefined {
    return this.#tabs.session(id);
  }

  /** A tab has another title now. Sessions tell that themselves. */
  renamed(id: SessionId): void {
    const tab = this.#tabs.get(id);
    if (tab !== undefined && !(tab instanceof Session)) this.#emitters.restored.emit(tab);
  }

  /** Brings tabs of an earlier run back, before those of this one. Those that are there already stay as they are. */
  restore(remains: readonly Remains[]): void {
    const back = this.#quitting === null ? remains.filter(({ id }) => this.#tabs.get(id) === undefined) : [];
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
    this.#emitters.event.emit({ ...event, profileId: profile.id, backend: profile.backend, running, max });
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
   * the place of a session that ended for that (`auto_reset`, `reset`) there is only one: whoever asks later gets that.
   * Throws `RequestError`: too many sessions, no policy, no such profile, the session before it has not ended.
   */
  open(options: OpenOptions): Session {
    const { settings, clock } = this.#options;
    const successor = this.#tabs.successorOf(options.previousId);
    if (successor !== null) return successor;
    const previous = this.#tabs.get(options.previousId);
    if (previous instanceof Session && previous.ended === null)
      throw new RequestError('not_allowed', `“${previous.title}” has not ended yet. Close it first, or restart it.`);
    const profile = this.#admit(options.profileId ?? profileIdOf(previous) ?? LOCAL_PROFILE_ID);
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
    // Windows are not told where: each puts it where it shows it.
    this.#tabs.add(session, previous);
    if (previous !== undefined && !(previous instanceof Session)) previous.reopened();
    session.start();
    return session;
  }

  #create(options: SessionOptions): Session {
    const { clock, backends, recorders, credentials, logger, metrics, checkpoints, writeMetadata } = this.#options;
    const backend = backends[options.profile.backend];
    const newEventId = (): string => this.#newId(clock.wall());
    return new Session(
      options,
      { clock, backend, recorders, credentials, logger, checkpoints, writeMetadata, newEventId },
      {
        onEvent: (from, event) => this.#onEvent(from, event),
        onChange: (from) => this.#emitters.changed.emit(from),
        onActivity: (from) => this.#onActivity(from),
        onLateness: (ms) => metrics.lateness(ms),
        onBytes: (out, into) => metrics.bytes(out, into),
      },
    );
  }

  /** Goes on with a session of an earlier run, which gets its tab when it is attached to again. False: it cannot be. */
  async resume(options: SessionOptions, left: LeftSession): Promise<boolean> {
    if (this.#quitting !== null) return false;
    const session = this.#create(options);
    const isBack = await session.resume(left, () => this.#tabs.add(session));
    if (isBack) this.#govern(session);
    // What quits has ended those that it knew.
    if (isBack && this.#quitting !== null) await session.end('app_quit');
    return isBack;
  }

  /**
   * Ends a session, if it has not, with `reset`, and opens a fresh one of its profile, as that is now, in its place. Without
   * `force` what still runs in it is named instead, and nothing happens. Where no fresh one could be opened, nothing ends:
   * throws `RequestError`, also when the session is not there.
   */
  async restart(id: SessionId, force: boolean): Promise<{ readonly running: Running } | Session> {
    const successor = this.#tabs.successorOf(id);
    if (successor !== null) return successor;
    const tab = this.#tabs.get(id);
    if (tab === undefined) throw new RequestError('unknown_session', 'This session is not there any more.');
    const profileId = profileIdOf(tab);
    if (tab instanceof Session && tab.ended === null) {
      this.#admit(tab.profile.id, tab);
      const running = force ? null : await stillRunning(tab);
      if (running !== null) return { running };
      await tab.end('reset');
    }
    const { cols, rows } = tab instanceof Session ? tab : tab.info();
    const fresh = this.open({ profileId, previousId: id, cols, rows });
    // Also where it had ended for another reason just before.
    this.#tabs.succeed(id, fresh);
    return fresh;
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

  /** Forgets an ended session, or remains; a live session stays. */
  dismiss(id: SessionId): void {
    const tab = this.#tabs.get(id);
    if (tab === undefined || (tab instanceof Session && tab.ended === null)) return;
    this.#forget(id);
    if (!(tab instanceof Session)) tab.dismiss();
    this.#emitters.removed.emit(id);
  }

  /** Puts the tabs into this order; those not named keep their places after the named ones. */
  reorder(ids: readonly SessionId[]): void {
    this.#tabs.reorder(ids);
    this.#emitters.reordered.emit(this.#tabs.ids);
  }

  /** The machine woke up or its clock jumped: every deadline is looked at now. */
  clockChanged(): void {
    for (const session of this.live) session.checkDeadlines();
    this.#emitters.timing.emit(this.list().map((session) => session.timing()));
  }

  /** Each backend once. */
  get #backends(): readonly Backend[] {
    return [...new Set(Object.values(this.#options.backends))];
  }

  /**
   * Finds what timers missed: sessions past their deadline, and ended ones past their time in memory. Backends look for
   * what apps that are gone have left.
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
          // A bug; the others are to end, and what comes after the sessions too.
          logger.error({ session: session.id, err: error }, 'A session could not be ended');
        }),
      );
    const late = Promise.withResolvers<'late'>();
    const timers = [
      clock.setTimer(QUIT_KILL_MS, () => {
        for (const backend of this.#backends) backend.killAllNow();
      }),
      clock.setTimer(QUIT_MS, () => late.resolve('late')),
    ];
    const outcome = await Promise.race([Promise.all(ends), late.promise]);
    for (const timer of timers) timer[Symbol.dispose]();
    if (outcome === 'late')
      logger.error({ left: this.live.map((session) => session.id) }, 'Sessions did not end in time');
    for (const id of this.#tabs.ids) this.#forget(id);
    this.#timingTicker[Symbol.dispose]();
    this.#foregroundTicker[Symbol.dispose]();
  }

  #onEvent(session: Session, event: SessionEvent): void {
    const { metrics, logger, clock } = this.#options;
    if (event.type === 'session:start') metrics.started();
    this.#countExpired(event);
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
    this.#emitters.event.emit(event);
  }

  /** Counts each limit that ran out once: when it has frozen a session, else when it has ended one. */
  #countExpired(event: SessionEvent): void {
    const { metrics } = this.#options;
    const { sessionId } = event;
    if (event.type === 'session:frozen' && event.by !== null) {
      this.#frozenByLimit.add(sessionId);
      metrics.expired();
    } else if (event.type === 'session:thawed') this.#frozenByLimit.delete(sessionId);
    else if (event.type === 'session:end' && !this.#frozenByLimit.delete(sessionId) && event.end.expired !== null)
      metrics.expired();
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
