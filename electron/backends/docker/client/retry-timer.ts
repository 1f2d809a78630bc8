/** One attempt that is due later. An earlier one takes its place, a later one does not. */
export class RetryTimer {
  readonly #attempt: () => void;
  #timer: NodeJS.Timeout | null = null;
  #at = Number.POSITIVE_INFINITY;

  constructor(attempt: () => void) {
    this.#attempt = attempt;
  }

  /** @param delayMs from now; null: not at all. */
  schedule(delayMs: number | null): void {
    if (delayMs === null) {
      this.cancel();
      return;
    }
    const at = performance.now() + delayMs;
    if (this.#at <= at) return;
    this.cancel();
    this.#at = at;
    this.#timer = setTimeout(() => {
      this.cancel();
      this.#attempt();
    }, delayMs);
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#at = Number.POSITIVE_INFINITY;
  }
}
