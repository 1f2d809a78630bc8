import { allowedVariables, HOOK_MARK } from '../../environment/inherited-environment.ts';
import type { RunHookRequest } from '../hooks.ts';

/** What a hook's executable sees of the app's environment on Unix. */
export const UNIX_VARIABLES = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_*', 'TZ', 'TMPDIR', 'XDG_RUNTIME_DIR'];
/** The same on Windows, where programs do not start without some of them. */
const WINDOWS_VARIABLES = [
  'PATH',
  'PATHEXT',
  'COMSPEC',
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'TEMP',
  'TMP',
  'USERNAME',
  'USERPROFILE',
  'HOMEDRIVE',
  'HOMEPATH',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'TZ',
];
/** The search path for programs if the app itself has none. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * The environment of a hook's executable: a few variables of the app's own that hold no secrets, the variables of the event,
 * and the mark by which everything that it starts is found.
 */
export function hookEnvironment(
  { environment, folder, runId }: Pick<RunHookRequest, 'environment' | 'folder' | 'runId'>,
  host: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): Record<string, string> {
  const own = { ...environment, [HOOK_MARK]: runId };
  if (platform !== 'win32') {
    return { PATH: DEFAULT_PATH, ...allowedVariables(host, UNIX_VARIABLES), PWD: folder, ...own };
  }
  // Names of variables have no case there.
  const upper = Object.entries(host).map(([name, value]) => [name.toUpperCase(), value] as const);
  return { ...allowedVariables(Object.fromEntries(upper), WINDOWS_VARIABLES), ...own };
}
