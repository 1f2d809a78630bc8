/** The system's error code (`ENOSPC`, …) of an error, or null. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** What went wrong with a file, and what to do about it, as two sentences for a person. */
export function describeFileError(error: unknown): { what: string; hint: string } {
  const code = errorCode(error);
  switch (code) {
    case 'ENOSPC':
      return { what: 'The disk is full.', hint: 'Free some space, then open a new session.' };
    case 'EDQUOT':
      return { what: 'Your disk quota is used up.', hint: 'Free some space, then open a new session.' };
    case 'EACCES':
    case 'EPERM':
      return { what: 'Permission to write there is missing.', hint: 'Make the folder writable for you.' };
    case 'EROFS':
      return { what: 'The file system is read-only.', hint: 'Make it writable, or choose another data folder.' };
    case 'ENOENT':
    case 'ESTALE':
      return { what: 'The file or its folder is gone.', hint: 'Open a new session to record again.' };
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return { what: 'Something else stands in its place.', hint: 'Move it away, then try again.' };
    case 'EMFILE':
    case 'ENFILE':
      return { what: 'Too many files are open.', hint: 'Close some sessions, then try again.' };
    case 'EFBIG':
      return { what: 'The file is larger than the file system allows.', hint: 'Open a new session to record again.' };
    case 'EIO':
      return { what: 'The disk reported an error.', hint: 'Check the disk before you rely on it.' };
    case 'ETIMEDOUT':
      return { what: 'The disk does not answer.', hint: 'Check the disk or the network drive.' };
    case 'ERR_ENCODER':
      return { what: 'Its encoder failed.', hint: 'Open a new session to record again; the log has the details.' };
    default:
      return {
        what: code === null ? 'The disk reported an unknown error.' : `The disk reported ${code}.`,
        hint: 'The log has the details.',
      };
  }
}

/** An error of our own that reads like the system's. */
export function fileError(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}
