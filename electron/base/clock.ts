import { uptime } from 'node:os';

/** A timer that has been set; disposing it twice is safe. */
export interface Timer {
  [Symbol.dispose](): void;
}

/**
 * The time everything in a session is measured by. `now` never goes back, continues while the machine is suspended, and
 * has nothing to do with the wall clock; `wall` is for people and files only.
 */
export interface Clock {
  /** Milliseconds from an arbitrary start, suspended time included, with fractions. */
  now(): number;
  /** Milliseconds since the Unix epoch. */
  wall(): number;
  /** Calls back once, not before `delayMs` of running time have passed. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/** The longest delay a Node.js timer takes, in milliseconds; longer waits are armed again. */
const MAX_DELAY_MS = 2_147_483_647;

/** Timers of the machine, for work that no test needs to control. */
export const SYSTEM_TIMERS: Pick<Clock, 'setTimer'> = {
  setTimer(delayMs, callback) {
    const handle = setTimeout(callback, Math.min(Math.ceil(Math.max(0, delayMs)), MAX_DELAY_MS));
    return { [Symbol.dispose]: () => clearTimeout(handle) };
  },
};

/** The monotonic clock stops while the machine sleeps; more than this apart from the uptime, in milliseconds, is sleep. */
const SUSPEND_TOLERANCE_MS = 500;

/**
 * The machine's clock. `performance.now()` does not count suspended time on Linux and macOS, the uptime does
 * (CLOCK_BOOTTIME); {@link SystemClock.resync} adds what the former missed. It is to be called after a wake-up and
 * now and then.
 */
export class SystemClock implements Clock {
  #suspendedMs = 0;
  readonly #uptimeMs: () => number;
  readonly #base: number;

  constructor(uptimeMs: () => number = () => uptime() * 1_000) {
    this.#uptimeMs = uptimeMs;
    this.#base = uptimeMs() - performance.now();
  }

  now(): number {
    return performance.now() + this.#suspendedMs;
  }

  wall(): number {
    return Date.now();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return SYSTEM_TIMERS.setTimer(delayMs, callback);
  }

  /** Counts time spent suspended since the last call; gives how much there was, in milliseconds. */
  resync(): number {
    const suspended = this.#uptimeMs() - performance.now() - this.#base;
    const missed = suspended - this.#suspendedMs;
    if (missed < SUSPEND_TOLERANCE_MS) return 0;
    this.#suspendedMs = suspended;
    return missed;
  }
}
