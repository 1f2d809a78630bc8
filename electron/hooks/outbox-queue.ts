import type { Logger } from '../base/logger.ts';

/**
 * Writes to the outbox: at once, or later and in the same order while the outbox throws (a journal that another process has
 * locked, a full disk). So a piece of work may run several times, and repeats what it had written before it threw.
 */
export class OutboxQueue {
  readonly #logger: Logger;
  readonly #onError: () => void;
  readonly #pending: (() => void)[] = [];

  /** @param onError Called when something has to wait, so that {@link flush} is called later. */
  constructor(logger: Logger, onTrouble: () => void) {
    this.#logger = logger;
    this.#onError = onTrouble;
  }

  do(work: () => void): void {
    this.#pending.push(work);
    // The work in front was attempted a moment ago.
    if (this.#pending.length === 1 && !this.flush()) this.#onError();
  }

  /** Writes what waits. Returns false if something still has to wait. */
  flush(): boolean {
    for (;;) {
      const work = this.#pending[0];
      if (work === undefined) return true;
      try {
        work();
      } catch (error) {
        this.#logger.warn(
          { err: error, waiting: this.#pending.length },
          'The outcome of a delivery cannot be written now',
        );
        return false;
      }
      this.#pending.shift();
    }
  }
}
