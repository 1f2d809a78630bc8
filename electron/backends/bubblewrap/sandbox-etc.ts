import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Logger } from '../../base/logger.ts';
import { EtcCopy } from './etc-copy.ts';
import { type EtcReading, isUnchanged, PublicPaths, readEtc } from './etc-tree.ts';
import { HOSTS_FILE } from './sandbox-user.ts';

/** Where sandboxes have the files that say whom to ask for names; links lead there from their usual places. */
export const NETWORK_INSIDE = '/etc/sandglass';
/** How soon a running sandbox sees that the machine has another resolver, in milliseconds. */
const POLL_MS = 2_000;
/** How long only folders are compared, which does not notice a file that was written in place, in milliseconds. */
const FULL_SCAN_MS = 60_000;
/** What follows the machine's network. */
const NETWORK_FILES = ['resolv.conf', 'hosts'] as const;

/** Where on this machine the parts of the sandboxes' `/etc` are. */
export interface EtcFolders {
  readonly etc: string;
  /** The files that follow the machine's network. */
  readonly online: string;
  /** What takes their place without a network. */
  readonly offline: string;
}

/** What the sandboxes' `/etc` is made from. */
export interface SandboxEtcOptions {
  /** Makes a private folder for it; without it, one in the folder for temporary files. */
  readonly makeFolder?: (() => string) | undefined;
  /** Below which folder the machine's files are; `/` unless a test has others. */
  readonly root?: string | undefined;
  /** Folders that sandboxes see at their own paths. */
  readonly shown: readonly string[];
  /** Folders that no sandbox sees. */
  readonly forbidden: readonly string[];
  /** Files of the sandboxes' own, by their names in `/etc`. */
  readonly own: Readonly<Record<string, string>>;
  readonly log: Logger;
}

/**
 * The `/etc` of all sandboxes: what every user of this machine may read in its `/etc`, in one folder that they are shown
 * read-only. It is a copy because a sandbox of root's could read everything in the machine's, because links may lead to places
 * that a sandbox does not see, and because a mount for each file would make every start longer.
 */
export class SandboxEtc implements Disposable {
  readonly #options: SandboxEtcOptions;
  readonly #root: string;
  readonly #removeAtExit = (): void => this[Symbol.dispose]();
  #folder: string | null = null;
  #copy: EtcCopy | null = null;
  #making: Promise<void> | null = null;
  #updating: Promise<void> | null = null;
  #followers = 0;
  #last: { readonly reading: EtcReading; readonly at: number } | null = null;

  constructor(options: SandboxEtcOptions) {
    this.#options = options;
    this.#root = options.root ?? '/';
  }

  /** The private folder around it, to be removed with the app; null before {@link prepare}. */
  get folder(): string | null {
    return this.#folder;
  }

  /**
   * Makes it, if it is not there. Resolves when sandboxes can be shown it.
   *
   * @throws the system's error when there is no place for it.
   */
  async prepare(): Promise<EtcFolders> {
    if (this.#folder === null || !existsSync(this.#folder)) {
      this.#making = this.#make().finally(() => {
        this.#making = null;
      });
    }
    await this.#making;
    if (this.#folder === null) throw new Error('The folder for /etc was removed');
    return foldersIn(this.#folder);
  }

  /** Makes it like the machine's again. Several calls at once are one. @throws the system's error. */
  update(): Promise<void> {
    this.#updating ??= this.#update().finally(() => {
      this.#updating = null;
    });
    return this.#updating;
  }

  /** Keeps the resolver current for a sandbox with the machine's network, until it is disposed of. */
  follow(): Disposable {
    this.#followers += 1;
    if (this.#followers === 1) for (const file of this.#networkFiles()) watchFile(file, WATCH, this.#onNetwork);
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#followers -= 1;
        if (this.#followers === 0) for (const file of this.#networkFiles()) unwatchFile(file, this.#onNetwork);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#last = null;
    process.off('exit', this.#removeAtExit);
    for (const file of this.#networkFiles()) unwatchFile(file, this.#onNetwork);
    if (this.#folder !== null) removeFolder(this.#folder);
    this.#folder = null;
    this.#copy = null;
  }

  #networkFiles(): string[] {
    return NETWORK_FILES.map((name) => join(this.#root, 'etc', name));
  }

  readonly #onNetwork = (): void => {
    this.#updateNetwork().catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'Sandboxes could not be given the current resolver');
    });
  };

  async #make(): Promise<void> {
    this[Symbol.dispose]();
    const folder = (this.#options.makeFolder ?? makeTemporary)();
    this.#folder = folder;
    process.once('exit', this.#removeAtExit);
    try {
      const { etc, online, offline } = foldersIn(folder);
      for (const each of [etc, join(etc, 'sandglass'), online, offline]) mkdirSync(each, { mode: 0o755 });
      await new EtcCopy(offline, this.#root).write('hosts', HOSTS_FILE);
      const copy = new EtcCopy(etc, this.#root);
      // Once: a sandbox has files of its own mounted over some of these, which a new file in the same place would take away.
      for (const [name, content] of Object.entries(this.#options.own)) await copy.write(name, content);
      for (const name of NETWORK_FILES) await copy.link(name, `sandglass/${name}`);
      this.#copy = copy;
      this.#last = null;
      await this.update();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  async #update(): Promise<void> {
    const copy = this.#copy;
    if (copy === null) return;
    const { shown, forbidden, log } = this.#options;
    await this.#updateNetwork();
    const last = this.#last;
    const isRecent = last !== null && performance.now() - last.at < FULL_SCAN_MS;
    if (isRecent && (await isUnchanged(this.#root, last.reading))) return;
    const reading = await readEtc({ root: this.#root, shown, forbidden });
    const { tree, tooLarge } = reading;
    const secret = await copy.update(tree);
    this.#last = { reading, at: performance.now() };
    if (secret.length > 0) log.info({ secret }, 'Sandboxes are not shown files that hold secrets');
    if (tooLarge.length > 0) log.info({ tooLarge }, 'Sandboxes are not shown files that are too large');
  }

  async #updateNetwork(): Promise<void> {
    if (this.#folder === null) return;
    const copy = new EtcCopy(foldersIn(this.#folder).online, this.#root);
    for (const name of NETWORK_FILES) {
      // A link may lead to where a resolver's service keeps it, such as /run/systemd/resolve.
      const end = await new PublicPaths(this.#root).follow(`/etc/${name}`);
      await copy.write(name, end?.found.isFile() === true ? await readFile(join(this.#root, end.path)) : '');
    }
  }
}

const WATCH = { interval: POLL_MS, persistent: false };

function foldersIn(folder: string): EtcFolders {
  return { etc: join(folder, 'etc'), online: join(folder, 'online'), offline: join(folder, 'offline') };
}

/** Removes it, and the folder around it if that was made for it alone. Never throws: an app that goes does not wait for it. */
function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    if (basename(dirname(folder)).startsWith('sandglass-')) rmdirSync(dirname(folder));
  } catch {
    // What is left is removed at the next launch.
  }
}

function makeTemporary(): string {
  return mkdtempSync(join(tmpdir(), 'sandglass-etc-'));
}
