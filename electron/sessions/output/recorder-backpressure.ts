import type { Clock, Timer } from '../../base/clock.ts';

/** More than this waiting to be recorded pauses the program, in bytes … */
const PAUSE_BYTES = 8 * 1_024 * 1_024;
/** … until no more than this waits. */
const RESUME_BYTES = 2 * 1_024 * 1_024;
/** How often to check whether the recording has caught up, in milliseconds. */
const POLL_MS = 10;
/** A disk that takes nothing at all for this long does not pause the program any more, in milliseconds. */
const STUCK_MS = 500;

export interface RecorderBackpressureOptions {
  readonly clock: Clock;
  /** Bytes that wait to be recorded. */
  waitingBytes(): number;
  pause(): void;
  resume(): void;
}

/**
 * Pauses a program while its recording is far behind, so that a flood at full speed leaves no gap in it. That is
 * backpressure, not a dependency: while the disk takes nothing, the session continues and the recording has the gap.
 */
export class RecorderBackpressure implements Disposable {
  readonly #options: RecorderBackpressureOptions;
  #timer: Timer | null = null;
  #isStuck = false;
  #leastBytes = 0;
  #leastAtMs = 0;

  constructor(options: RecorderBackpressureOptions) {
    this.#options = options;
  }

  /** To be called after output was given to the recorder. */
  check(): void {
    const waiting = this.#options.waitingBytes();
    if (this.#isStuck && waiting <= RESUME_BYTES) this.#isStuck = false;
    if (this.#timer !== null || this.#isStuck || waiting <= PAUSE_BYTES) return;
    this.#leastBytes = waiting;
    this.#leastAtMs = this.#options.clock.now();
    this.#options.pause();
    this.#pollLater();
  }

  [Symbol.dispose](): void {
    if (this.#timer === null) return;
    this.#timer[Symbol.dispose]();
    this.#timer = null;
    this.#options.resume();
  }

  #pollLater(): void {
    this.#timer = this.#options.clock.setTimer(POLL_MS, () => this.#poll());
  }

  #poll(): void {
    const now = this.#options.clock.now();
    const waiting = this.#options.waitingBytes();
    if (waiting < this.#leastBytes) {
      this.#leastBytes = waiting;
      this.#leastAtMs = now;
    }
    this.#isStuck = waiting > RESUME_BYTES && now - this.#leastAtMs >= STUCK_MS;
    if (waiting > RESUME_BYTES && !this.#isStuck) {
      this.#pollLater();
      return;
    }
    this.#timer = null;
    this.#options.resume();
  }
}
