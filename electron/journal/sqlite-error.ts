import { errorCode } from '../recording/failure.ts';

/**
 * Why the database refused. `locked`: another process holds it. `full`, `unwritable` (read-only, or no permission) and `io`
 * may pass. `damaged`: the file is not what was written. `other`: a bug, or a row that breaks a rule of the schema.
 */
export type RefusalKind = 'locked' | 'full' | 'unwritable' | 'io' | 'damaged' | 'other';

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
const KINDS: Readonly<Record<number, RefusalKind>> = {
  3: 'unwritable', // SQLITE_PERM
  5: 'locked', // SQLITE_BUSY
  6: 'locked', // SQLITE_LOCKED
  7: 'io', // SQLITE_NOMEM: may pass, as a disk's error may
  8: 'unwritable', // SQLITE_READONLY
  10: 'io', // SQLITE_IOERR
  11: 'damaged', // SQLITE_CORRUPT
  13: 'full', // SQLITE_FULL
  14: 'unwritable', // SQLITE_CANTOPEN
  15: 'locked', // SQLITE_PROTOCOL: lost a race for the lock
  26: 'damaged', // SQLITE_NOTADB
};

const SQLITE_CONSTRAINT = 19;

/** The same of the file system, where it is asked without SQLite. */
const SYSTEM_KINDS: Readonly<Record<string, RefusalKind>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EACCES: 'unwritable',
  EPERM: 'unwritable',
  EROFS: 'unwritable',
  EBUSY: 'locked',
  EISDIR: 'unwritable',
  ENOENT: 'unwritable',
  ENOTDIR: 'unwritable',
  EIO: 'io',
  EMFILE: 'io',
  ENFILE: 'io',
};

/** The file is not a journal, though SQLite may be able to read it. */
export class DamagedJournalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DamagedJournalError';
  }
}

/** Why the database, or the file system below it, refused. */
export function refusalKind(error: unknown): RefusalKind {
  if (error instanceof DamagedJournalError) return 'damaged';
  const primary = resultCode(error);
  if (primary !== null) return KINDS[primary] ?? 'other';
  return SYSTEM_KINDS[errorCode(error) ?? ''] ?? 'other';
}

/** Whether a row broke a rule of the schema; the transaction continues without it. */
export function isConstraintError(error: unknown): boolean {
  return resultCode(error) === SQLITE_CONSTRAINT;
}

/** The primary result code; `node:sqlite` gives the extended one, whose low byte it is. */
function resultCode(error: unknown): number | null {
  if (errorCode(error) !== 'ERR_SQLITE_ERROR' || !(error instanceof Error) || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}
