import type { Logger } from '../base/logger.ts';

/**
 * What is to be written to the ledger: at once, or, while the ledger throws (a journal that another process has locked, a
 * full disk), later, in the same order. Work may so run several times: what it had written before it threw is written again.
 */
export class LedgerQueue {
  readonly #logger: Logger;
  readonly #onTrouble: () => void;
  readonly #waiting: (() => void)[] = [];

  /** @param onTrouble Something has to wait: {@link flush} is to be called in a while. */
  constructor(logger: Logger, onTrouble: () => void) {
    this.#logger = logger;
    this.#onTrouble = onTrouble;
  }

  do(work: () => void): void {
    this.#waiting.push(work);
    // Whatever waits in front has been tried a moment ago.
    if (this.#waiting.length === 1 && !this.flush()) this.#onTrouble();
  }

  /** Writes what waits. False when something has to wait still. */
  flush(): boolean {
    for (;;) {
      const work = this.#waiting[0];
      if (work === undefined) return true;
      try {
        work();
      } catch (error) {
        this.#logger.warn(
          { err: error, waiting: this.#waiting.length },
          'The ledger of deliveries cannot be written now',
        );
        return false;
      }
      this.#waiting.shift();
    }
  }
}
