import type { Clock, Timer } from '../base/clock.ts';

/**
 * How long a hook's folder may be gone before its pending deliveries are dropped, in milliseconds: editors and version control put
 * a new one in its place.
 */
const REMOVAL_MS = 3_000;

/** When to look again, in milliseconds: a little later, because timers and clocks do not agree to the millisecond. */
const RECHECK_MS = REMOVAL_MS + 50;

/** What the removal of hooks is noticed with. */
export interface RemovedHooksOptions {
  readonly clock: Clock;
  /** The names of hooks in the outbox: with pending deliveries, or with a flag. May throw. */
  known(): readonly string[];
  /** Whether there is such a folder now; null while that is not known. */
  isThere(name: string): boolean | null;
  /** The hook is gone for good. If it throws, it is called again. */
  onRemoved(name: string): void;
  /** `known` or `onRemoved` have thrown. */
  onError(error: unknown): void;
}

/** Notices hooks whose folder is gone and stays gone, also those that were removed while Sandglass did not run. */
export class RemovedHooks {
  readonly #options: RemovedHooksOptions;
  #timer: Timer | null = null;
  /** Since when a hook is missing, on the monotonic clock. */
  readonly #missing = new Map<string, number>();

  constructor(options: RemovedHooksOptions) {
    this.#options = options;
  }

  /** The folder of hooks has been read. */
  check(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    const { clock, isThere } = this.#options;
    try {
      const missing = this.#options.known().filter((name) => isThere(name) === false);
      for (const name of this.#missing.keys()) if (!missing.includes(name)) this.#missing.delete(name);
      for (const name of missing) {
        const since = this.#missing.get(name) ?? clock.now();
        this.#missing.set(name, since);
        if (clock.now() - since < REMOVAL_MS) continue;
        this.#options.onRemoved(name);
        this.#missing.delete(name);
      }
    } catch (error) {
      this.#options.onError(error);
      this.#timer = clock.setTimer(RECHECK_MS, () => this.check());
      return;
    }
    if (this.#missing.size > 0) this.#timer = clock.setTimer(RECHECK_MS, () => this.check());
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }
}
