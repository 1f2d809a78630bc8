/** The variable that marks every process of a session, so that one that left the tree is still found. */
export const SESSION_MARK = 'SANDGLASS_SESSION_ID';

/**
 * The variable that marks every process of a hook's run. A hook is told of a session in a variable that has the name of the
 * session's mark: it is still none of the session's processes.
 */
export const HOOK_MARK = 'SANDGLASS_HOOK_RUN';

/** Describe the terminal, or the terminal multiplexer, that Sandglass was called from: wrong in any other one. */
const OUTER_TERMINAL =
  /^(VTE_|KITTY_|WEZTERM_|ALACRITTY_|ITERM_|GHOSTTY_|VSCODE_|GNOME_TERMINAL_|KONSOLE_|TMUX|ZELLIJ|ConEmu)/;
const OUTER_TERMINAL_NAMES: ReadonlySet<string> = new Set([
  'STY',
  'WINDOW',
  'WINDOWID',
  'TERMCAP',
  'TERMINAL_EMULATOR',
  'COLUMNS',
  'LINES',
  'TERM_SESSION_ID',
  'TERM_PROGRAM_VERSION',
  'LC_TERMINAL',
  'LC_TERMINAL_VERSION',
  'WT_SESSION',
  'WT_PROFILE_ID',
]);

/** Describe the shell that called Sandglass, or descriptors of its process that are not passed on. */
const OUTER_PROCESS_NAMES: ReadonlySet<string> = new Set([
  '_',
  'OLDPWD',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
]);

/** The app's own settings and marks; desktops use other names that begin alike, such as `SESSION_MANAGER`. */
const OWN = /^(SANDGLASS_|SESSION_(TIMEOUT_SECS|MAX_CONCURRENT|CLEANUP_INTERVAL)$)/;

function isInherited(name: string): boolean {
  if (OWN.test(name) || OUTER_TERMINAL.test(name)) return false;
  return !OUTER_TERMINAL_NAMES.has(name) && !OUTER_PROCESS_NAMES.has(name);
}

/** Change what runtimes and launchers of the app do: no allow-list of a sandbox passes them on. */
const NOT_FOR_SANDBOXES = /^(ELECTRON_|npm_|VITE_|VITEST|PLAYWRIGHT_|NODE_OPTIONS$|INIT_CWD$)/;

/** What describes this terminal to programs. */
export function terminalVariables(appVersion: string | undefined): Record<string, string> {
  return {
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    TERM_PROGRAM: 'Sandglass',
    ...(appVersion === undefined ? {} : { TERM_PROGRAM_VERSION: appVersion }),
  };
}

/**
 * The environment of a session's shell: the one that Sandglass was called with, without what describes the terminal and the
 * shell it was called from and without the app's own settings (docs/environment.md), then what describes this terminal, then
 * what the profile adds. The mark cannot be overridden by a profile.
 */
export function shellEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>>,
  sessionId: string,
  appVersion?: string,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && isInherited(name)) environment[name] = value;
  }
  const { [HOOK_MARK]: _, ...chosen } = added;
  return { ...environment, ...terminalVariables(appVersion), ...chosen, [SESSION_MARK]: sessionId };
}

/**
 * The variables that an allow-list names, for a sandbox; `LC_*` stands for all that begin so. Never the app's own, whatever
 * the list says.
 */
export function allowedVariables(
  inherited: Readonly<Record<string, string | undefined>>,
  allow: readonly string[],
): Record<string, string> {
  const isAllowed = (name: string): boolean =>
    allow.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each));
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value === undefined || !isAllowed(name) || !isInherited(name) || NOT_FOR_SANDBOXES.test(name)) continue;
    environment[name] = value;
  }
  return environment;
}

/** The session, or the run of a hook, that an environment (`NAME=value` each) marks as its own; null without one. */
export function markIn(environment: readonly string[]): string | null {
  const value = (name: string): string | undefined =>
    environment.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);
  return value(HOOK_MARK) ?? value(SESSION_MARK) ?? null;
}
