import type { Clock, Timer } from '../../base/clock.ts';

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when the test moves it. */
export class TestClock implements Clock {
  #nowMs = 1_000_000;
  #wallMs = Date.UTC(2026, 10, 21, 12, 0, 0);
  #order = 0;
  readonly #pending = new Set<Pending>();

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return this.#wallMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    this.#order += 1;
    const pending = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, callback };
    this.#pending.add(pending);
    return { [Symbol.dispose]: () => this.#pending.delete(pending) };
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Lets time pass, and what is due happen in its order; between two timers, promises get their turn. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const next = [...this.#pending].sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#pending.delete(next);
      this.#move(Math.max(next.atMs, this.#nowMs));
      next.callback();
    }
    this.#move(endMs);
    await settle();
  }

  /** The machine sleeps: time passes, and no timer fires. */
  suspend(ms: number): void {
    this.#move(this.#nowMs + ms);
  }

  /** The wall clock is set. */
  setWall(ms: number): void {
    this.#wallMs += ms;
  }

  #move(toMs: number): void {
    this.#wallMs += toMs - this.#nowMs;
    this.#nowMs = toMs;
  }
}

/** Lets every promise that can be settled by others settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
