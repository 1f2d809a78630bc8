/** Lets a few pieces of work run at a time, in the order they came. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param places how many may run at once. */
  constructor(places: number) {
    this.#free = places;
  }

  /** Does `work` when it is its turn. Resolves with null when `signal` aborts before that. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    if (!(await this.#enter(signal))) return null;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    const turn = Promise.withResolvers<boolean>();
    const enter = (): void => turn.resolve(true);
    const giveUp = (): void => {
      const place = this.#waiting.indexOf(enter);
      // It may have got its turn just now, and uses it.
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      turn.resolve(false);
    };
    this.#waiting.push(enter);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await turn.promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
