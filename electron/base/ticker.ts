import type { Clock, Timer } from './clock.ts';

/** Gathers what changes often and hands it on at most once per interval. While nothing changes it has no timer. */
export class Ticker<T> implements Disposable {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #run: (items: readonly T[]) => void;
  readonly #pending = new Set<T>();
  #timer: Timer | null = null;

  constructor(clock: Clock, intervalMs: number, run: (items: readonly T[]) => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#run = run;
  }

  add(item: T): void {
    this.#pending.add(item);
    this.#timer ??= this.#clock.setTimer(this.#intervalMs, () => {
      this.#timer = null;
      const items = [...this.#pending];
      this.#pending.clear();
      this.#run(items);
    });
  }

  delete(item: T): void {
    this.#pending.delete(item);
  }

  [Symbol.dispose](): void {
    this.#pending.clear();
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }
}
