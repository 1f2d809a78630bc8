import { chmodSync, closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
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
 * The largest file whose every page is checked when it is opened, in bytes. A check reads all of it, at 100 to 400 MB a
 * second: with this bound it takes at most about a second of the launch, in which restored tabs wait. Of a larger file
 * only what the launch acts upon is checked; damage elsewhere is found when it is read, and treated the same.
 */
const FULL_CHECK_BYTES = 128 * 1_024 * 1_024;
/** The tables that a launch acts upon, all of them small or read in part. */
const ALWAYS_CHECKED = ['lives', 'deliveries', 'hook_flags', 'removals'] as const;

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
}

/**
 * Opens the journal's file, or makes it, for its owner alone (0600); checks it, and brings it to this version. A damaged
 * one is moved aside, with what belongs to it, and a new one begun.
 */
export function openJournal(file: string, options: OpenOptions = {}): OpenedJournal {
  const { now = Date.now, migrations = MIGRATIONS } = options;
  try {
    return { ...openOnce(file, now, migrations), damaged: null };
  } catch (error) {
    if (error instanceof NewerJournalError) return { outcome: 'newer', version: error.version };
    if (refusalKind(error) !== 'damaged' || file === IN_MEMORY) return refused(error);
    try {
      const keptAs = setAside(file, now());
      return { ...openOnce(file, now, migrations), damaged: { keptAs, why: messageOf(error) } };
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

function openOnce(file: string, now: () => number, migrations: readonly Migration[]): Opened {
  if (file !== IN_MEMORY) makeFile(file);
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    configure(database);
    const from = check(database, file, migrations);
    const copy = from > 0 && from < migrations.length ? keepCopy(database, file, from, now()) : null;
    migrate(database, from, migrations);
    const connection = new Connection(database);
    return { outcome: 'open', connection, migrated: copy === null ? null : { from, copy } };
  } catch (error) {
    database.close();
    throw error;
  }
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

function configure(database: DatabaseSync): void {
  database.exec(`
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
function check(database: DatabaseSync, file: string, migrations: readonly Migration[]): number {
  const version = number(database, 'PRAGMA user_version');
  const applicationId = number(database, 'PRAGMA application_id');
  const objects = number(database, 'SELECT count(*) FROM sqlite_schema');
  if (version === 0 && applicationId === 0 && objects === 0) return 0;
  if (applicationId !== APPLICATION_ID) throw new DamagedJournalError('It is not a journal of Sandglass.');
  if (version < 1 || version > MAX_PLAUSIBLE_VERSION) throw new DamagedJournalError('Its version makes no sense.');
  checkPages(database, file);
  if (version > migrations.length) throw new NewerJournalError(version);
  if (schemaOf(database) !== expectedSchema(version, migrations)) {
    throw new DamagedJournalError('Its tables are not those of a journal.');
  }
  return version;
}

function checkPages(database: DatabaseSync, file: string): void {
  const whole = file === IN_MEMORY || statSync(file).size <= FULL_CHECK_BYTES;
  const checks = whole ? ['PRAGMA quick_check(1)'] : ALWAYS_CHECKED.map((table) => `PRAGMA quick_check('${table}')`);
  for (const sql of checks) {
    const found = String(Object.values(database.prepare(sql).get() ?? {})[0]);
    if (found !== 'ok') throw new DamagedJournalError(`A check of the file found: ${found.slice(0, 200)}.`);
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
