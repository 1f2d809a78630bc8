import { lstatSync } from 'node:fs';
import { type ChokidarOptions, type FSWatcher, watch } from 'chokidar';
import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { errorCode } from '../recording/failure.ts';

/** How often the folder is read while it cannot be watched, in milliseconds. */
const POLL_MS = 3_000;
/** How often it is read although it is watched: some file systems do not report changes. */
const SWEEP_MS = 30_000;
/** How long nothing may change before the folder is read, in milliseconds: editors write in several steps. */
const DEBOUNCE_MS = 150;
/** If files change without a pause, the folder is still read this often, in milliseconds. */
const MAX_DEBOUNCE_MS = 1_000;
/** The backoff before watching is attempted again, in milliseconds. */
const RETRY_MS = 60_000;

const OPTIONS: ChokidarOptions = {
  ignoreInitial: true,
  // The folder, each hook's folder, and the files in it.
  depth: 1,
  ignorePermissionErrors: true,
  atomic: false,
  awaitWriteFinish: false,
};

/** What watches a folder. */
export interface FolderWatchOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Something may be different. Not sooner than it has settled. */
  onChange(): void;
  /** The folder cannot be watched and is read every few seconds instead; takes the system's code. Called once until it can be watched again. */
  onError(code: string): void;
  /** Another way to watch, which fails: for tests. */
  readonly watch?: typeof watch;
}

/** A folder that is followed. */
export interface FolderWatch {
  /** Resolves when the watcher runs, or is known not to. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Follows a folder two levels deep, also when it is not there yet, is removed, or is replaced by another. */
export function watchFolder(options: FolderWatchOptions): FolderWatch {
  return new WatchedFolder(options);
}

class WatchedFolder implements FolderWatch {
  readonly ready: Promise<void>;
  readonly #options: FolderWatchOptions;
  readonly #markReady: () => void;
  #watcher: FSWatcher | null = null;
  /** Which folder is watched: another one of the same name needs a new watcher. */
  #identity: string | null = null;
  #debounce: { timer: Timer; readonly since: number } | null = null;
  #poll: Timer | null = null;
  #nextAttempt = 0;
  #isReported = false;
  #isClosed = false;
  readonly #closing = new Set<Promise<void>>();

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#markReady = resolve;
    this.#watch();
    this.#schedulePoll();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#debounce?.timer[Symbol.dispose]();
    this.#debounce = null;
    this.#poll?.[Symbol.dispose]();
    this.#poll = null;
    this.#unwatch();
    this.#markReady();
    await Promise.all(this.#closing);
  }

  #watch(): void {
    this.#identity = identityOf(this.#options.folder);
    let watcher: FSWatcher;
    try {
      watcher = (this.#options.watch ?? watch)(this.#options.folder, OPTIONS);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#watcher = watcher;
    // Only `raw` reports new permissions, which decide whether a hook can be used.
    watcher.on('raw', () => this.#readSoon());
    watcher.on('all', () => this.#readSoon());
    watcher.on('error', (error) => {
      if (this.#watcher === watcher) this.#fail(error);
    });
    watcher.on('ready', () => {
      if (this.#watcher !== watcher) return;
      this.#isReported = false;
      this.#markReady();
      // Changes during the set-up were not reported.
      this.#readSoon();
    });
  }

  #unwatch(): void {
    const watcher = this.#watcher;
    this.#watcher = null;
    if (watcher === null) return;
    const closed = watcher.close().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'A watcher of the folder of hooks cannot be closed');
    });
    this.#closing.add(closed);
    void closed.finally(() => this.#closing.delete(closed));
  }

  #fail(error: unknown): void {
    const { clock, logger } = this.#options;
    logger.warn({ err: error }, 'The folder of hooks cannot be watched: it is read every few seconds instead');
    this.#unwatch();
    this.#nextAttempt = clock.now() + RETRY_MS;
    if (this.#isClosed) return;
    if (!this.#isReported) this.#options.onError(errorCode(error) ?? 'unknown error');
    this.#isReported = true;
    this.#markReady();
    this.#schedulePoll();
  }

  /** Looks after a short while in which nothing more happens, and in any case after a second. */
  #readSoon(): void {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    const since = this.#debounce?.since ?? clock.now();
    const delay = Math.min(DEBOUNCE_MS, since + MAX_DEBOUNCE_MS - clock.now());
    this.#debounce?.timer[Symbol.dispose]();
    this.#debounce = { since, timer: clock.setTimer(Math.max(0, delay), () => this.#read()) };
  }

  #read(): void {
    this.#debounce?.timer[Symbol.dispose]();
    this.#debounce = null;
    if (this.#watcher === null) {
      if (this.#options.clock.now() >= this.#nextAttempt) this.#watch();
    } else if (identityOf(this.#options.folder) !== this.#identity) {
      this.#unwatch();
      this.#watch();
    }
    this.#options.onChange();
    this.#schedulePoll();
  }

  #schedulePoll(): void {
    this.#poll?.[Symbol.dispose]();
    if (this.#isClosed) return;
    const delay = this.#watcher === null ? POLL_MS : SWEEP_MS;
    this.#poll = this.#options.clock.setTimer(delay, () => this.#read());
  }
}

/** Identifies a folder, so that another one in its place is noticed; null if there is none. */
function identityOf(folder: string): string | null {
  const stats = lstatSync(folder, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.dev}:${stats.ino}`;
}
