import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ulid } from 'ulid';

const FILE = 'installation';
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/**
 * The id of this data folder, made when it is first asked for. What an app makes outside of its folders carries it, so
 * that two installations on one machine do not clean up after each other.
 *
 * @throws the system's error when the folder cannot be written.
 */
export function installationId(dataFolder: string): string {
  const file = join(dataFolder, FILE);
  const known = read(file);
  if (known !== null) return known;
  // Of two apps that start at the same moment, the first to write decides; a damaged file is replaced.
  try {
    writeFileSync(file, `${ulid()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const written = read(file);
  if (written !== null) return written;
  const id = ulid();
  writeFileSync(file, `${id}\n`, { mode: 0o600 });
  return id;
}

function read(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return ID.test(text) ? text : null;
  } catch {
    return null;
  }
}
