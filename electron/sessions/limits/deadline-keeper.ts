import type { EffectiveLimits, Limits } from '../../../shared/limits.ts';
import type { Activity, DeadlineKind, SessionWarning } from '../../../shared/session.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { type ProbedActivity, probeIntervalMs } from './activity-probe.ts';
import {
  applicableWarnings,
  type Deadlines,
  deadlines,
  givenAfterChange,
  grantExtension,
  judge,
  lastWarningSeconds,
  notBeforeAfterChange,
  type ThawEnd,
  type TimeState,
  thawEnd,
  type WarningCounts,
} from './deadlines.ts';

/** What the keeper tells and asks. */
export interface DeadlineListener {
  /**
   * A deadline has passed, or a frozen session was not thawed in time. `lateMs`: how late its timer was; null when
   * something else looked. Told once, until the session is frozen, thawed or stopped.
   */
  onExpired(deadline: DeadlineKind, lateMs: number | null): void;
  /** A warning has become due. */
  onWarning(warning: SessionWarning): void;
  /** The warning in force is another one, or none. */
  onWarningChanged(): void;
  /** Probes for activity that nothing notifies of; null: none counts, or there is nothing to probe. */
  probe(): Promise<ProbedActivity | null> | null;
  /** A probe has found activity. */
  onProbed(): void;
  onError(error: unknown): void;
}

/** The time of a session that an earlier run of the app had opened. All durations in milliseconds, up to now. */
export interface EarlierTime {
  readonly ageMs: number;
  /** Since its last activity; for one that stands still, up to when that began. */
  readonly idleMs: number;
  readonly lastActivity: Activity;
  /** How long the user has had it stand still; null: it does not. */
  readonly restedMs: number | null;
  readonly idleExtraMs: number;
  readonly maxExtraMs: number;
  readonly extensionsUsed: number;
  /** Warnings that were given. */
  readonly due: WarningCounts;
}

/** How a session went on that had been frozen. */
export interface Resumed {
  /** How long it rested, in milliseconds. */
  readonly restedMs: number;
  /** What the extension added, in seconds, that it took; null where it took none. */
  readonly extendedSeconds: number | null;
}

/** A session that its expiry has frozen. */
interface Frozen {
  readonly by: DeadlineKind;
  readonly sinceMs: number;
  /** What ran out, in seconds. */
  readonly limitSeconds: number;
}

const UNBOUND: Deadlines = { idle: null, max: null };

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
  /** When activity was probed for last. */
  #probedMs = Number.NEGATIVE_INFINITY;
  /** What a change of limits has left to each deadline at least. */
  #notBefore: Deadlines = UNBOUND;
  #thawNotBeforeMs: number | null = null;
  #running = false;
  /** No earlier run of the app had opened it. */
  readonly #isFresh: boolean;
  #stoppedMs: number | null = null;
  /** Since when the idle timeout rests; null: it does not. */
  #restingMs: number | null = null;
  #frozen: Frozen | null = null;
  /** That a deadline has passed was told, and nothing has been done about it yet. */
  #expired = false;

  constructor(clock: Clock, limits: EffectiveLimits, listener: DeadlineListener, earlier?: EarlierTime) {
    const now = clock.now();
    this.#clock = clock;
    this.#limits = limits;
    this.#listener = listener;
    this.#startedMs = now - (earlier?.ageMs ?? 0);
    this.#lastActivityMs = now - (earlier?.idleMs ?? 0) - (earlier?.restedMs ?? 0);
    this.#lastActivity = earlier?.lastActivity ?? { kind: 'start', at: clock.wall() };
    this.#isFresh = earlier === undefined;
    if (earlier === undefined) return;
    this.#restingMs = earlier.restedMs === null ? null : now - earlier.restedMs;
    this.#idleExtraMs = earlier.idleExtraMs;
    this.#maxExtraMs = earlier.maxExtraMs;
    this.#extensionsUsed = earlier.extensionsUsed;
    this.#due = earlier.due;
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

  /** When the last activity was, on the session's clock. */
  get lastActivityMs(): number {
    return this.#lastActivityMs;
  }

  /** Milliseconds since the last sign of life, up to the moment it was stopped. */
  get idleMs(): number {
    return Math.max(0, (this.#stoppedMs ?? this.#restingMs ?? this.#clock.now()) - this.#lastActivityMs);
  }

  /** The deadline that has frozen it; null where none has. */
  get frozenBy(): DeadlineKind | null {
    return this.#frozen?.by ?? null;
  }

  /** Until when it can be thawed, on the session's clock; null where no deadline has frozen it. */
  get thawUntilMs(): number | null {
    return this.#frozen === null ? null : this.#thawEnd(this.#frozen).atMs;
  }

  /** Both deadlines, on the session's clock. */
  get deadlines(): Deadlines {
    return deadlines(this.#values(), this.#state());
  }

  /** What a deadline's limit is now, extensions included, in seconds. */
  limitSeconds(deadline: DeadlineKind): number {
    const { values } = this.#limits;
    if (this.#frozen?.by === deadline) return this.#frozen.limitSeconds;
    return deadline === 'idle'
      ? values.idleTimeoutSeconds + this.#idleExtraMs / 1_000
      : values.maxDurationSeconds + this.#maxExtraMs / 1_000;
  }

  /** How far past its first deadline the session is, in milliseconds; negative before it, null without one. */
  get overdueMs(): number | null {
    if (!this.#running || this.#expired) return null;
    if (this.#frozen !== null) return this.#clock.now() - this.#thawEnd(this.#frozen).atMs;
    const { idle, max } = this.deadlines;
    if (idle === null && max === null) return null;
    return this.#clock.now() - Math.min(idle ?? Number.POSITIVE_INFINITY, max ?? Number.POSITIVE_INFINITY);
  }

  /** How long a session has gone without activity, or has been open, when that limit ran out; in seconds. */
  elapsedSeconds(deadline: DeadlineKind): number {
    const endMs = this.#stoppedMs ?? this.#clock.now();
    if (deadline === 'idle') return Math.max(0, (this.#restingMs ?? endMs) - this.#lastActivityMs) / 1_000;
    return ((this.#frozen?.by === 'max' ? this.#frozen.sinceMs : endMs) - this.#startedMs) / 1_000;
  }

  /** Begins to watch. The shell is there: what its start took is no idle time. */
  start(): void {
    this.#running = true;
    if (this.#isFresh && this.#lastActivity.kind === 'start') this.touch('start');
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

  /** A sign of life, now. */
  touch(kind: Activity['kind']): void {
    this.#touchAt(kind, this.#clock.now());
  }

  #touchAt(kind: Activity['kind'], atMs: number): void {
    this.#lastActivity = { kind, at: this.#clock.wall() - (this.#clock.now() - atMs) };
    this.#lastActivityMs = atMs;
    this.#idleExtraMs = 0;
    if (this.#notBefore.idle !== null) this.#notBefore = { ...this.#notBefore, idle: null };
    if (this.#due.idle > 0) this.check();
  }

  /** Spends one extension on both deadlines, never past the policy. */
  extend(): ExtendResult {
    const result = this.#spendExtension();
    if (result.ok) this.check();
    return result;
  }

  #spendExtension(): ExtendResult {
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
    const { idle, max } = this.#notBefore;
    this.#notBefore = {
      idle: idle === null ? null : idle + grant.idleMs,
      max: max === null ? null : max + grant.maxMs,
    };
    return { ok: true, seconds: Math.max(grant.idleMs, grant.maxMs) / 1_000 };
  }

  /**
   * New limits; they hold at once. Where they would end the session sooner than its last warning, it gets the time of that
   * warning; where they leave more time again, it has that.
   */
  updateLimits(limits: EffectiveLimits): void {
    const now = this.#clock.now();
    const old = this.#limits.values;
    const before = deadlines(old, this.#state());
    const thawBeforeMs = this.thawUntilMs;
    this.#limits = limits;
    const { values } = limits;
    const warnings = values.warnBeforeSeconds;
    const bound = (deadline: DeadlineKind, nextMs: number | null, seconds: number, nowMs: number): number | null =>
      notBeforeAfterChange(before[deadline], nextMs, lastWarningSeconds(warnings, seconds), nowMs);
    this.#notBefore = UNBOUND;
    const next = deadlines(values, this.#state());
    this.#notBefore = {
      // While the idle timeout rests, what is left of it stays as it is.
      idle: bound('idle', next.idle, values.idleTimeoutSeconds, this.#restingMs ?? now),
      max: bound('max', next.max, values.maxDurationSeconds, now),
    };
    this.#thawNotBeforeMs = null;
    if (thawBeforeMs !== null) {
      const notice = lastWarningSeconds(warnings, values.thawWindowSeconds);
      this.#thawNotBeforeMs = notBeforeAfterChange(thawBeforeMs, this.thawUntilMs, notice, now);
    }
    const { due } = judge(this.#values(), this.#state(), now);
    const given = (deadline: DeadlineKind, name: 'idleTimeoutSeconds' | 'maxDurationSeconds'): number =>
      givenAfterChange(
        { warnings: applicableWarnings(old.warnBeforeSeconds, old[name]), due: this.#due[deadline] },
        { warnings: applicableWarnings(warnings, values[name]), due: due[deadline] },
      );
    this.#due = { idle: given('idle', 'idleTimeoutSeconds'), max: given('max', 'maxDurationSeconds') };
    this.check();
  }

  /** The session was stopped where it stands: its idle timeout rests, its maximum duration goes on. */
  rest(): void {
    this.#restingMs ??= this.#clock.now();
    this.#expired = false;
    this.check();
  }

  /** Whether there would be time to thaw a session that is frozen now because this deadline has passed. */
  canFreeze(by: DeadlineKind): boolean {
    const now = this.#clock.now();
    return this.#thawEnd({ by, sinceMs: now }).atMs > now;
  }

  /** The session was stopped because this deadline has passed. It expires once more when it is not thawed in time. */
  freeze(by: DeadlineKind): void {
    const now = this.#clock.now();
    this.#restingMs ??= now;
    this.#frozen = { by, sinceMs: now, limitSeconds: this.limitSeconds(by) };
    // The idle period that was extended is over.
    this.#idleExtraMs = 0;
    this.#notBefore = { ...this.#notBefore, idle: null };
    this.#thawNotBeforeMs = null;
    this.rest();
  }

  /**
   * It goes on: with as much idle time left as it had, or anew where a deadline had frozen it, because to thaw it is a
   * sign of life. Past its maximum duration that spends an extension.
   */
  resume(): Resumed {
    const now = this.#clock.now();
    const restedMs = this.#restingMs === null ? 0 : now - this.#restingMs;
    const frozen = this.#frozen;
    this.#restingMs = null;
    this.#frozen = null;
    this.#expired = false;
    let extendedSeconds: number | null = null;
    if (frozen === null) {
      // What was typed meanwhile counts as of now.
      this.#lastActivityMs = Math.min(now, this.#lastActivityMs + restedMs);
      const { idle } = this.#notBefore;
      if (idle !== null) this.#notBefore = { ...this.#notBefore, idle: idle + restedMs };
    } else {
      if (this.#lastActivityMs < frozen.sinceMs) this.#lastActivity = { kind: 'keep_open', at: this.#clock.wall() };
      this.#lastActivityMs = now;
      const { max } = this.deadlines;
      const extended = max !== null && max <= now ? this.#spendExtension() : null;
      if (extended?.ok === true) extendedSeconds = extended.seconds;
    }
    this.check();
    return { restedMs, extendedSeconds };
  }

  /** Looks now, and sets the timer for the next time. */
  check(): void {
    this.#look(false);
  }

  #check(byTimer: boolean): void {
    if (!this.#running || this.#expired) return;
    const now = this.#clock.now();
    if (this.#frozen !== null) {
      this.#checkFrozen(this.#frozen, now, byTimer);
      return;
    }
    const verdict = judge(this.#values(), this.#state(), now);
    if (verdict.expired !== null) {
      this.#expire(verdict.expired, now, byTimer);
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

  #checkFrozen(frozen: Frozen, now: number, byTimer: boolean): void {
    const end = this.#thawEnd(frozen);
    if (now >= end.atMs) {
      this.#expire(end, now, byTimer);
      return;
    }
    this.#setTimer(end.atMs);
    // What it was warned of has come. Warnings of the other deadline were given, and are not given twice after a thaw.
    if (this.#warning === null) return;
    this.#warning = null;
    this.#listener.onWarningChanged();
  }

  #expire({ deadline, atMs }: { deadline: DeadlineKind; atMs: number }, now: number, byTimer: boolean): void {
    this.#expired = true;
    this.#warning = null;
    this.#setTimer(null);
    this.#listener.onExpired(deadline, byTimer ? now - atMs : null);
  }

  #thawEnd(frozen: Pick<Frozen, 'by' | 'sinceMs'>): ThawEnd {
    const { values, caps } = this.#limits;
    const canExtend = this.#extensionsUsed < values.extensions.count;
    const end = thawEnd(values, caps, this.#state(), frozen, canExtend);
    return { ...end, atMs: Math.max(end.atMs, this.#thawNotBeforeMs ?? Number.NEGATIVE_INFINITY) };
  }

  /** When activity is to be probed for next; null: nothing that is probed for counts now. */
  get #probeAtMs(): number | null {
    const intervalMs = this.#frozen === null ? probeIntervalMs(this.#values()) : null;
    // What is done in the session moves the probe as it moves the deadline: who types is not probed.
    return intervalMs === null ? null : Math.max(this.#probedMs, this.#lastActivityMs) + intervalMs;
  }

  #setTimer(atMs: number | null): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    if (atMs === null) return;
    const wakeAtMs = Math.min(atMs, this.#probeAtMs ?? Number.POSITIVE_INFINITY);
    this.#timer = this.#clock.setTimer(wakeAtMs - this.#clock.now(), () => {
      this.#timer = null;
      this.#look(true);
    });
  }

  #look(byTimer: boolean): void {
    if (!this.#running || this.#probing) return;
    const now = this.#clock.now();
    const probe = this.#wantsProbe(now) ? this.#listener.probe() : null;
    if (probe === null) {
      this.#check(byTimer);
      return;
    }
    this.#probing = true;
    this.#probedMs = now;
    probe
      .then(
        (found) => {
          if (found === null || !this.#running || found.atMs <= this.#lastActivityMs) return;
          this.#touchAt(found.kind, found.atMs);
          this.#listener.onProbed();
        },
        (error: unknown) => this.#listener.onError(error),
      )
      .finally(() => {
        this.#probing = false;
        this.#check(byTimer);
      });
  }

  /** Whether it matters now what the session's programs do. Most often only the timer was early. */
  #wantsProbe(now: number): boolean {
    if (this.#frozen !== null || this.#expired || this.#restingMs !== null) return false;
    const { expired, due } = judge(this.#values(), this.#state(), now);
    if (expired !== null) return expired.deadline === 'idle';
    return due.idle > this.#due.idle || now >= (this.#probeAtMs ?? Number.POSITIVE_INFINITY);
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
      notBefore: this.#notBefore,
    };
  }
}
