import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../../shared/error-message.ts';
import { RequestError } from '../../../shared/errors.ts';

/**
 * Writes a stream to a file that the user chose: beside it first, then in its place, so that a failure leaves what was
 * there before.
 *
 * @throws RequestError `export_failed`, with a message for people
 */
export async function saveFile(file: string, open: () => NodeJS.ReadableStream): Promise<void> {
  const partial = join(dirname(file), `.${basename(file).slice(0, 100)}.${randomBytes(6).toString('hex')}.partial`);
  try {
    await pipeline(open(), createWriteStream(partial, { flags: 'wx', mode: 0o600 }));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {
      // What went wrong first is what the user has to know.
    });
    throw new RequestError('export_failed', `${file} could not be written: ${describe(error)}`, { cause: error });
  }
}

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'there is no space left. Free some, or choose another place.';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'you may not write there. Choose another folder.';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'its folder does not exist. Choose another one.';
    case 'EISDIR':
      return 'there is a folder of this name. Choose another name.';
    default:
      return messageOf(error);
  }
}
