import type { EffectiveLimits, Limits } from '../../shared/limits.ts';
import type { Activity, DeadlineKind, SessionWarning } from '../../shared/session.ts';
import type { Clock, Timer } from './clock.ts';
import { type Deadlines, deadlines, grantExtension, judge, type TimeState, type WarningCounts } from './deadlines.ts';

/** What the keeper tells and asks. */
export interface DeadlineListener {
  /** A deadline has passed. `lateMs`: how late its timer was; null when something else looked. */
  onExpired(deadline: DeadlineKind, lateMs: number | null): void;
  /** A warning has become due. */
  onWarning(warning: SessionWarning): void;
  /** The warning in force is another one, or none. */
  onWarningChanged(): void;
  /** Looks for signs of life nobody tells of; null: none, or none wanted. */
  probe(): Promise<'foreground' | 'cpu' | null> | null;
  onError(error: unknown): void;
}

/** An extension's answer: what it added, in seconds, or why it was not granted, for a person. */
export type ExtendResult = { ok: true; seconds: number } | { ok: false; message: string };

/**
 * Watches one session's deadlines with one timer. A sign of life only stores its moment; the timer finds out, when it
 * fires, that it has to be armed again.
 */
export class DeadlineKeeper {
  readonly #clock: Clock;
  readonly #listener: DeadlineListener;
  readonly #startedMs: number;
  #limits: EffectiveLimits;
  #lastActivityMs: number;
  #lastActivity: Activity;
  #idleExtraMs = 0;
  #maxExtraMs = 0;
  #extensionsUsed = 0;
  #due: WarningCounts = { idle: 0, max: 0 };
  #warning: SessionWarning | null = null;
  #timer: Timer | null = null;
  #probing = false;
  #running = false;
  #stoppedMs: number | null = null;
  /** Since when the idle timeout rests; null: it does not. */
  #restingMs: number | null = null;

  constructor(clock: Clock, limits: EffectiveLimits, listener: DeadlineListener) {
    this.#clock = clock;
    this.#limits = limits;
    this.#listener = listener;
    this.#startedMs = clock.now();
    this.#lastActivityMs = this.#startedMs;
    this.#lastActivity = { kind: 'start', at: clock.wall() };
  }

  get startedMs(): number {
    return this.#startedMs;
  }

  get limits(): EffectiveLimits {
    return this.#limits;
  }

  get warning(): SessionWarning | null {
    return this.#warning;
  }

  get extensionsUsed(): number {
    return this.#extensionsUsed;
  }

  get lastActivity(): Activity {
    return this.#lastActivity;
  }

  /** Milliseconds since the last sign of life, up to the moment it was stopped. */
  get idleMs(): number {
    return Math.max(0, (this.#stoppedMs ?? this.#restingMs ?? this.#clock.now()) - this.#lastActivityMs);
  }

  /** Both deadlines, on the session's clock. */
  get deadlines(): Deadlines {
    return deadlines(this.#values(), this.#state());
  }

  /** What a deadline's limit is now, extensions included, in seconds. */
  limitSeconds(deadline: DeadlineKind): number {
    const { values } = this.#limits;
    return deadline === 'idle'
      ? values.idleTimeoutSeconds + this.#idleExtraMs / 1_000
      : values.maxDurationSeconds + this.#maxExtraMs / 1_000;
  }

  /** How far past its first deadline the session is, in milliseconds; negative before it, null without one. */
  get overdueMs(): number | null {
    const { idle, max } = this.deadlines;
    if (!this.#running || (idle === null && max === null)) return null;
    return this.#clock.now() - Math.min(idle ?? Number.POSITIVE_INFINITY, max ?? Number.POSITIVE_INFINITY);
  }

  /** Begins to watch. */
  start(): void {
    this.#running = true;
    this.check();
  }

  /** Stops watching for good; no callback comes any more. */
  stop(): void {
    this.#running = false;
    this.#stoppedMs ??= this.#clock.now();
    this.#warning = null;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  /** A sign of life. */
  touch(kind: Activity['kind']): void {
    this.#lastActivityMs = this.#clock.now();
    this.#lastActivity = { kind, at: this.#clock.wall() };
    this.#idleExtraMs = 0;
    if (this.#due.idle > 0) this.check();
  }

  /** Spends one extension on both deadlines, never past the policy. */
  extend(): ExtendResult {
    const { values, caps } = this.#limits;
    const { count } = values.extensions;
    if (this.#extensionsUsed >= count) {
      return {
        ok: false,
        message: count === 0 ? 'This session cannot be extended.' : `All ${count} extensions of this session are used.`,
      };
    }
    const grant = grantExtension(values, caps, this.#state());
    if (grant.idleMs === 0 && grant.maxMs === 0) {
      return { ok: false, message: 'The policy does not let this session be extended any further.' };
    }
    this.#extensionsUsed += 1;
    this.#idleExtraMs += grant.idleMs;
    this.#maxExtraMs += grant.maxMs;
    this.check();
    return { ok: true, seconds: Math.max(grant.idleMs, grant.maxMs) / 1_000 };
  }

  /** New limits; they hold at once. */
  updateLimits(limits: EffectiveLimits): void {
    this.#limits = limits;
    this.check();
  }

  /** The session was stopped where it stands: its idle timeout rests, its maximum duration goes on. */
  rest(): void {
    this.#restingMs ??= this.#clock.now();
    this.check();
  }

  /** It goes on, with as much idle time left as it had. Gives how long it rested, in milliseconds. */
  resume(): number {
    if (this.#restingMs === null) return 0;
    const now = this.#clock.now();
    const restedMs = now - this.#restingMs;
    this.#restingMs = null;
    // What was typed meanwhile counts as of now.
    this.#lastActivityMs = Math.min(now, this.#lastActivityMs + restedMs);
    this.check();
    return restedMs;
  }

  /** Looks now, and sets the timer for the next time. */
  check(): void {
    this.#check(false);
  }

  #check(byTimer: boolean): void {
    if (!this.#running) return;
    const now = this.#clock.now();
    const verdict = judge(this.#values(), this.#state(), now);
    if (verdict.expired !== null) {
      this.stop();
      this.#listener.onExpired(verdict.expired.deadline, byTimer ? now - verdict.expired.atMs : null);
      return;
    }
    this.#setTimer(verdict.wakeAtMs);
    const before = this.#due;
    this.#due = verdict.due;
    this.#warning = verdict.warning;
    const isNew = verdict.due.idle > before.idle || verdict.due.max > before.max;
    if (isNew && verdict.warning !== null) this.#listener.onWarning(verdict.warning);
    if (isNew || verdict.due.idle !== before.idle || verdict.due.max !== before.max) this.#listener.onWarningChanged();
  }

  #setTimer(atMs: number | null): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    if (atMs === null) return;
    this.#timer = this.#clock.setTimer(atMs - this.#clock.now(), () => {
      this.#timer = null;
      this.#onTimer();
    });
  }

  #onTimer(): void {
    if (!this.#running || this.#probing) return;
    // Before asking around, see whether anything is due at all: most often only the timer was early.
    const verdict = judge(this.#values(), this.#state(), this.#clock.now());
    const somethingDue = verdict.expired !== null || verdict.due.idle > this.#due.idle;
    const probe = somethingDue ? this.#listener.probe() : null;
    if (probe === null) {
      this.#check(true);
      return;
    }
    this.#probing = true;
    probe
      .then(
        (found) => {
          if (found !== null && this.#running) this.touch(found);
        },
        (error: unknown) => this.#listener.onError(error),
      )
      .finally(() => {
        this.#probing = false;
        this.#check(true);
      });
  }

  #values(): Limits {
    const { values } = this.#limits;
    return this.#restingMs === null ? values : { ...values, idleTimeoutSeconds: 0 };
  }

  #state(): TimeState {
    return {
      startedMs: this.#startedMs,
      lastActivityMs: this.#lastActivityMs,
      idleExtraMs: this.#idleExtraMs,
      maxExtraMs: this.#maxExtraMs,
    };
  }
}
