import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../shared/error-message.ts';
import type { BwrapFeatures } from './bwrap-args.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 5000;
const SETUID = 0o4000;

/** Where distributions put it, for apps that were started with a short `PATH`. */
const COMMON_FOLDERS = ['/usr/bin', '/usr/local/bin', '/bin', '/run/current-system/sw/bin'];

/** An installed bubblewrap. */
export interface Bwrap {
  readonly path: string;
  /** “0.8.0”. */
  readonly version: string;
  readonly features: BwrapFeatures;
}

export type BwrapFound =
  | { readonly ok: true; readonly bwrap: Bwrap }
  | { readonly ok: false; readonly message: string };

/** Options without which there is no sandbox as it is meant here (all in 0.5.0). */
const NEEDED = [
  '--unshare-user',
  '--die-with-parent',
  '--clearenv',
  '--perms',
  '--cap-drop',
  '--ro-bind-data',
  '--args',
];

/** Searches for bwrap in `PATH` and where distributions put it, and asks it for its features. */
export async function findBwrap(path: string | undefined): Promise<BwrapFound> {
  const folders = [...(path ?? '').split(delimiter).filter(isAbsolute), ...COMMON_FOLDERS];
  for (const folder of folders) {
    const candidate = join(folder, 'bwrap');
    const isThere = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return describeBwrap(candidate);
  }
  return { ok: false, message: 'bubblewrap is not installed: there is no program “bwrap”.' };
}

async function describeBwrap(path: string): Promise<BwrapFound> {
  try {
    const options = { timeout: TIMEOUT_MS, env: {}, encoding: 'utf8' } as const;
    const version = (await run(path, ['--version'], options)).stdout.replace(/^bubblewrap\s+/, '').trim();
    const { stdout: help } = await run(path, ['--help'], options);
    const offers = (option: string): boolean => new RegExp(`^\\s*${option}\\b`, 'm').test(help);
    const lacking = NEEDED.find((option) => !offers(option));
    if (lacking !== undefined) {
      return {
        ok: false,
        message: `${path} is too old (${version}): it does not know ${lacking}, which came with 0.5.0.`,
      };
    }
    const isSetuid = ((await stat(path)).mode & SETUID) !== 0;
    const features = { disableUserns: offers('--disable-userns') && !isSetuid, size: offers('--size') };
    return { ok: true, bwrap: { path, version, features } };
  } catch (error) {
    return { ok: false, message: `${path} does not run: ${messageOf(error)}` };
  }
}

/** Whether `env` can set ignored signals back to their defaults (GNU coreutils 8.31). */
export async function canResetSignals(): Promise<boolean> {
  return run('/usr/bin/env', ['--default-signal=INT,QUIT', 'true'], { timeout: TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}
