import type { Clock } from '../base/clock.ts';
import type { Hook } from './hook.ts';

/** The longest pause of an endpoint that is busy and does not say for how long, in milliseconds. */
const BUSY_MS = 60_000;

/** Until when nothing is sent to endpoints that are overloaded, on the monotonic clock. */
export class EndpointPauses {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param requestedMs How long the endpoint asks to wait; null if it does not say.
   * @param backoffMs The backoff of the delivery that it refused.
   */
  pause(hook: Hook, requestedMs: number | null, backoffMs: number): void {
    const ms = requestedMs === null ? Math.min(backoffMs, BUSY_MS) : Math.min(requestedMs, hook.retry.maxBackoffMs);
    this.#until.set(hook.name, Math.max(this.#clock.now() + ms, this.#until.get(hook.name) ?? 0));
  }

  resume(hook: string): void {
    this.#until.delete(hook);
  }

  /** For how much longer it is paused, in milliseconds; 0: it is not paused. */
  remainingMs(hook: string): number {
    const remaining = (this.#until.get(hook) ?? 0) - this.#clock.now();
    if (remaining > 0) return remaining;
    this.#until.delete(hook);
    return 0;
  }
}
