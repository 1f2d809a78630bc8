import type { EffectiveLimits } from '../../../shared/limits.ts';
import type { Activity, Deadline, SessionWarning } from '../../../shared/session.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { ProbedActivity } from './activity-probe.ts';
import { type DeadlineEffect, type DeadlineEvent, extensionRefusal, reduce } from './deadline-reducer.ts';
import {
  type DeadlineState,
  deadlinesOf,
  elapsedSecondsAt,
  frozenBy,
  idleMsAt,
  initialState,
  limitSecondsOf,
  overdueMsAt,
  type RestoredTime,
  thawUntil,
} from './deadline-state.ts';
import type { Deadlines } from './deadlines.ts';

/** What the runner has no say in: it carries out these for the reducer's effects. */
export interface DeadlineActions {
  /** Probes for activity that nothing notifies of; null: none counts, or there is nothing to probe. */
  probe(): Promise<ProbedActivity | null> | null;
  /** Carries out any other effect. */
  run(effect: Exclude<DeadlineEffect, { type: 'probe' }>): void;
  onError(error: unknown): void;
}

/** An extension's answer: what it added, in seconds, or why it was not granted, for the user. */
export type ExtendResult = { ok: true; seconds: number } | { ok: false; message: string };

/**
 * Runs one session's deadlines: feeds the reducer, has its effects carried out, and keeps the one timer. A key press only
 * stores its moment and allocates nothing; what comes after it takes the last one into the state.
 */
export class DeadlineRunner {
  readonly #clock: Clock;
  readonly #actions: DeadlineActions;
  #state: DeadlineState;
  #timer: Timer | null = null;
  /** Activity that the state does not know yet. The number stays one, so that V8 overwrites it in place. */
  #hasActivity = false;
  #activityMs: number;
  #activityKind: Activity['kind'] = 'start';
  /** Effects that are still to be carried out, while one of them is. */
  #queue: DeadlineEffect[] | null = null;

  constructor(clock: Clock, limits: EffectiveLimits, actions: DeadlineActions, restored?: RestoredTime) {
    const nowMs = clock.now();
    this.#clock = clock;
    this.#actions = actions;
    this.#activityMs = nowMs;
    this.#state = initialState(limits, nowMs, clock.wall(), restored);
  }

  get startedMs(): number {
    return this.#state.startedMs;
  }

  get limits(): EffectiveLimits {
    return this.#state.limits;
  }

  get warning(): SessionWarning | null {
    return this.#state.warning;
  }

  get extensionsUsed(): number {
    return this.#state.extensionsUsed;
  }

  /** The last activity, and when it was by the wall clock of now. */
  get lastActivity(): Activity {
    const { kind, atMs } = this.#current().lastActivity;
    return { kind, at: Math.round(this.#clock.wall() - (this.#clock.now() - atMs)) };
  }

  /** Since when idle time counts, on the session's clock. */
  get idleSinceMs(): number {
    return this.#current().idleSinceMs;
  }

  /** Milliseconds since the last activity, up to the moment when the session ended or was frozen. */
  get idleMs(): number {
    return idleMsAt(this.#current(), this.#clock.now());
  }

  /** The deadline that has frozen the session; null where none has. */
  get frozenBy(): Deadline | null {
    return frozenBy(this.#state);
  }

  /** Until when the session can be thawed, on its clock; null where no deadline has frozen it. */
  get thawUntilMs(): number | null {
    return thawUntil(this.#current());
  }

  /** When each deadline passes, on the session's clock. */
  get deadlines(): Deadlines {
    return deadlinesOf(this.#current());
  }

  /** How far past its first deadline the session is, in milliseconds: negative before it, null without one. */
  get overdueMs(): number | null {
    return overdueMsAt(this.#current(), this.#clock.now());
  }

  /** What a deadline's limit is now, extensions included, in seconds. */
  limitSeconds(deadline: Deadline): number {
    return limitSecondsOf(this.#current(), deadline);
  }

  /** How long the session has gone without activity, or has been open, when that limit ran out, in seconds. */
  elapsedSeconds(deadline: Deadline): number {
    return elapsedSecondsAt(this.#current(), deadline, this.#clock.now());
  }

  /** There was activity, now. Called for each key. */
  touch(kind: Activity['kind']): void {
    this.#activityMs = this.#clock.now();
    this.#activityKind = kind;
    this.#hasActivity = true;
    // A warning in force is taken back at once.
    if (this.#state.warned.idle_timeout > 0) this.#takeActivity();
  }

  /** The user did something in the session: if a deadline has frozen it, or is about to, that thaws it. */
  want(): void {
    const { kind } = this.#state.freeze;
    if (kind === 'freezing' || kind === 'frozen_by_limit') this.dispatch({ type: 'wanted' });
  }

  /** Spends an extension, if there is one. */
  extend(): ExtendResult {
    const message = extensionRefusal(this.#current());
    if (message !== null) return { ok: false, message };
    const extended = this.dispatch({ type: 'extended' }).find((effect) => effect.type === 'extended');
    return { ok: true, seconds: extended?.seconds ?? 0 };
  }

  /** Judges the deadlines now, whatever the timer says, and arms it again: the machine may have slept. */
  check(): void {
    this.dispatch({ type: 'checked', byTimer: false });
  }

  /** Takes an event, and has its effects carried out: at once, or after those that are being carried out. */
  dispatch(event: DeadlineEvent): readonly DeadlineEffect[] {
    if (this.#hasActivity) this.#takeActivity();
    return this.#reduce(event);
  }

  #reduce(event: DeadlineEvent): readonly DeadlineEffect[] {
    const { state, effects } = reduce(this.#state, event, this.#clock.now());
    this.#state = state;
    this.#armTimer();
    this.#carryOut(effects);
    return effects;
  }

  #takeActivity(): void {
    this.#hasActivity = false;
    this.#reduce({ type: 'activity', kind: this.#activityKind, atMs: this.#activityMs });
  }

  /** The state, with all activity. */
  #current(): DeadlineState {
    if (this.#hasActivity) this.#takeActivity();
    return this.#state;
  }

  #armTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    const { wakeAtMs } = this.#state;
    if (wakeAtMs === null) return;
    this.#timer = this.#clock.setTimer(wakeAtMs - this.#clock.now(), () => {
      this.#timer = null;
      this.dispatch({ type: 'checked', byTimer: true });
    });
  }

  #carryOut(effects: readonly DeadlineEffect[]): void {
    if (this.#queue !== null) {
      this.#queue.push(...effects);
      return;
    }
    const queue = [...effects];
    this.#queue = queue;
    try {
      for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
        if (effect.type === 'probe') this.#probe(effect.byTimer);
        else this.#actions.run(effect);
      }
    } finally {
      this.#queue = null;
    }
  }

  #probe(byTimer: boolean): void {
    const answered = (found: ProbedActivity | null): void => void this.dispatch({ type: 'probed', found, byTimer });
    const probe = this.#actions.probe();
    if (probe === null) {
      answered(null);
      return;
    }
    probe.then(answered, (error: unknown) => {
      this.#actions.onError(error);
      answered(null);
    });
  }
}
