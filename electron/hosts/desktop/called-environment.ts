import type { Problem } from '../../../shared/settings.ts';
import { environmentOfLoginShell } from '../../environment/shell-resolution.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** In it the launcher passes on the names of all variables it was called with, as a JSON list. */
const LAUNCH_NAMES = 'SANDGLASS_LAUNCH_NAMES';

/**
 * What Electron sets on Linux before the app's code runs (`lib/browser/init.ts` and Chromium's accessibility bridge), also where
 * the user did not set it.
 */
const SET_BY_ELECTRON = ['CHROME_DESKTOP', 'ORIGINAL_XDG_CURRENT_DESKTOP', 'NO_AT_BRIDGE'];

/** The environment that the desktop app was called with: this process's own, without what Electron and its libraries added. */
export function calledEnvironment(environment: Environment, platform: NodeJS.Platform): Record<string, string> {
  const { [LAUNCH_NAMES]: launchNames, ...own } = environment;
  const names = parseNames(launchNames);
  const called: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined || (names !== null && !names.has(name))) continue;
    if (names === null && platform === 'linux' && SET_BY_ELECTRON.includes(name)) continue;
    called[name] = value;
  }
  // Electron replaces it by `Unity` on some desktops, and keeps what it was.
  const desktop = own.ORIGINAL_XDG_CURRENT_DESKTOP;
  if (platform === 'linux' && desktop !== undefined && own.XDG_CURRENT_DESKTOP === 'Unity') {
    if (desktop === '' || desktop === 'undefined') delete called.XDG_CURRENT_DESKTOP;
    else called.XDG_CURRENT_DESKTOP = desktop;
  }
  return called;
}

function parseNames(text: string | undefined): ReadonlySet<string> | null {
  try {
    const names: unknown = text === undefined ? null : JSON.parse(text);
    return Array.isArray(names) ? new Set(names.filter((name) => typeof name === 'string')) : null;
  } catch {
    return null;
  }
}

/**
 * Whether the app was started from the desktop (Finder, Dock, a menu) and not from a terminal: then its environment is the
 * session manager's, and the user's start-up files have not been read.
 */
export function isDesktopStart(called: Environment, platform: NodeJS.Platform, isPackaged: boolean): boolean {
  return isPackaged && platform !== 'win32' && called.TERM === undefined && called.SHLVL === undefined;
}

/**
 * The environment of the user's shell where the app was started from the desktop, else what it was called with. Never rejects: a
 * shell that cannot be asked is a problem, and what the app was called with stays in force.
 */
export async function userEnvironment(
  called: Readonly<Record<string, string>>,
  platform: NodeJS.Platform,
  isPackaged: boolean,
): Promise<{ environment: Readonly<Record<string, string>>; problem: Problem | null }> {
  if (!isDesktopStart(called, platform, isPackaged)) return { environment: called, problem: null };
  const resolved = await environmentOfLoginShell({ environment: called, platform });
  if (resolved.ok) return { environment: { ...called, ...resolved.environment }, problem: null };
  const problem: Problem = {
    id: 'shell-environment',
    severity: 'warning',
    title: 'Your shell’s environment is not available',
    message: `${resolved.message}. Sessions and hooks start with the environment of your desktop, so programs may be missing from their PATH. Check the start-up files of your shell, then restart Sandglass.`,
  };
  return { environment: called, problem };
}
