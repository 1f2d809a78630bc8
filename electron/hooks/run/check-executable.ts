import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, extname, join, resolve } from 'node:path';

/** How much of a file the kernel looks at for its interpreter, in bytes (execve(2)). */
const FIRST_LINE_BYTES = 256;
/** The file types that Windows starts by themselves. */
const WINDOWS_ENDINGS = ['.exe', '.com', '.cmd', '.bat'];

/**
 * Looks why the system would not run a hook's file, in words for who wrote it: the system's own answer is “not found” for a
 * script whose interpreter is missing.
 *
 * @param path the executable, absolute.
 * @param searched the folders of its `PATH`, as that variable has them.
 * @returns what is wrong and what to do, as a part of a sentence; null when nothing was found.
 */
export async function checkExecutable(
  path: string,
  searched: string,
  platform: NodeJS.Platform = process.platform,
): Promise<string | null> {
  const name = basename(path);
  try {
    if (!(await stat(path)).isFile()) return `${name} is not a file`;
  } catch (error) {
    const isMissing =
      error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    return isMissing ? `${name} is missing` : `${name} cannot be read: ${String(error)}`;
  }
  if (platform === 'win32') {
    if (WINDOWS_ENDINGS.includes(extname(path).toLowerCase())) return null;
    return `${name} is nothing that Windows runs by itself: use a file that ends in ${WINDOWS_ENDINGS.join(', ')}`;
  }
  if (!(await isExecutable(path))) return `${name} is not executable; run chmod +x ${quoted(path)}`;
  return checkFirstLine(name, await firstBytes(path), dirname(path), searched);
}

async function checkFirstLine(name: string, bytes: string, folder: string, searched: string): Promise<string | null> {
  if (bytes.startsWith('\u00ef\u00bb\u00bf#!')) {
    return `${name} begins with a byte order mark, so that its first line is not seen; save it without one`;
  }
  const [, line] = /^#![ \t]*([^\n]*)/.exec(bytes) ?? [];
  if (line === undefined) return null;
  if (line.endsWith('\r')) return `${name} has Windows line ends (CR LF) in its first line; save it with LF alone`;
  const [interpreter = '', ...rest] = line.split(/[ \t]+/).filter(Boolean);
  if (interpreter === '') return `${name} has a first line that names no interpreter`;
  if (!(await isExecutable(resolve(folder, interpreter)))) {
    return `the interpreter in the first line of ${name} is missing: ${interpreter}`;
  }
  const program = rest.find((word) => !word.startsWith('-') && !word.includes('='));
  if (basename(interpreter) !== 'env' || program === undefined || program.includes('/')) return null;
  for (const each of searched.split(delimiter).filter(Boolean)) {
    if (await isExecutable(join(each, program))) return null;
  }
  return `the interpreter in the first line of ${name} is in no folder of PATH: ${program}`;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** As Latin-1, so that no byte is changed. Empty when it may be run but not read. */
async function firstBytes(path: string): Promise<string> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE_BYTES), 0, FIRST_LINE_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch {
    return '';
  }
}

/** For a person to paste into a shell. */
function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
