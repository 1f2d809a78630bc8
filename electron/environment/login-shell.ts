import { userInfo } from 'node:os';

type Environment = Readonly<Record<string, string | undefined>>;

/** The shell the user would get by logging in: `$SHELL`, else the account's, else the system's own. */
export function loginShell(platform: NodeJS.Platform, environment: Environment): string {
  if (platform === 'win32') return environment.ComSpec ?? environment.COMSPEC ?? 'powershell.exe';
  return environment.SHELL || accountShell() || (platform === 'darwin' ? '/bin/zsh' : '/bin/sh');
}

function accountShell(): string | null {
  try {
    return userInfo().shell;
  } catch {
    // An account without an entry in the user database, as in some containers.
    return null;
  }
}
