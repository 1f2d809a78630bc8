import type { SessionWarning } from '../../../shared/session.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { lastWarningSeconds } from './deadlines.ts';

/**
 * How long a session that the policy no longer allows stays open at most, in seconds. Warnings are the user's to set: without
 * this bound they could put the end off for a day.
 */
const MAX_REVOCATION_SECONDS = 60;

/** How long a session with these warnings stays open once the policy no longer allows it, in seconds: as long as after its last warning. */
export function revocationSeconds(warnBeforeSeconds: readonly number[]): number {
  return Math.min(MAX_REVOCATION_SECONDS, lastWarningSeconds(warnBeforeSeconds, Number.POSITIVE_INFINITY));
}

/** The end that a session comes to because the policy no longer allows it. */
interface Pending {
  readonly why: string;
  readonly endsAtMs: number;
  readonly warning: SessionWarning;
}

/** A session's end by the policy: announced once, withdrawn when the policy allows the session again, due once. */
export class Revocation {
  readonly #clock: Clock;
  readonly #onDue: (why: string) => void;
  #pending: Pending | null = null;
  #timer: Timer | null = null;

  constructor(clock: Clock, onDue: (why: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Why the policy no longer allows the session; null while it does. */
  get why(): string | null {
    return this.#pending?.why ?? null;
  }

  get warning(): SessionWarning | null {
    return this.#pending?.warning ?? null;
  }

  /** Milliseconds until the end; null without one. */
  get remainingMs(): number | null {
    return this.#pending === null ? null : Math.max(0, this.#pending.endsAtMs - this.#clock.now());
  }

  /** How far past its end the session is, in milliseconds; null without one. */
  get overdueMs(): number | null {
    return this.#pending === null ? null : this.#clock.now() - this.#pending.endsAtMs;
  }

  /** Announces the end. An end that was announced before keeps its time, also where the reason is another one. */
  announce(why: string, warnBeforeSeconds: readonly number[]): SessionWarning | null {
    if (this.#pending !== null) {
      this.#pending = { ...this.#pending, why };
      return null;
    }
    const beforeSeconds = revocationSeconds(warnBeforeSeconds);
    const warning = { deadline: 'policy', beforeSeconds, stage: 0, last: true } as const;
    this.#pending = { why, endsAtMs: this.#clock.now() + beforeSeconds * 1_000, warning };
    this.check();
    return warning;
  }

  /** Ends the session if its time is over, else sets the timer. */
  check(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    if (this.#pending === null) return;
    const { why, endsAtMs } = this.#pending;
    const now = this.#clock.now();
    if (now >= endsAtMs) this.#onDue(why);
    else this.#timer = this.#clock.setTimer(endsAtMs - now, () => this.check());
  }

  /** The policy allows it, or the session ends for another reason. Says whether an end was withdrawn. */
  withdraw(): boolean {
    const wasPending = this.#pending !== null;
    this.#pending = null;
    this.check();
    return wasPending;
  }
}
