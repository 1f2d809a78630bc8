import type { Clock } from '../base/clock.ts';
import type { Hook } from './hook.ts';

/** How long a receiver is left alone that is busy and does not say for how long, in milliseconds at most. */
const BUSY_MS = 60_000;

/** Receivers that have too much to do, and until when nothing is sent to them. On the monotonic clock. */
export class EndpointPauses {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param requestedMs How long the receiver asks to be left alone; null when it does not say.
   * @param backoffMs How long the event waits that it was too busy for.
   */
  pause(hook: Hook, requestedMs: number | null, backoffMs: number): void {
    const ms = requestedMs === null ? Math.min(backoffMs, BUSY_MS) : Math.min(requestedMs, hook.retry.maxBackoffMs);
    this.#until.set(hook.name, Math.max(this.#clock.now() + ms, this.#until.get(hook.name) ?? 0));
  }

  resume(hook: string): void {
    this.#until.delete(hook);
  }

  /** For how much longer, in milliseconds; 0: it is not held. */
  remainingMs(hook: string): number {
    const remaining = (this.#until.get(hook) ?? 0) - this.#clock.now();
    if (remaining > 0) return remaining;
    this.#until.delete(hook);
    return 0;
  }
}
