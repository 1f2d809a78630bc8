import { messageOf } from '../../../shared/error-message.ts';
import type { EffectiveLimits } from '../../../shared/limits.ts';
import {
  type Activity,
  type DeadlineKind,
  type Expiry,
  type SessionEnd,
  type SessionTiming,
  type SessionWarning,
  TRANSITIONS,
} from '../../../shared/session.ts';
import type { TerminalModes } from '../../terminal/terminal-modes.ts';
import type { Session } from '../session.ts';
import { sessionTiming } from '../session-info.ts';
import type { ActionResult, SessionListener } from '../session-options.ts';
import { ActivityProbe, PROBED_KINDS, type ProbedActivity } from './activity-probe.ts';
import { DeadlineKeeper, type EarlierTime, type ExtendResult } from './deadline-keeper.ts';
import { Revocation } from './revocation.ts';

/** How long a session may take to be frozen by its expiry before it is closed instead, in milliseconds. */
export const FREEZE_MS = 10_000;

/** What a deadline is called as the limit that ran out. */
const EXPIRY_OF = { idle: 'idle_timeout', max: 'max_duration' } as const satisfies Record<DeadlineKind, Expiry>;

/** What is said of it in a recording. */
const WORDS = {
  idle: 'idle timeout',
  max: 'maximum duration',
  policy: 'revoked by the policy',
} as const satisfies Record<SessionWarning['deadline'], string>;

/**
 * A session's time: its deadlines, what moves them, and what comes when they pass; standing still and going on again,
 * whether the user wants that or a deadline.
 */
export class SessionExpiry {
  readonly #session: Session;
  readonly #listener: SessionListener;
  readonly #deadlines: DeadlineKeeper;
  readonly #probe: ActivityProbe;
  readonly #revocation: Revocation;
  /** When the command in the foreground printed last, on the session's clock. */
  #printedMs: number | null = null;
  /** A deadline has passed and the session is being stopped where it stands. */
  #freezing = false;
  /** Somebody wanted it to go on meanwhile. */
  #wantedMeanwhile = false;
  #thawing: Promise<ActionResult> | null = null;

  constructor(session: Session, limits: EffectiveLimits, listener: SessionListener, earlier?: EarlierTime) {
    const { clock, logger } = session.dependencies;
    this.#session = session;
    this.#listener = listener;
    this.#probe = new ActivityProbe(clock);
    this.#revocation = new Revocation(clock, (why) => void session.end('revoked', { detail: why }));
    const told = {
      onExpired: (deadline: DeadlineKind, lateMs: number | null) => this.#onExpired(deadline, lateMs),
      onWarning: (warning: SessionWarning) => this.#onWarning(warning),
      onWarningChanged: () => listener.onChange(session),
      probe: () => this.#probeActivity(),
      onProbed: () => listener.onActivity(session),
      onError: (error: unknown) => logger.warn({ session: session.id, err: error }, 'activity could not be probed'),
    };
    this.#deadlines = new DeadlineKeeper(clock, limits, told, earlier);
  }

  get startedMs(): number {
    return this.#deadlines.startedMs;
  }

  get limits(): EffectiveLimits {
    return this.#deadlines.limits;
  }

  get warning(): SessionWarning | null {
    return this.#revocation.warning ?? this.#deadlines.warning;
  }

  get extensionsUsed(): number {
    return this.#deadlines.extensionsUsed;
  }

  /** How far past its deadline it is, in milliseconds; negative or null when it is not. */
  get overdueMs(): number | null {
    const overdue = [this.#deadlines.overdueMs, this.#revocation.overdueMs].filter((ms) => ms !== null);
    return overdue.length === 0 ? null : Math.max(...overdue);
  }

  /** Why the policy no longer allows the session; null while it does. */
  get revocation(): string | null {
    return this.#revocation.why;
  }

  /** Which limit has frozen it; null where none has. */
  get frozenBy(): Expiry | null {
    const by = this.#session.isEnding ? null : this.#deadlines.frozenBy;
    return by === null ? null : EXPIRY_OF[by];
  }

  timing(): SessionTiming {
    return { ...sessionTiming(this.#session, this.#deadlines), revokedRemainingMs: this.#revocation.remainingMs };
  }

  /** The shell is there: deadlines begin to hold. */
  start(): void {
    this.#deadlines.start();
  }

  /** Stops for good. */
  stop(): void {
    this.#deadlines.stop();
    this.#revocation.withdraw();
  }

  /**
   * What there is to say of a limit that ran out, in seconds: the limit, extensions included, and how far its time had
   * really gone. Null where none did, and for a limit that is no time.
   */
  ranOut(expired: Expiry | null): Pick<SessionEnd, 'expired' | 'limitSeconds' | 'elapsedSeconds'> {
    if (expired === null || expired === 'command_limit') return { expired, limitSeconds: null, elapsedSeconds: null };
    const deadline = expired === 'idle_timeout' ? 'idle' : 'max';
    return {
      expired,
      limitSeconds: this.#deadlines.limitSeconds(deadline),
      elapsedSeconds: this.#deadlines.elapsedSeconds(deadline),
    };
  }

  /** A sign of life. */
  touch(kind: Activity['kind']): void {
    this.#deadlines.touch(kind);
    this.#listener.onActivity(this.#session);
  }

  /** Looks at the deadlines now, whatever the timer says. */
  check(): void {
    this.#revocation.check();
    this.#deadlines.check();
  }

  /** The policy no longer allows the session, for this reason, or allows it (again): null. */
  revoke(why: string | null): void {
    const session = this.#session;
    if (why === this.revocation || session.isEnding) return;
    if (why === null) {
      this.#revocation.withdraw();
      session.mark('the policy allows the session again');
      session.tell({ ...session.eventBase(), type: 'session:reinstated' });
    } else {
      const warning = this.#revocation.announce(why, this.limits.values.warnBeforeSeconds);
      if (warning !== null) this.#onWarning(warning);
    }
    this.#listener.onChange(session);
  }

  updateLimits(limits: EffectiveLimits): void {
    this.#deadlines.updateLimits(limits);
    this.#listener.onChange(this.#session);
  }

  /** The user wants it open. A session that a deadline has frozen goes on. */
  keepOpen(): void {
    const before = this.#deadlines.deadlines.idle;
    this.touch('keep_open');
    this.goOn();
    const after = this.#deadlines.deadlines.idle;
    if (before === null || after === null) return;
    this.#session.mark('kept open');
    this.#tellExtended('keep_open', Math.max(0, (after - before) / 1_000));
  }

  /** Spends an extension. A session that a deadline has frozen goes on. */
  extend(): ExtendResult {
    const result = this.#deadlines.extend();
    if (result.ok) {
      this.#noteExtension(result.seconds);
      this.goOn();
    }
    return result;
  }

  /** The user did something in it: what a deadline has frozen, or is about to, goes on. */
  goOn(): void {
    if (this.#freezing) this.#wantedMeanwhile = true;
    if (this.frozenBy === null) return;
    const { id, dependencies } = this.#session;
    this.thaw().then(
      (result) => {
        if (!result.ok)
          dependencies.logger.warn({ session: id, why: result.message }, 'a frozen session did not go on');
      },
      (error: unknown) => dependencies.logger.error({ session: id, err: error }, 'a frozen session did not go on'),
    );
  }

  /** The user wants it to stand still. */
  async freeze(): Promise<ActionResult> {
    const session = this.#session;
    if (session.isEnding || session.process === null || !TRANSITIONS[session.state].includes('frozen'))
      return { ok: false, message: 'Only a session that runs can be frozen.' };
    const why = await session.process.freeze();
    if (session.isEnding) return { ok: false, message: 'The session has ended meanwhile.' };
    if (why !== null) return { ok: false, message: why };
    if (session.state === 'frozen') return { ok: true };
    session.transition('frozen');
    this.#deadlines.rest();
    session.mark('frozen');
    session.tell({ ...session.eventBase(), type: 'session:frozen', by: null });
    return { ok: true };
  }

  /** Lets it go on, whoever has stopped it. */
  thaw(): Promise<ActionResult> {
    this.#thawing ??= this.#thaw().finally(() => {
      this.#thawing = null;
    });
    return this.#thawing;
  }

  async #thaw(): Promise<ActionResult> {
    const session = this.#session;
    if (session.isEnding || session.process === null || session.state !== 'frozen')
      return { ok: false, message: 'The session is not frozen.' };
    const why = await session.process.thaw();
    if (session.isEnding) return { ok: false, message: 'The session has ended meanwhile.' };
    if (why !== null) return { ok: false, message: why };
    const { restedMs, extendedSeconds } = this.#deadlines.resume();
    // Its maximum duration may have passed in this very moment.
    if (session.isEnding) return { ok: false, message: 'The session has ended meanwhile.' };
    if (extendedSeconds !== null) this.#noteExtension(extendedSeconds);
    session.mark('thawed');
    session.transition('waiting');
    session.tell({ ...session.eventBase(), type: 'session:thawed', frozenSeconds: restedMs / 1_000 });
    await session.refreshForeground();
    return { ok: true };
  }

  #noteExtension(seconds: number): void {
    this.#session.mark(`extended by ${seconds} s`);
    this.#tellExtended('user', seconds);
  }

  #tellExtended(by: 'user' | 'keep_open', seconds: number): void {
    this.#session.tell({
      ...this.#session.eventBase(),
      type: 'session:extended',
      by,
      seconds,
      used: this.extensionsUsed,
      count: this.limits.values.extensions.count,
    });
    this.#listener.onChange(this.#session);
  }

  /** The command in the foreground has printed something. Called for each piece of output: it only stores the moment. */
  notePrinted(): void {
    this.#printedMs = this.#session.dependencies.clock.now();
  }

  #probeActivity(): Promise<ProbedActivity | null> | null {
    const { activity } = this.limits.values;
    const session = this.#session;
    const { process } = session;
    if (process === null || !PROBED_KINDS.some((kind) => activity.includes(kind))) return null;
    const subject = {
      process,
      lastActivityMs: this.#deadlines.lastActivityMs,
      printedMs: this.#printedMs,
      bytesOut: session.bytesOut,
      isFullScreen: () => hasScreen(session.flow.modes()),
    };
    return this.#probe.look(subject, activity);
  }

  #onExpired(deadline: DeadlineKind, lateMs: number | null): void {
    if (lateMs !== null) this.#listener.onLateness(lateMs);
    const mayFreeze = this.limits.values.onExpiry === 'freeze' && this.#deadlines.frozenBy === null;
    if (!mayFreeze || !this.#deadlines.canFreeze(deadline)) {
      this.#session.expire(EXPIRY_OF[deadline]);
      return;
    }
    this.#freezeFor(deadline).catch((error: unknown) => this.#cannotFreeze(deadline, messageOf(error)));
  }

  /** Stops it where it stands because its time is up. Where that cannot be done, or takes too long, it ends. */
  async #freezeFor(deadline: DeadlineKind): Promise<void> {
    const session = this.#session;
    this.#freezing = true;
    this.#wantedMeanwhile = false;
    const why = await this.#stopInTime().finally(() => {
      this.#freezing = false;
    });
    if (session.isEnding) return;
    if (why !== null) {
      this.#cannotFreeze(deadline, why);
      return;
    }
    if (session.state === 'frozen' && deadline === 'idle') {
      // The user was quicker: then it rests for as long as they like.
      this.#deadlines.rest();
      return;
    }
    session.transition('frozen');
    this.#deadlines.freeze(deadline);
    if (session.isEnding) return;
    session.mark(`frozen: ${WORDS[deadline]}`);
    session.tell({ ...session.eventBase(), type: 'session:frozen', by: EXPIRY_OF[deadline] });
    this.#listener.onChange(session);
    if (this.#wantedMeanwhile) this.goOn();
  }

  /** Null, or why it could not be stopped. */
  async #stopInTime(): Promise<string | null> {
    const { dependencies, process, state } = this.#session;
    if (process === null) return 'It has no process.';
    if (state === 'frozen') return null;
    const late = Promise.withResolvers<string>();
    using _timer = dependencies.clock.setTimer(FREEZE_MS, () => late.resolve('It takes too long.'));
    return await Promise.race([process.freeze(), late.promise]);
  }

  #cannotFreeze(deadline: DeadlineKind, why: string): void {
    const { id, dependencies } = this.#session;
    dependencies.logger.warn({ session: id, why }, 'a session whose time is up could not be frozen, and closes');
    this.#session.expire(EXPIRY_OF[deadline]);
  }

  #onWarning(warning: SessionWarning): void {
    const session = this.#session;
    session.warnings += 1;
    session.mark(`warning: ${WORDS[warning.deadline]} in ${warning.beforeSeconds} s`);
    session.tell({ ...session.eventBase(), type: 'session:warning', warning });
  }
}

/**
 * Whether a program has the whole screen to itself, and only keeps it up to date with what it prints: on the alternate screen,
 * or, like `top`, with the cursor keys to itself (DECCKM).
 */
function hasScreen(modes: TerminalModes): boolean {
  return modes.alternateScreen || modes.isSet(1);
}
