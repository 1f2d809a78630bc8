import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { ProcessTracker } from '../processes/tracker.ts';
import type { CredentialValue } from './backend.ts';

/** The variable that names the folder of a session's credentials. */
export const CREDENTIALS_VARIABLE = 'SANDGLASS_CREDENTIALS';
/** Where the folder is in a sandbox. */
export const CREDENTIALS_INSIDE = '/run/sandglass/credentials';

/** The text of a badge. */
export function describeCredentials(count: number): string {
  return count === 1 ? '1 credential' : `${count} credentials`;
}

const PREFIX = 'sandglass-';
/** Names that Windows takes for devices: what is written to one of these goes elsewhere. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/** Where credentials lie while sessions have them. */
export interface CredentialFoldersOptions {
  /** The data folder's own id: in the name of the folder around all others, so that another installation leaves them alone. */
  readonly installation: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Tracks each folder from before it is made. */
  readonly tracker: Pick<ProcessTracker, 'folder'>;
  /** Candidates for the place, best first; those of this system when not given. */
  readonly places?: readonly string[];
}

/** The private folders of local sessions' credentials: in memory where the system has such a place. */
export class CredentialFolders {
  readonly #options: CredentialFoldersOptions;
  readonly #places: readonly string[];

  constructor(options: CredentialFoldersOptions) {
    this.#options = options;
    this.#places = options.places ?? placesOf(options.environment);
  }

  /** Folders right below which those of sessions are, whichever of them is used. */
  get roots(): readonly string[] {
    return this.#places.map((place) => this.#rootIn(place));
  }

  /**
   * Makes a folder for a session's credentials, for the user alone.
   *
   * @throws an error with a message for people when there is no place for it.
   */
  create(sessionId: string): CredentialFolder {
    return this.#make((root) => {
      const path = join(root, `${PREFIX}${sessionId}`);
      this.#options.tracker.folder(sessionId, path);
      makeIn(root, path);
      return new CredentialFolder(path);
    });
  }

  /** In the first place where it can be made. */
  #make<T>(make: (root: string) => T): T {
    const complaints: string[] = [];
    for (const place of this.#places) {
      const root = this.#rootIn(place);
      try {
        ownRoot(root);
        return make(root);
      } catch (error) {
        complaints.push(error instanceof Error ? error.message : String(error));
      }
    }
    throw new Error(`there is no place for private files: ${complaints.join('; ')}`);
  }

  /**
   * Makes a private folder that is not one session's, or an empty one in its place. It is removed with what apps that are gone
   * have left.
   *
   * @throws an error with a message for people when there is no place for it.
   */
  createShared(name: string): string {
    return this.#make((root) => {
      const path = join(root, `${PREFIX}${name}`);
      rmSync(path, { recursive: true, force: true });
      makeIn(root, path);
      return path;
    });
  }

  /**
   * Removes what apps that are gone have left, when none of this installation runs: folders of sessions, and nothing else.
   * Links are not followed.
   *
   * @returns how many there were.
   */
  removeLeftovers(): number {
    let count = 0;
    for (const root of this.roots) {
      try {
        if (!isOwn(root)) continue;
        for (const entry of readdirSync(root, { withFileTypes: true })) {
          if (!entry.isDirectory() || !entry.name.startsWith(PREFIX)) continue;
          rmSync(join(root, entry.name), { recursive: true, force: true });
          count += 1;
        }
        rmdirSync(root);
      } catch {
        // Not there, or something else is in it: then it stays.
      }
    }
    return count;
  }

  #rootIn(place: string): string {
    return join(place, `${PREFIX}${this.#options.installation}`);
  }
}

/** Names of secrets and their values as files. A file is never seen half written, also when it is replaced. */
export class CredentialFolder implements Disposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Which folder it is, whatever its path leads to later. */
  get identity(): { readonly device: number; readonly inode: number } {
    const { dev, ino } = statSync(this.path);
    return { device: dev, inode: ino };
  }

  /** Makes or replaces the files of these values. @throws the system's error. */
  write(values: readonly CredentialValue[]): void {
    for (const { env, value } of values) {
      if (process.platform === 'win32' && DEVICE.test(env)) continue;
      const temporary = join(this.path, `.${env}.${randomBytes(6).toString('hex')}`);
      try {
        const descriptor = openSync(temporary, 'wx', 0o600);
        try {
          for (let at = 0; at < value.length; ) at += writeSync(descriptor, value, at);
          // Windows does not replace a file that is read-only.
          if (process.platform !== 'win32') fchmodSync(descriptor, 0o400);
        } finally {
          closeSync(descriptor);
        }
        renameSync(temporary, join(this.path, env));
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
    }
  }

  /** Removes it with all that is in it. Never throws; the next launch removes what cannot be removed now. */
  [Symbol.dispose](): void {
    try {
      rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
      rmdirSync(dirname(this.path));
    } catch {
      // Other sessions have theirs beside it; or a program holds on to a file (Windows).
    }
  }
}

/** Places for private files, best first: the user's own in memory, the machine's in memory, and that for temporary files. */
function placesOf(environment: CredentialFoldersOptions['environment']): string[] {
  const runtime = environment.XDG_RUNTIME_DIR ?? '';
  const places = [
    ...(process.platform === 'linux' && isAbsolute(runtime) ? [runtime] : []),
    ...(process.platform === 'linux' ? ['/dev/shm'] : []),
    tmpdir(),
  ];
  return places.flatMap((place) => {
    try {
      return [realpathSync(place)];
    } catch {
      return [];
    }
  });
}

/** Makes the folder around those of sessions, or takes the one that is there. @throws when it is not the user's own. */
function ownRoot(root: string): void {
  try {
    mkdirSync(root, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  if (!isOwn(root)) throw new Error(`${root} belongs to somebody else`);
  if (process.platform !== 'win32' && (lstatSync(root).mode & 0o077) !== 0) chmodSync(root, 0o700);
}

/** Makes a folder. The reaper of an earlier run may take away the empty one around it at this very moment: once more, then. */
function makeIn(root: string, path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    ownRoot(root);
    mkdirSync(path, { mode: 0o700 });
  }
}

/** Whether it is a folder of this user's, and no link to one. */
function isOwn(folder: string): boolean {
  const found = lstatSync(folder);
  return found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid());
}
