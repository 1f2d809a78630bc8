import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { join, relative, sep } from 'node:path';
import { errorCode } from '../recording/failure.ts';

/** What can be done with a path in the folder of hooks, or why it cannot be used, for a person. */
export type Trusted<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

/** A path without links, and what is there. */
export interface TrustedPath {
  readonly path: string;
  readonly stats: Stats;
}

/**
 * Follows the links of a path in the folder of hooks, and looks whether it can be trusted: it must be in that folder, and
 * neither it nor a folder on the way may be another user's, or writable by others. Anyone who can write there could run
 * programs as this user. On Windows the rights are those of the profile's folder, and are not checked.
 *
 * @param root The folder of hooks, without links itself.
 * @param shown What the path is called in messages.
 */
export function trustPath(root: string, path: string, shown: string): Trusted<TrustedPath> {
  let real: string;
  try {
    real = realpathSync.native(path);
  } catch (error) {
    return refused(`${shown} ${describeAbsence(error)}`);
  }
  const inside = relative(root, real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || join(root, inside) !== real) {
    return refused(`${shown} is a link that leads out of the folder of hooks: put the file itself there`);
  }
  try {
    let stats = lstatSync(root);
    let step = root;
    let trouble = permissionProblem(stats, 'The folder of hooks');
    for (const name of inside === '' ? [] : inside.split(sep)) {
      step = join(step, name);
      stats = lstatSync(step);
      trouble ??= permissionProblem(stats, step === real ? shown : `The folder ${name}`);
    }
    return trouble === null ? { ok: true, value: { path: real, stats } } : refused(trouble);
  } catch (error) {
    return refused(`${shown} ${describeAbsence(error)}`);
  }
}

/** Whether an executable can be run: a file that can be trusted and that this user may execute. */
export function trustExecutable(root: string, folder: string, file: string): Trusted<TrustedPath> {
  const found = trustPath(root, join(folder, file), file);
  if (!found.ok) return found;
  if (!found.value.stats.isFile()) return refused(`${file} is not a file`);
  // Windows goes by the name's ending.
  if (process.platform === 'win32') return found;
  try {
    accessSync(found.value.path, constants.X_OK);
  } catch {
    return refused(`${file} is not executable: make it so with “chmod u+x ${file}”`);
  }
  return found;
}

/** A small text of a trusted file, and whether other users can read it. */
export interface TrustedText {
  readonly text: string;
  readonly exposed: boolean;
}

/** Reads a file that can be trusted, of at most `maxBytes`, in UTF-8. Never waits, whatever the path is. */
export function readTrusted(root: string, path: string, shown: string, maxBytes: number): Trusted<TrustedText> {
  const found = trustPath(root, path, shown);
  if (!found.ok) return found;
  if (!found.value.stats.isFile()) return refused(`${shown} is not a file`);
  let descriptor: number | null = null;
  try {
    // Should it have become a pipe since, it neither blocks nor passes for a file.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    descriptor = openSync(found.value.path, flags);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return refused(`${shown} is not a file`);
    const buffer = Buffer.alloc(maxBytes + 1);
    const length = readFully(descriptor, buffer);
    if (length > maxBytes) return refused(`${shown} is larger than ${Math.floor(maxBytes / 1_024)} KiB`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
    const exposed = process.platform !== 'win32' && (stats.mode & 0o044) !== 0;
    return { ok: true, value: { text, exposed } };
  } catch (error) {
    if (error instanceof TypeError) return refused(`${shown} is not text in UTF-8`);
    return refused(`${shown} ${describeAbsence(error)}`);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function readFully(descriptor: number, buffer: Buffer): number {
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return length;
}

function permissionProblem(stats: Stats, shown: string): string | null {
  if (process.platform === 'win32' || process.getuid === undefined) return null;
  if (stats.uid !== 0 && stats.uid !== process.getuid()) return `${shown} belongs to another user, who could change it`;
  if ((stats.mode & 0o022) === 0) return null;
  return `${shown} can be changed by other users, who could so run programs as you: take that away with “chmod go-w”`;
}

function describeAbsence(error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOENT':
      return 'is not there';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read';
    case 'ELOOP':
      return 'is a link that leads nowhere';
    default:
      return `cannot be read (${errorCode(error) ?? 'unknown error'})`;
  }
}

function refused(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
