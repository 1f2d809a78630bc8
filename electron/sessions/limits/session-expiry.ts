import { messageOf } from '../../../shared/error-message.ts';
import type { EffectiveLimits } from '../../../shared/limits.ts';
import {
  type Activity,
  DEADLINES,
  type Deadline,
  type LimitReason,
  type SessionEnd,
  type SessionId,
  type SessionState,
  type SessionTiming,
  type SessionWarning,
  TRANSITIONS,
} from '../../../shared/session.ts';
import type { BackendProcess } from '../../backends/backend.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { withDeadline } from '../../base/with-deadline.ts';
import type { TerminalModes } from '../../terminal/terminal-modes.ts';
import type { NewEvent } from '../session-events.ts';
import type { ActionResult, RestoredState } from '../session-options.ts';
import { ActivityProbe, PROBED_KINDS, type ProbedActivity } from './activity-probe.ts';
import type { DeadlineEffect } from './deadline-reducer.ts';
import { DeadlineRunner, type ExtendResult } from './deadline-runner.ts';
import { Revocation } from './revocation.ts';

/** How long the program may take to be frozen for a deadline before the session is closed instead, in milliseconds. */
const FREEZE_MS = 10_000;

/** What a recording's markers call the deadlines. */
const DEADLINE_LABELS = { idle_timeout: 'idle timeout', max_duration: 'maximum duration' } as const satisfies Record<
  Deadline,
  string
>;
const WARNING_LABELS = {
  idle: DEADLINE_LABELS.idle_timeout,
  max: DEADLINE_LABELS.max_duration,
  policy: 'revoked by the policy',
} as const satisfies Record<SessionWarning['deadline'], string>;

/** What the deadlines of a session need of it. */
export interface ExpiringSession {
  readonly id: SessionId;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  state(): SessionState;
  /** Whether its end has begun. */
  isEnding(): boolean;
  /** What runs in it; null until that does. */
  process(): BackendProcess | null;
  /** Milliseconds since it was opened, up to its end. */
  ageMs(): number;
  /** Bytes of output so far. */
  bytesOut(): number;
  /** The modes that its terminal is in. */
  modes(): TerminalModes;
  transition(to: SessionState): void;
  /** Writes a marker into its recording. */
  mark(label: string): void;
  emit(event: NewEvent): void;
  /** Ends it, because this limit ran out. */
  expire(limit: Deadline): void;
  /** Ends it, because the policy no longer allows it for this reason. */
  revoked(why: string): void;
  /** Finds out what runs in front. */
  refreshForeground(): Promise<unknown>;
  /** Something that windows show is different. */
  onChange(): void;
  /** Its timing is different. */
  onActivity(): void;
  /** A deadline's timer was this late, in milliseconds. */
  onLateness(ms: number): void;
}

/** A session's time: carries out what its deadlines ask for, and freezes and thaws its program. */
export class SessionExpiry {
  readonly #session: ExpiringSession;
  readonly #runner: DeadlineRunner;
  readonly #probe: ActivityProbe;
  readonly #revocation: Revocation;
  #warnings: number;
  /** When the command in the foreground printed last, on the session's clock. */
  #printedMs: number | null = null;
  #thawing: Promise<ActionResult> | null = null;

  constructor(session: ExpiringSession, limits: EffectiveLimits, restored?: Pick<RestoredState, 'time' | 'counters'>) {
    const { id, clock, logger } = session;
    this.#session = session;
    this.#probe = new ActivityProbe(clock);
    this.#revocation = new Revocation(clock, (why) => session.revoked(why));
    this.#warnings = restored?.counters.warnings ?? 0;
    const actions = {
      probe: () => this.#probeActivity(),
      run: (effect: Exclude<DeadlineEffect, { type: 'probe' }>) => this.#run(effect),
      onError: (error: unknown) => logger.warn({ session: id, err: error }, 'Activity could not be probed'),
    };
    this.#runner = new DeadlineRunner(clock, limits, actions, restored?.time);
  }

  get startedMs(): number {
    return this.#runner.startedMs;
  }

  get limits(): EffectiveLimits {
    return this.#runner.limits;
  }

  get warning(): SessionWarning | null {
    return this.#revocation.warning ?? this.#runner.warning;
  }

  /** How many warnings were given. */
  get warnings(): number {
    return this.#warnings;
  }

  get extensionsUsed(): number {
    return this.#runner.extensionsUsed;
  }

  /** How far past its deadline the session is, in milliseconds: negative before it, null without one. */
  get overdueMs(): number | null {
    const overdue = [this.#runner.overdueMs, this.#revocation.overdueMs].filter((ms) => ms !== null);
    return overdue.length === 0 ? null : Math.max(...overdue);
  }

  /** Why the policy no longer allows the session; null while it does. */
  get revocation(): string | null {
    return this.#revocation.why;
  }

  /** The limit that has frozen the session; null where none has. */
  get frozenBy(): Deadline | null {
    return this.#session.isEnding() ? null : this.#runner.frozenBy;
  }

  /** The session's time, sampled now. */
  timing(): SessionTiming {
    const { id, clock } = this.#session;
    const isEnding = this.#session.isEnding();
    const nowMs = clock.now();
    const { idle_timeout: idleMs, max_duration: maxMs } = this.#runner.deadlines;
    const thawMs = this.#runner.thawUntilMs;
    return {
      id,
      ageMs: this.#session.ageMs(),
      idleMs: this.#runner.idleMs,
      idleRemainingMs: idleMs === null || isEnding ? null : idleMs - nowMs,
      // A session that a deadline has frozen may be past its maximum duration, and has no time left then.
      maxRemainingMs: maxMs === null || isEnding ? null : thawMs === null ? maxMs - nowMs : Math.max(0, maxMs - nowMs),
      thawRemainingMs: thawMs === null || isEnding ? null : Math.max(0, thawMs - nowMs),
      revokedRemainingMs: this.#revocation.remainingMs,
      lastActivity: this.#runner.lastActivity,
    };
  }

  /** The shell runs: deadlines count from now on. */
  start(): void {
    this.#runner.dispatch({ type: 'started' });
  }

  /** The session ends: nothing is done for its deadlines any more. */
  stop(): void {
    this.#runner.dispatch({ type: 'stopped' });
    this.#revocation.withdraw();
  }

  /**
   * What an end says of the limit that ran out, in seconds: the limit, extensions included, and how long the session had
   * really gone. Both are null where no limit ran out, and for a limit that is no time.
   */
  ranOut(expired: LimitReason | null): Pick<SessionEnd, 'expired' | 'limitSeconds' | 'elapsedSeconds'> {
    const deadline = DEADLINES.find((each) => each === expired);
    if (deadline === undefined) return { expired, limitSeconds: null, elapsedSeconds: null };
    return {
      expired,
      limitSeconds: this.#runner.limitSeconds(deadline),
      elapsedSeconds: this.#runner.elapsedSeconds(deadline),
    };
  }

  /** There was activity. Called for each key, and for output where that counts. */
  touch(kind: Activity['kind']): void {
    this.#runner.touch(kind);
    this.#session.onActivity();
  }

  /** Judges the deadlines now, whatever the timer says. */
  check(): void {
    this.#revocation.check();
    this.#runner.check();
  }

  /** The policy no longer allows the session, for this reason, or allows it (again): null. */
  revoke(why: string | null): void {
    const session = this.#session;
    if (why === this.revocation || session.isEnding()) return;
    if (why === null) {
      this.#revocation.withdraw();
      session.mark('the policy allows the session again');
      session.emit({ type: 'session:reinstated' });
    } else {
      const warning = this.#revocation.announce(why, this.limits.values.warnBeforeSeconds);
      if (warning !== null) this.#warn(warning);
    }
    session.onChange();
  }

  updateLimits(limits: EffectiveLimits): void {
    this.#runner.dispatch({ type: 'limits_changed', limits });
    this.#session.onChange();
  }

  /** The user wants the session open, which is activity. One that a deadline has frozen is thawed. */
  keepOpen(): void {
    const { idle_timeout: beforeMs } = this.#runner.deadlines;
    this.touch('keep_open');
    this.want();
    const { idle_timeout: afterMs } = this.#runner.deadlines;
    if (beforeMs === null || afterMs === null) return;
    this.#session.mark('kept open');
    this.#emitExtended('keep_open', Math.max(0, (afterMs - beforeMs) / 1_000));
  }

  /** Spends an extension. A session that a deadline has frozen is thawed. */
  extend(): ExtendResult {
    const result = this.#runner.extend();
    if (result.ok) this.want();
    return result;
  }

  /** The user did something in the session: one that a deadline has frozen, or is about to, is thawed. */
  want(): void {
    this.#runner.want();
  }

  /** The user freezes the session. */
  async freeze(): Promise<ActionResult> {
    const session = this.#session;
    const process = session.process();
    if (session.isEnding() || process === null || !TRANSITIONS[session.state()].includes('frozen'))
      return { ok: false, message: 'Only a session that runs can be frozen.' };
    const why = await process.freeze();
    if (session.isEnding()) return { ok: false, message: 'The session has ended meanwhile.' };
    if (why !== null) return { ok: false, message: why };
    if (session.state() === 'frozen') return { ok: true };
    session.transition('frozen');
    session.mark('frozen');
    session.emit({ type: 'session:frozen', by: null });
    this.#runner.dispatch({ type: 'frozen' });
    return { ok: true };
  }

  /** Thaws the session, whether the user or a deadline has frozen it. A thaw under way is joined. */
  thaw(): Promise<ActionResult> {
    this.#thawing ??= this.#thaw().finally(() => {
      this.#thawing = null;
    });
    return this.#thawing;
  }

  async #thaw(): Promise<ActionResult> {
    const session = this.#session;
    const process = session.process();
    if (session.isEnding() || process === null || session.state() !== 'frozen')
      return { ok: false, message: 'The session is not frozen.' };
    const why = await process.thaw();
    if (session.isEnding()) return { ok: false, message: 'The session has ended meanwhile.' };
    if (why !== null) return { ok: false, message: why };
    this.#runner.dispatch({ type: 'thawed' });
    // Its maximum duration may have passed in this very moment.
    if (session.isEnding()) return { ok: false, message: 'The session has ended meanwhile.' };
    await session.refreshForeground();
    return { ok: true };
  }

  /** The command in the foreground has printed something. Called for each piece of output: it only stores the moment. */
  notePrinted(): void {
    this.#printedMs = this.#session.clock.now();
  }

  #run(effect: Exclude<DeadlineEffect, { type: 'probe' }>): void {
    const session = this.#session;
    switch (effect.type) {
      case 'activity_found':
        session.onActivity();
        return;
      case 'warn':
        this.#warn(effect.warning);
        return;
      case 'warning_changed':
        session.onChange();
        return;
      case 'late':
        session.onLateness(effect.ms);
        return;
      case 'freeze':
        void this.#freezeForDeadline();
        return;
      case 'frozen':
        session.transition('frozen');
        session.mark(`frozen: ${DEADLINE_LABELS[effect.by]}`);
        session.emit({ type: 'session:frozen', by: effect.by });
        session.onChange();
        return;
      case 'thaw':
        void this.#thawForUser();
        return;
      case 'thawed':
        session.mark('thawed');
        session.transition('waiting');
        session.emit({ type: 'session:thawed', frozenSeconds: effect.frozenMs / 1_000 });
        return;
      case 'extended':
        session.mark(`extended by ${effect.seconds} s`);
        this.#emitExtended('user', effect.seconds);
        return;
      case 'expire':
        session.expire(effect.by);
    }
  }

  #warn(warning: SessionWarning): void {
    this.#warnings += 1;
    this.#session.mark(`warning: ${WARNING_LABELS[warning.deadline]} in ${warning.beforeSeconds} s`);
    this.#session.emit({ type: 'session:warning', warning });
  }

  #emitExtended(by: 'user' | 'keep_open', seconds: number): void {
    const { count } = this.limits.values.extensions;
    this.#session.emit({ type: 'session:extended', by, seconds, used: this.extensionsUsed, count });
    this.#session.onChange();
  }

  #probeActivity(): Promise<ProbedActivity | null> | null {
    const { activity } = this.limits.values;
    const session = this.#session;
    const process = session.process();
    if (process === null || !PROBED_KINDS.some((kind) => activity.includes(kind))) return null;
    const subject = {
      process,
      lastActivityMs: this.#runner.idleSinceMs,
      printedMs: this.#printedMs,
      bytesOut: session.bytesOut(),
      isFullScreen: () => hasScreen(session.modes()),
    };
    return this.#probe.find(subject, activity);
  }

  /** Freezes the program because a deadline has passed. Where that fails or takes too long, the session ends. Never rejects. */
  async #freezeForDeadline(): Promise<void> {
    const why = await this.#freezeInTime().catch(messageOf);
    if (why === null) {
      this.#runner.dispatch({ type: 'freeze_succeeded' });
      return;
    }
    const { id, logger } = this.#session;
    if (!this.#session.isEnding())
      logger.warn({ session: id, why }, 'A session whose time is up could not be frozen, and closes');
    this.#runner.dispatch({ type: 'freeze_failed' });
  }

  /** Null, or why the program could not be frozen. */
  async #freezeInTime(): Promise<string | null> {
    const { clock } = this.#session;
    const process = this.#session.process();
    if (process === null) return 'It has no process.';
    if (this.#session.state() === 'frozen') return null;
    return await withDeadline(process.freeze(), FREEZE_MS, 'It takes too long.', clock);
  }

  /** Thaws the program because the user did something in the session. Never rejects. */
  async #thawForUser(): Promise<void> {
    const { id, logger } = this.#session;
    try {
      const result = await this.thaw();
      if (!result.ok) logger.warn({ session: id, why: result.message }, 'A frozen session could not be thawed');
    } catch (error) {
      logger.error({ session: id, err: error }, 'A frozen session could not be thawed');
    }
  }
}

/**
 * Whether a program has the whole screen to itself, and only keeps it up to date with what it prints: on the alternate screen,
 * or, like `top`, with the cursor keys to itself (DECCKM).
 */
function hasScreen(modes: TerminalModes): boolean {
  return modes.alternateScreen || modes.isSet(1);
}
