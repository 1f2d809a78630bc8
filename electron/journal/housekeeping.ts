import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Retention } from './journal.ts';
import { removeSessionFolder } from './session-folders.ts';
import type { JournalStore } from './store.ts';

/** How often the bounds are held to when nothing ends, in milliseconds: sessions grow old by themselves. */
const INTERVAL_MS = 3_600_000;
/** After an end, in milliseconds: those that end together are seen to together. */
const AFTER_END_MS = 1_000;
/** Recordings that one round removes at most; those that cannot be removed are tried again in the next. */
const FOLDERS_PER_ROUND = 10_000;

export interface HousekeepingOptions {
  /** The journal; null while it cannot be had. */
  readonly store: () => JournalStore | null;
  readonly sessionsFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Holds what is kept to its bounds: at once, after ends, and every hour. Writes to the journal come in between its steps. */
export class Housekeeping implements AsyncDisposable {
  readonly #options: HousekeepingOptions;
  #retention: Retention | null = null;
  #timer: Timer | null = null;
  #round: Promise<void> | null = null;
  #closed = false;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  /** These are the bounds from now on. */
  retain(retention: Retention): void {
    this.#retention = retention;
    this.#after(0);
  }

  /** A session has ended. */
  ended(): void {
    this.#after(AFTER_END_MS);
  }

  /** Resolves when no step is under way any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#round;
  }

  #after(delayMs: number): void {
    if (this.#closed || this.#retention === null) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#after(INTERVAL_MS);
      this.#round ??= this.#hold().finally(() => {
        this.#round = null;
      });
    });
  }

  async #hold(): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      while (this.#retention !== null && this.#store?.pruner.prune(this.#retention, clock.wall()) === true) {
        await nextTurn();
      }
      for (const id of this.#store?.pruner.removals(FOLDERS_PER_ROUND) ?? []) {
        if (this.#closed) return;
        const removal = await removeSessionFolder(this.#options.sessionsFolder, id, clock.wall());
        if (removal.ok) this.#store?.pruner.removed(id);
        else
          logger.warn({ session: id, why: removal.message }, 'A recording that is no longer kept could not be removed');
      }
    } catch (error) {
      // What is too much now is too much in an hour, too.
      logger.warn({ err: error }, 'What is kept of sessions could not be held to its bounds');
    }
  }

  get #store(): JournalStore | null {
    return this.#closed ? null : this.#options.store();
  }
}
