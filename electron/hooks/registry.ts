import { mkdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { watch } from 'chokidar';
import type { Problem } from '../../shared/settings.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { errorCode } from '../recording/failure.ts';
import { type FolderWatch, watchFolder } from './folder-watch.ts';
import type { HookEntry } from './hook.ts';
import { readHookFolder } from './hook-folder.ts';

/** What the registry of hooks needs. */
export interface HookRegistryOptions {
  /** The folder of hooks, absolute; made if missing. */
  readonly folder: string;
  /** Where secrets named by `secretEnv` are. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hooks are different from what `before` were. */
  onChange(before: ReadonlyMap<string, HookEntry>): void;
  onProblem(problem: Problem): void;
  /** Another way to watch, which fails: for tests. */
  readonly watch?: typeof watch | undefined;
}

/** The hooks that there are, good and broken, as their folders say now. */
export interface HookRegistry {
  /** By name, in the order of names. */
  readonly entries: ReadonlyMap<string, HookEntry>;
  /** Whether the folder of hooks is there and could be read: only then is a hook that is missing one that was removed. */
  readonly isReadable: boolean;
  /** Resolves when changes are followed. */
  readonly ready: Promise<void>;
  /** Reads the folder now. */
  refresh(): void;
  close(): Promise<void>;
}

/**
 * Reads the folder of hooks and follows its changes. Hooks are known when this returns: reading is synchronous, and
 * bounded in what it reads.
 */
export function createHookRegistry(options: HookRegistryOptions): HookRegistry {
  return new FolderRegistry(options);
}

class FolderRegistry implements HookRegistry {
  entries: ReadonlyMap<string, HookEntry> = new Map();
  isReadable = false;
  readonly #options: HookRegistryOptions;
  readonly #watch: FolderWatch;
  /** What was reported last, so that it is reported once. */
  #reported = '';

  constructor(options: HookRegistryOptions) {
    this.#options = options;
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      options.logger.warn({ err: error }, 'The folder of hooks cannot be made');
    }
    this.#read();
    this.#watch = watchFolder({
      folder: options.folder,
      clock: options.clock,
      logger: options.logger,
      onChange: () => this.refresh(),
      onError: (code) =>
        options.onProblem({
          id: 'hooks-watch',
          severity: 'info',
          title: 'Changes of hooks are noticed late',
          message: `The folder of hooks cannot be watched (${code}). Sandglass looks at it every few seconds instead.`,
        }),
      ...(options.watch === undefined ? {} : { watch: options.watch }),
    });
  }

  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  refresh(): void {
    const { entries, isReadable } = this;
    this.#read();
    if (isReadable === this.isReadable && isDeepStrictEqual(entries, this.entries)) return;
    this.#options.onChange(entries);
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  /** A folder that cannot be read for now leaves the hooks as they were. */
  #read(): void {
    const { folder, environment, logger } = this.#options;
    let code: string;
    try {
      const reading = readHookFolder(folder, environment);
      if (reading.ok) {
        this.entries = reading.entries;
        this.isReadable = reading.isThere;
        this.#reportIgnored(reading.ignored);
        return;
      }
      code = reading.code;
    } catch (error) {
      logger.error({ err: error }, 'The folder of hooks cannot be read');
      code = errorCode(error) ?? 'unknown error';
    }
    this.isReadable = false;
    this.#report(`unreadable ${code}`, {
      id: 'hooks-folder',
      severity: 'error',
      title: 'Hooks cannot be read',
      message: `The folder ${folder} cannot be read (${code}). Hooks stay as they were.`,
    });
  }

  #reportIgnored(names: readonly string[]): void {
    if (names.length === 0) {
      this.#reported = '';
      return;
    }
    const some = names.slice(0, 3).map((name) => `“${name.replace(/\p{C}/gu, '�').slice(0, 64)}”`);
    this.#report(`ignored ${some.join()}`, {
      id: 'hooks-ignored',
      severity: 'warning',
      title: 'Some folders of hooks are left out',
      message: `${some.join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}: a hook’s name has 1 to 64 letters, digits, dots, dashes and underscores, and there are 100 hooks at most.`,
    });
  }

  #report(what: string, problem: Problem): void {
    if (this.#reported === what) return;
    this.#reported = what;
    this.#options.logger.warn({ problem: problem.id, message: problem.message }, 'The folder of hooks');
    this.#options.onProblem(problem);
  }
}
