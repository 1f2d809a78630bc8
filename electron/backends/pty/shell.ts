import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import type { StartFailure } from '../../../shared/session.ts';
import { loginShell } from '../../environment/login-shell.ts';

type Environment = Readonly<Record<string, string | undefined>>;
/** A checked path, or the failure to show. */
export type Checked = { ok: true; path: string } | { ok: false; failure: StartFailure };

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function shellFailure(message: string): Checked {
  const hint = 'Choose an installed shell in the profile, or leave it empty to use your login shell.';
  return { ok: false, failure: { stage: 'shell', message, hint } };
}

/** The shell's full path, if it can be run. A bare name is resolved in `PATH`. */
export async function checkShell(
  requested: string | undefined,
  platform: NodeJS.Platform,
  environment: Environment,
): Promise<Checked> {
  const shell = requested ?? loginShell(platform, environment);
  if (shell.includes('\0')) return shellFailure('The shell’s name contains a character that no file name can have');
  if (isAbsolute(shell)) {
    if (await isExecutableFile(shell)) return { ok: true, path: shell };
    return shellFailure(
      (await exists(shell)) ? `The shell ${shell} is not an executable file` : `The shell ${shell} does not exist`,
    );
  }
  // A relative path would mean another file in each folder: only a bare name is searched for.
  if (/[\\/]/.test(shell)) return shellFailure(`The shell ${shell} is not a full path`);
  const extensions = platform === 'win32' ? ['', ...(environment.PATHEXT ?? '.COM;.EXE;.BAT;.CMD').split(';')] : [''];
  for (const folder of (environment.PATH ?? environment.Path ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    for (const extension of extensions) {
      const path = join(folder, shell + extension);
      if (await isExecutableFile(path)) return { ok: true, path };
    }
  }
  return shellFailure(`The shell ${shell} was not found in PATH`);
}

/** The folder to start in, if it can be entered; without a request the home folder. */
export async function checkFolder(requested: string | undefined): Promise<Checked> {
  const folder = requested ?? homedir();
  const failed = (message: string): Checked => ({
    ok: false,
    failure: { stage: 'folder', message, hint: 'Choose an existing folder that you may open in the profile.' },
  });
  if (folder.includes('\0')) return failed('The folder’s name contains a character that no file name can have');
  if (!isAbsolute(folder)) return failed(`The folder ${folder} is not a full path`);
  const found = await stat(folder).catch(() => null);
  if (found === null) return failed(`The folder ${folder} does not exist`);
  if (!found.isDirectory()) return failed(`${folder} is not a folder`);
  const mayEnter = await access(folder, constants.X_OK).then(
    () => true,
    () => false,
  );
  return mayEnter ? { ok: true, path: folder } : failed(`The folder ${folder} may not be opened by you`);
}
