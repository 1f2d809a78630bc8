import { constants, rmSync } from 'node:fs';
import { chmod, mkdir, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EtcEntry, EtcTree } from './etc-tree.ts';

/** More of a file than this is not searched for secrets. */
const SEARCHED_BYTES = 1024 * 1024;

/**
 * What a secret looks like in a file that everyone may read: a private key, a password in an address, a token of npm, of an
 * HTTP header, or of a cluster's configuration. Lines that are comments do not count.
 */
const SECRETS =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|^(?!\s*[#;])[^\n]*(?:\w:\/\/[^\s/:@]*:[^\s/@]+@|:_(?:authToken|auth|password)\s*=|\bauthorization:\s*(?:basic|bearer)\s+\S|^\s*(?:client-key-data|token):\s*\S{16})/im;

/**
 * A folder that sandboxes see as `/etc`: a copy of what every user of this machine may read there. It follows the machine's
 * while sandboxes run. A file is replaced as a whole, so that no program reads half of one.
 */
export class EtcCopy implements Disposable {
  readonly path: string;
  readonly #root: string;
  readonly #written = new Map<string, EtcEntry>();
  #temporary = 0;

  /**
   * @param path an empty folder.
   * @param root below which folder the machine's files are.
   */
  constructor(path: string, root: string) {
    this.path = path;
    this.#root = root;
  }

  /**
   * Makes it like the machine's. One call at a time.
   *
   * @returns the paths of files that hold secrets and are not shown.
   * @throws the system's error, such as for a full disk.
   */
  async update(tree: EtcTree): Promise<string[]> {
    for (const [place, entry] of this.#written) {
      if (tree.get(place)?.kind === entry.kind) continue;
      await rm(join(this.path, place), { recursive: true, force: true });
      this.#written.delete(place);
      // What was in a folder went with it.
      if (entry.kind !== 'folder') continue;
      for (const other of [...this.#written.keys()]) if (other.startsWith(`${place}/`)) this.#written.delete(other);
    }
    for (const [place, entry] of tree) {
      if (entry.kind !== 'folder' || this.#written.has(place)) continue;
      await mkdir(join(this.path, place), { recursive: true, mode: 0o755 });
      this.#written.set(place, entry);
    }
    const secret: string[] = [];
    await Promise.all(
      [...tree].map(async ([place, entry]) => {
        if (entry.kind === 'folder' || isSame(this.#written.get(place), entry)) return;
        if (entry.kind === 'link') await this.link(place, entry.target);
        else if (!(await this.#putFile(place, entry))) secret.push(`/etc/${place}`);
        this.#written.set(place, entry);
      }),
    );
    return secret;
  }

  /** Writes a file with this content. @throws the system's error. */
  async write(place: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    await this.#replace(place, async (temporary) => {
      await writeFile(temporary, content, { mode, flag: 'wx' });
      await chmod(temporary, mode);
    });
  }

  /** Makes a link, or makes it lead elsewhere. @throws the system's error. */
  async link(place: string, target: string): Promise<void> {
    await this.#replace(place, (temporary) => symlink(target, temporary));
  }

  /** @returns whether it is there now: not one that holds a secret. */
  async #putFile(place: string, { source, isExecutable }: EtcEntry & { kind: 'file' }): Promise<boolean> {
    const content = await readPublic(join(this.#root, source));
    if (content === null || SECRETS.test(content.subarray(0, SEARCHED_BYTES).toString('latin1'))) {
      await rm(join(this.path, place), { force: true });
      return content === null;
    }
    await this.write(place, content, isExecutable ? 0o755 : 0o644);
    return true;
  }

  async #replace(place: string, make: (temporary: string) => Promise<void>): Promise<void> {
    const path = join(this.path, place);
    this.#temporary += 1;
    const temporary = join(dirname(path), `.sandglass-${this.#temporary}`);
    try {
      await make(temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function isSame(before: EtcEntry | undefined, now: EtcEntry): boolean {
  return JSON.stringify(before) === JSON.stringify(now);
}

/** The content of a file that everyone may read; null where it is no longer one. */
async function readPublic(path: string): Promise<Buffer | null> {
  let file: Awaited<ReturnType<typeof open>> | null = null;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await file.stat();
    return found.isFile() && (found.mode & 0o004) !== 0 ? await file.readFile() : null;
  } catch {
    return null;
  } finally {
    await file?.close();
  }
}
