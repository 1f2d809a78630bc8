/** The variable that marks every process of a session, so that one that left the tree is still found. */
export const SESSION_MARK = 'SANDGLASS_SESSION_ID';

/**
 * The variable that marks every process of a hook's run. A hook is told of a session in a variable that has the name of the
 * session's mark: it is still none of the session's processes.
 */
export const HOOK_MARK = 'SANDGLASS_HOOK_RUN';

/** Variables of the app, its launcher and an outer terminal: in a shell they would be wrong, or change what programs do. */
const NOT_INHERITED =
  /^(ELECTRON_|npm_|VITE_|VITEST|PLAYWRIGHT_|SANDGLASS_|VTE_|KITTY_|WEZTERM_|ALACRITTY_|ITERM_|VSCODE_|GNOME_TERMINAL_|KONSOLE_|TMUX)/;

const NOT_INHERITED_NAMES: ReadonlySet<string> = new Set([
  'NODE_OPTIONS',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
  'CHROME_DESKTOP',
  'ORIGINAL_XDG_CURRENT_DESKTOP',
  'GOOGLE_API_KEY',
  'STY',
  'WINDOW',
  'WINDOWID',
  'TERMCAP',
  'COLUMNS',
  'LINES',
  'TERM_SESSION_ID',
  'TERM_PROGRAM_VERSION',
  'INIT_CWD',
]);

/** The app's own settings; desktops use other names that begin alike, such as `SESSION_MANAGER`. */
const OWN_SETTINGS = /^SESSION_(TIMEOUT_SECS|MAX_CONCURRENT|CLEANUP_INTERVAL)$/;

function isInherited(name: string): boolean {
  return !NOT_INHERITED.test(name) && !OWN_SETTINGS.test(name) && !NOT_INHERITED_NAMES.has(name);
}

/**
 * The environment of a session's shell: the inherited one without what belongs to the app, then what the profile adds,
 * then what describes this terminal. The mark cannot be overridden by a profile.
 */
export function shellEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>>,
  sessionId: string,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && isInherited(name)) environment[name] = value;
  }
  const { [HOOK_MARK]: _, ...chosen } = added;
  return {
    ...environment,
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    TERM_PROGRAM: 'Sandglass',
    ...chosen,
    [SESSION_MARK]: sessionId,
  };
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
    if (value !== undefined && isAllowed(name) && isInherited(name)) environment[name] = value;
  }
  return environment;
}

/** The session, or the run of a hook, that an environment (`NAME=value` each) marks as its own; null without one. */
export function markIn(environment: readonly string[]): string | null {
  const value = (name: string): string | undefined =>
    environment.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);
  return value(HOOK_MARK) ?? value(SESSION_MARK) ?? null;
}
