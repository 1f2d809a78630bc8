import { closeSync, openSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { messageOf } from '../../shared/error-message.ts';

/** Holds the lock; nothing is ever written to it. */
const LOCK_FILE = 'instance.lock';
/** Who holds it, for people and for the second instance. */
const OWNER_FILE = 'instance.json';

const ownerSchema = z.strictObject({
  pid: z.int().min(1),
  host: z.enum(['desktop', 'web']),
  /** Where it can be reached, such as a URL on loopback; null where it has no address. */
  address: z.string().max(2_000).nullable(),
});
/** The app that uses a data folder. */
export type InstanceOwner = z.infer<typeof ownerSchema>;

/** A data folder that no other instance uses meanwhile. Disposing it twice is safe. */
export interface InstanceLock extends Disposable {
  /** Says anew who holds it, once an address is known. That it cannot be written is no reason not to run. */
  update(owner: InstanceOwner): void;
}

export type InstanceLockResult =
  | { readonly ok: true; readonly lock: InstanceLock }
  /** `owner` null: it is not known, or the lock could not even be tried. `message` is for whoever started this instance. */
  | { readonly ok: false; readonly owner: InstanceOwner | null; readonly message: string };

/** SQLite's result codes, https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/**
 * Takes a data folder for this process. The lock is the system's own, on a file that SQLite locks in the way of each system
 * (`BEGIN EXCLUSIVE`, https://www.sqlite.org/lockingv3.html): it ends with the process, however that ends, and a process id
 * that is used again means nothing to it.
 */
export function acquireInstanceLock(dataFolder: string, owner: InstanceOwner): InstanceLockResult {
  const file = join(dataFolder, LOCK_FILE);
  let held: DatabaseSync;
  try {
    makeFile(file);
    held = lockFile(file);
  } catch (error) {
    if (resultCode(error) === SQLITE_BUSY) return taken(dataFolder);
    const message =
      `The data folder ${dataFolder} cannot be locked (${messageOf(error)}). ` +
      'Make it writable for you, or set SANDGLASS_HOME to another folder.';
    return { ok: false, owner: null, message };
  }
  const ownerFile = join(dataFolder, OWNER_FILE);
  writeOwner(ownerFile, owner);
  return {
    ok: true,
    lock: {
      update(next) {
        if (held.isOpen) writeOwner(ownerFile, next);
      },
      [Symbol.dispose]() {
        if (!held.isOpen) return;
        // Before the lock is let go: after it, the file may be another's.
        removeOwner(ownerFile);
        held.close();
      },
    },
  };
}

function taken(dataFolder: string): InstanceLockResult {
  const owner = readOwner(join(dataFolder, OWNER_FILE));
  const who = owner === null ? '' : ` (${describe(owner)})`;
  const instead = owner?.address == null ? 'Use that window' : `Use it at ${owner.address}`;
  const message = `Sandglass already runs with this data folder${who}. ${instead}, or set SANDGLASS_HOME to another folder.`;
  return { ok: false, owner, message };
}

function describe({ host, pid }: InstanceOwner): string {
  return `${host === 'desktop' ? 'the desktop app' : 'the web host'}, process ${pid}`;
}

/**
 * Makes the file for its owner alone, if it is not there. It is never opened otherwise: on Unix, a process that closes any
 * descriptor of a file lets go all its locks on it.
 */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function lockFile(file: string): DatabaseSync {
  try {
    return lockOnce(file);
  } catch (error) {
    if (resultCode(error) !== SQLITE_NOTADB) throw error;
    // Something else is in it, so nobody holds it. It is emptied where it is: another instance may just be doing the same.
    truncateSync(file);
    return lockOnce(file);
  }
}

function lockOnce(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    // The other journal modes would hold the lock in a second file, or not at all.
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The primary one; null for what is no error of SQLite. */
function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

/** Null: there is none, it cannot be understood, or the process that it names is gone: then another one is just starting. */
function readOwner(file: string): InstanceOwner | null {
  try {
    const { success, data } = ownerSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return success && isRunning(data.pid) ? data : null;
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function writeOwner(file: string, owner: InstanceOwner): void {
  const temporary = `${file}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    // The lock holds without it; others then learn that the folder is used, and not by whom.
    rmSync(temporary, { force: true });
  }
}

function removeOwner(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // What it says is not believed once its process is gone.
  }
}
