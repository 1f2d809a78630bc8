import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Disks of their own for tests, which fill up, or cannot be written to for a while. Linux, as root. */

/** A small disk in memory, in the place of a folder. */
export class SmallDisk implements Disposable {
  readonly #folder: string;
  readonly #filler: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#filler = join(folder, 'filler');
  }

  /** Mounts it over the folder, with what the folder holds. */
  static over(folder: string, megabytes: number): SmallDisk {
    const kept = mkdtempSync(join(tmpdir(), 'sandglass-disk-'));
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      cpSync(folder, kept, { recursive: true, preserveTimestamps: true });
      run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'none', folder);
      cpSync(kept, folder, { recursive: true, preserveTimestamps: true });
      return new SmallDisk(folder);
    } finally {
      rmSync(kept, { recursive: true });
    }
  }

  /** Leaves no byte on it. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.#folder);
    writeFileSync(this.#filler, '', { flag: 'a' });
    // Others may take and free some meanwhile: until there is no more, by ever smaller pieces.
    for (let size = bavail * bsize; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) appendFileSync(this.#filler, Buffer.alloc(size, 'x'));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  }

  free(): void {
    rmSync(this.#filler);
  }

  /** Only while no file of it is open for writing. */
  setReadOnly(readOnly: boolean): void {
    run('mount', '-o', `remount,${readOnly ? 'ro' : 'rw'}`, this.#folder);
  }

  [Symbol.dispose](): void {
    run('umount', '--lazy', this.#folder);
  }
}

/** A folder, or a file, that nobody may change until it is disposed of, whoever has it open: not even the administrator. */
export class Immutable implements Disposable {
  readonly #path: string;
  #isSo = true;

  constructor(path: string) {
    this.#path = path;
    run('chattr', '-R', '-f', '+i', path);
  }

  [Symbol.dispose](): void {
    if (!this.#isSo) return;
    this.#isSo = false;
    run('chattr', '-R', '-f', '-i', this.#path);
  }
}

function canMount(): boolean {
  const attempt = ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'];
  return process.platform === 'linux' && spawnSync('unshare', attempt, { stdio: 'ignore' }).status === 0;
}

function canFreeze(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-disk-'));
  try {
    using _ = new Immutable(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Why there are no such disks here; an empty text where there are. */
export const NO_DISKS = canMount() ? '' : 'needs Linux and the right to mount file systems';

/** Why no folder can be made immutable while it is used; an empty text where that can be done. */
export const NO_IMMUTABLE = NO_DISKS !== '' ? NO_DISKS : canFreeze() ? '' : 'needs chattr, on a disk that knows it';

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
