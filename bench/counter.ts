/** Counts output from a start to a number of bytes, and knows when the shell is ready. */
export class Counter {
  readonly ready = Promise.withResolvers<void>();
  #seen = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #reached: () => void = () => {};

  add(bytes: number): void {
    this.#seen += bytes;
    if (this.#wanted === Number.POSITIVE_INFINITY) this.ready.resolve();
    else if (this.#seen >= this.#wanted) this.#reached();
  }

  /** Resolves when `bytes` more have come; gives how many came in each millisecond. */
  async time(bytes: number, start: () => void): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reached = resolve;
    this.#wanted = this.#seen + bytes;
    const startedMs = performance.now();
    start();
    await promise;
    return bytes / (performance.now() - startedMs);
  }
}
