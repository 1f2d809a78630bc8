import type { Logger } from '../base/logger.ts';

/**
 * What is to be written to the ledger: at once, or, while the ledger throws (a journal that another process has locked, a
 * full disk), later, in the same order. Work may so run several times: what it had written before it threw is written again.
 */
export class OutboxQueue {
  readonly #logger: Logger;
  readonly #onError: () => void;
  readonly #pending: (() => void)[] = [];

  /** @param onTrouble Something has to wait: {@link flush} is to be called in a while. */
  constructor(logger: Logger, onTrouble: () => void) {
    this.#logger = logger;
    this.#onError = onTrouble;
  }

  do(work: () => void): void {
    this.#pending.push(work);
    // Whatever waits in front has been tried a moment ago.
    if (this.#pending.length === 1 && !this.flush()) this.#onError();
  }

  /** Writes what waits. False when something has to wait still. */
  flush(): boolean {
    for (;;) {
      const work = this.#pending[0];
      if (work === undefined) return true;
      try {
        work();
      } catch (error) {
        this.#logger.warn(
          { err: error, waiting: this.#pending.length },
          'The ledger of deliveries cannot be written now',
        );
        return false;
      }
      this.#pending.shift();
    }
  }
}
