import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Fetched, MAX_VALUE_BYTES, unavailable, usableValue } from './value.ts';

/** Bits of a mode: others may read it; the group or others may write it. */
const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o022;
/** The longest line end. */
const LINE_END_BYTES = 2;

/**
 * Reads a value from a file. One that every user of this machine can read is refused, as ssh refuses such keys: a value that
 * is public is not kept by being left out of recordings. So is one that others can write: they would choose the value.
 * What a group may read is its administrator's choice.
 */
export async function fetchFromFile(file: string): Promise<Fetched> {
  let handle: FileHandle;
  try {
    // If it is a pipe, this does not wait for a program that writes to it.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return cannotRead(file, error);
  }
  try {
    const found = await handle.stat();
    if (!found.isFile()) return unavailable(`${file} is not a file.`, 'Choose a file in the profile.');
    const who = process.platform === 'win32' ? null : objectionTo(found.mode);
    if (who !== null) return unavailable(`The file ${file} can be ${who}.`, `Keep it to yourself: chmod 600 ${file}`);
    const bytes = Buffer.alloc(MAX_VALUE_BYTES + LINE_END_BYTES + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return usableValue(bytes.subarray(0, bytesRead), `The file ${file}`);
  } catch (error) {
    return cannotRead(file, error);
  } finally {
    await handle.close();
  }
}

function objectionTo(mode: number): string | null {
  if ((mode & OTHERS_WRITE) !== 0) return 'written by others';
  return (mode & OTHERS_READ) === 0 ? null : 'read by every user of this machine';
}

function cannotRead(file: string, error: unknown): Fetched {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  switch (code) {
    case 'ENOENT':
      return unavailable(`There is no file ${file}.`, 'Make it, or choose another one in the profile.');
    case 'EACCES':
    case 'EPERM':
      return unavailable(`The file ${file} may not be read by you.`, 'Change who may read it, or choose another one.');
    default:
      return unavailable(`The file ${file} could not be read (${String(code)}).`, 'Look at the file and its disk.');
  }
}
