import type { Clock, Timer } from '../../base/clock.ts';

/** More than this waiting to be recorded holds the program back, in bytes … */
export const BRAKE_BYTES = 8 * 1_024 * 1_024;
/** … until no more than this waits. */
export const RELEASE_BYTES = 2 * 1_024 * 1_024;
/** How often it is looked whether the recording has caught up, in milliseconds. */
const LOOK_MS = 10;
/** A disk that takes nothing at all for this long does not hold the program back any more, in milliseconds. */
export const STUCK_MS = 500;

export interface BrakeOptions {
  readonly clock: Clock;
  /** Bytes that wait to be recorded. */
  waitingBytes(): number;
  hold(): void;
  release(): void;
}

/**
 * Holds a program back while its recording is far behind, so that a flood at full speed leaves no gap in it. That is
 * back-pressure, not a dependency: while the disk takes nothing, the session goes on and the recording has the gap.
 */
export class RecorderBrake implements Disposable {
  readonly #options: BrakeOptions;
  #timer: Timer | null = null;
  #stuck = false;
  #leastBytes = 0;
  #leastAtMs = 0;

  constructor(options: BrakeOptions) {
    this.#options = options;
  }

  /** To be called after output was given to the recorder. */
  check(): void {
    const waiting = this.#options.waitingBytes();
    if (this.#stuck && waiting <= RELEASE_BYTES) this.#stuck = false;
    if (this.#timer !== null || this.#stuck || waiting <= BRAKE_BYTES) return;
    this.#leastBytes = waiting;
    this.#leastAtMs = this.#options.clock.now();
    this.#options.hold();
    this.#lookLater();
  }

  [Symbol.dispose](): void {
    if (this.#timer === null) return;
    this.#timer[Symbol.dispose]();
    this.#timer = null;
    this.#options.release();
  }

  #lookLater(): void {
    this.#timer = this.#options.clock.setTimer(LOOK_MS, () => this.#look());
  }

  #look(): void {
    const now = this.#options.clock.now();
    const waiting = this.#options.waitingBytes();
    if (waiting < this.#leastBytes) {
      this.#leastBytes = waiting;
      this.#leastAtMs = now;
    }
    this.#stuck = waiting > RELEASE_BYTES && now - this.#leastAtMs >= STUCK_MS;
    if (waiting > RELEASE_BYTES && !this.#stuck) {
      this.#lookLater();
      return;
    }
    this.#timer = null;
    this.#options.release();
  }
}
