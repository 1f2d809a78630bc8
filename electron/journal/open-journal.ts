import { chmodSync, closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../shared/error-message.ts';
import { errorCode } from '../recording/failure.ts';
import { Connection } from './connection.ts';
import { APPLICATION_ID, MIGRATIONS, type Migration } from './schema.ts';
import { DamagedJournalError, type RefusalKind, refusalKind } from './sqlite-error.ts';

/** A journal in memory, which is gone with the app. */
export const IN_MEMORY = ':memory:';

/** How long a lock of another process is waited for, in milliseconds. The thread does nothing else meanwhile. */
const BUSY_TIMEOUT_MS = 250;

/**
 * How much of a file is checked when it is opened, by its size in bytes: restored tabs wait for it, and a check reads all
 * that it looks at. Up to the first bound every row and every index is compared (about 5 ms for each megabyte), up to the
 * second every page is looked at (half of that). Of a larger file only what the launch acts upon is checked; damage
 * elsewhere is found when it is read or written, and treated the same.
 */
const CHECK_BOUNDS: CheckBounds = { rows: 32 * 1_024 * 1_024, pages: 128 * 1_024 * 1_024 };

interface CheckBounds {
  readonly rows: number;
  readonly pages: number;
}

/** The tables that a launch acts upon, all of them small or read in part. */
const ALWAYS_CHECKED = ['lives', 'deliveries', 'hook_flags', 'removals'] as const;

/** What a database file begins with. */
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;

/** A version beyond this was never written by any Sandglass: the file's header is damaged. */
const MAX_PLAUSIBLE_VERSION = 10_000;

/** The log that is not yet in the file is cut to this size, in bytes, once it is. */
const WAL_LIMIT_BYTES = 4 * 1_024 * 1_024;

/** What an opening came to, for the person whose journal it is. */
export type OpenedJournal =
  | {
      readonly outcome: 'open';
      readonly connection: Connection;
      /** The damaged file that was found, where it is now, and what was wrong with it. */
      readonly damaged: { readonly keptAs: string; readonly why: string } | null;
      /** The version it had, and where the copy of it is. */
      readonly migrated: { readonly from: number; readonly copy: string } | null;
    }
  /** A later Sandglass has written it: it is left untouched. */
  | { readonly outcome: 'newer'; readonly version: number }
  | { readonly outcome: 'refused'; readonly kind: RefusalKind; readonly error: unknown };

export interface OpenOptions {
  /** Milliseconds since the Unix epoch, for the names of files that are kept. */
  readonly now?: () => number;
  /** The steps to this version; tests pass their own. */
  readonly migrations?: readonly Migration[];
  /** For tests: sizes of files, in bytes, up to which all rows, and all pages, are checked. */
  readonly checkBounds?: CheckBounds;
}

/**
 * Opens the journal's file, or makes it, for its owner alone (0600); checks it, and brings it to this version. A damaged
 * one is moved aside, with what belongs to it, and a new one begun.
 */
export function openJournal(file: string, options: OpenOptions = {}): OpenedJournal {
  const { now = Date.now, migrations = MIGRATIONS, checkBounds = CHECK_BOUNDS } = options;
  const open = (): Opened => openOnce(file, now, migrations, checkBounds);
  try {
    return { ...open(), damaged: null };
  } catch (error) {
    if (error instanceof NewerJournalError) return { outcome: 'newer', version: error.version };
    if (refusalKind(error) !== 'damaged' || file === IN_MEMORY) return refused(error);
    try {
      const keptAs = setAside(file, now());
      return { ...open(), damaged: { keptAs, why: messageOf(error) } };
    } catch (second) {
      return refused(second);
    }
  }
}

/** Moves a journal aside with what belongs to it, and gives its new name, which never is one that is taken. */
export function setAside(file: string, atMs: number): string {
  const keptAs = freeName(file, 'damaged', atMs);
  renameSync(file, keptAs);
  for (const part of ['-wal', '-shm']) {
    try {
      renameSync(`${file}${part}`, `${keptAs}${part}`);
    } catch (error) {
      // Its log must not be taken for the new file's.
      if (errorCode(error) !== 'ENOENT') rmSync(`${file}${part}`, { force: true });
    }
  }
  return keptAs;
}

type Opened = Omit<Extract<OpenedJournal, { outcome: 'open' }>, 'damaged'>;

class NewerJournalError extends Error {
  readonly version: number;

  constructor(version: number) {
    super(`The journal has version ${version}`);
    this.version = version;
  }
}

function refused(error: unknown): OpenedJournal {
  return { outcome: 'refused', kind: refusalKind(error), error };
}

function openOnce(file: string, now: () => number, migrations: readonly Migration[], checkBounds: CheckBounds): Opened {
  if (file !== IN_MEMORY) {
    makeFile(file);
    checkHeader(file);
  }
  const database = new DatabaseSync(file, {
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
    defensive: true,
  });
  try {
    const from = examine(database, () => {
      configure(database);
      return check(database, file, migrations, checkBounds);
    });
    const copy = from > 0 && from < migrations.length ? keepCopy(database, file, from, now()) : null;
    migrate(database, from, migrations);
    const connection = new Connection(database);
    return { outcome: 'open', connection, migrated: copy === null ? null : { from, copy } };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A file of which SQLite cannot make sense, for whatever reason, is damaged: nothing of this asks for more than a whole one. */
function examine<T>(database: DatabaseSync, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof NewerJournalError || !database.isOpen || refusalKind(error) !== 'other') throw error;
    throw new DamagedJournalError(messageOf(error), { cause: error });
  }
}

/**
 * Finds what would make SQLite take a damaged file for one that it may only read
 * (https://www.sqlite.org/fileformat2.html#the_database_header). Before it is opened: on Unix, a process that closes a
 * descriptor of a file lets go all its locks on it.
 */
function checkHeader(file: string): void {
  if (statSync(file).isDirectory()) throw new DamagedJournalError('A folder is in its place.');
  const header = Buffer.alloc(HEADER_BYTES);
  // For writing, too: of a file that may only be read, this says so in clearer words than its lock could.
  const descriptor = openSync(file, 'r+');
  const length = readSync(descriptor, header);
  closeSync(descriptor);
  if (length === 0) return;
  const [write, read] = [header.readUInt8(18), header.readUInt8(19)];
  if (header.toString('latin1', 0, 16) !== MAGIC) throw new DamagedJournalError('It is not a database.');
  if (write < 1 || write > 2 || read < 1 || read > 2) throw new DamagedJournalError('Its format is not known.');
}

/** Makes the file before SQLite does, so that nobody else may ever read it; its log gets the same mode. */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) chmodSync(file, 0o600);
  }
}

/**
 * The file is for this connection alone, from its first use on: SQLite then keeps the index of the log in its own memory. In
 * a file that is mapped into memory, as it would be otherwise, a disk that cannot be written to any more ends the whole
 * process (SIGBUS). https://www.sqlite.org/wal.html#noshm
 */
function configure(database: DatabaseSync): void {
  database.exec(`
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA mmap_size = 0;
    PRAGMA temp_store = MEMORY;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = FAST;
    PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES};
    PRAGMA synchronous = FULL;
  `);
}

/** Whether the file is a whole journal; gives its version, 0 for an empty one. */
function check(
  database: DatabaseSync,
  file: string,
  migrations: readonly Migration[],
  checkBounds: CheckBounds,
): number {
  const version = number(database, 'PRAGMA user_version');
  const applicationId = number(database, 'PRAGMA application_id');
  const objects = number(database, 'SELECT count(*) FROM sqlite_schema');
  if (version === 0 && applicationId === 0 && objects === 0) return 0;
  if (applicationId !== APPLICATION_ID) throw new DamagedJournalError('It is not a journal of Sandglass.');
  if (version < 1 || version > MAX_PLAUSIBLE_VERSION) throw new DamagedJournalError('Its version makes no sense.');
  checkContent(database, file === IN_MEMORY ? 0 : statSync(file).size, checkBounds);
  if (version > migrations.length) throw new NewerJournalError(version);
  if (schemaOf(database) !== expectedSchema(version, migrations)) {
    throw new DamagedJournalError('Its tables are not those of a journal.');
  }
  return version;
}

function checkContent(database: DatabaseSync, size: number, { rows, pages }: CheckBounds): void {
  let checks: readonly string[] = ALWAYS_CHECKED.map((table) => `PRAGMA integrity_check('${table}')`);
  if (size <= rows) checks = ['PRAGMA integrity_check(1)', 'PRAGMA foreign_key_check'];
  else if (size <= pages) checks = ['PRAGMA quick_check(1)'];
  for (const sql of checks) {
    const found = Object.values(database.prepare(sql).get() ?? { nothing: 'ok' }).map(String);
    if (found[0] !== 'ok')
      throw new DamagedJournalError(`A check of the file found: ${found.join(' ').slice(0, 200)}.`);
  }
}

/** The definitions of all tables and indexes, as they stand in the file. */
function schemaOf(database: DatabaseSync): string {
  const rows = database
    .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")
    .all();
  return JSON.stringify(rows.map(({ name, sql }) => [name, sql]));
}

function expectedSchema(version: number, migrations: readonly Migration[]): string {
  using connection = new Connection(new DatabaseSync(IN_MEMORY));
  migrate(connection.database, 0, migrations.slice(0, version));
  return schemaOf(connection.database);
}

/** Brings the file to the last version, one step after the other, each whole or not at all. */
function migrate(database: DatabaseSync, from: number, migrations: readonly Migration[]): void {
  if (from === 0 && migrations.length > 0) {
    // Neither can be changed once there are tables.
    database.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = ${APPLICATION_ID};`);
  }
  // Where no log can be kept beside the file, as on some network drives, SQLite goes on without one.
  database.exec('PRAGMA journal_mode = WAL');
  for (const [version, step] of migrations.entries()) {
    if (version < from) continue;
    database.exec('BEGIN IMMEDIATE');
    try {
      if (typeof step === 'string') database.exec(step);
      else step(database);
      database.exec(`PRAGMA user_version = ${version + 1}; COMMIT;`);
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** A copy of the file as it is before it is changed, with all that its log has. */
function keepCopy(database: DatabaseSync, file: string, version: number, atMs: number): string {
  const copy = freeName(file, `version-${version}`, atMs);
  closeSync(openSync(copy, 'wx', 0o600));
  try {
    database.prepare('VACUUM INTO ?').run(copy);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
  return copy;
}

/** `journal.damaged-20261121T150410Z.sqlite` beside `journal.sqlite`; with a number behind it where that is taken. */
function freeName(file: string, what: string, atMs: number): string {
  const stamp = new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const name = basename(file).replace(/\.sqlite$/, '');
  for (let count = 1; ; count += 1) {
    const suffix = count === 1 ? '' : `-${count}`;
    const free = join(dirname(file), `${name}.${what}-${stamp}${suffix}.sqlite`);
    if (!existsSync(free)) return free;
  }
}

function number(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}
