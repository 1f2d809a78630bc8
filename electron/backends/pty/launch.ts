/** What to run on a new terminal. Paths are checked already. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly cols: number;
  readonly rows: number;
  /** Folders of cgroups for the shell to enter before it runs (Linux). */
  readonly cgroups: readonly string[];
  /** Linux: the command finds a socket as its descriptor 3, whose other end is the terminal's `channel`. */
  readonly hasChannel?: boolean;
  /** Open files for the command to find as its next descriptors (Linux). They stay the caller's to close. */
  readonly descriptors?: readonly number[];
  /** Linux: the command sees to the terminal's settings itself. */
  readonly setsUpTerminal?: boolean;
  /** Linux: whatever else this process has open and would pass on to its children is kept from the command. */
  readonly keepsOthersOut?: boolean;
  /**
   * Linux: the command itself does not notice Ctrl+C and Ctrl+\. What it starts does not either, until it sets the signals
   * to their defaults.
   */
  readonly ignoresInterrupts?: boolean;
}

/** The first descriptor after those of the terminal. */
export const FIRST_DESCRIPTOR = 3;

/**
 * Runs in the session's own process before the shell does, and then becomes it: takes the terminal as its controlling
 * one (Linux gives it to a session leader that opens it), lets a backspace remove whole UTF-8 characters, enters the
 * cgroups. Arguments: terminal, how to set it up or nothing, signals to ignore or nothing, the cgroups' folders, `--`, then
 * the command.
 */
const PRELUDE = [
  'exec <>"$1" >&0 2>&0 || exit 126',
  '[ -z "$2" ] || stty "$2" 2>/dev/null',
  '[ -z "$3" ] || trap "" $3',
  'shift 3',
  'while [ "$1" != -- ]; do echo 0 2>/dev/null >"$1/cgroup.procs"; shift; done',
  'shift',
  'exec "$@"',
].join('\n');

/** For stty(1): a backspace removes a whole UTF-8 character. */
export const TERMINAL_SETTINGS = 'iutf8';

/** Names that a POSIX shell keeps in its environment; it drops others, such as those of bash's exported functions. */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The command line that starts `launch` on the terminal at `path` (Linux). */
export function preludeCommand(launch: Launch, path: string): { file: string; args: string[] } {
  const dropped = Object.entries(launch.environment).filter(([name]) => !SHELL_NAME.test(name));
  // It would take a command with a `=` in its path for one more variable.
  const isKeeper = dropped.length > 0 && !launch.file.includes('=');
  const kept = isKeeper ? ['/usr/bin/env', ...dropped.map(([name, value]) => `${name}=${value}`)] : [];
  const signals = launch.ignoresInterrupts === true ? 'INT QUIT' : '';
  const command = [...kept, launch.file, ...launch.args];
  const settings = launch.setsUpTerminal === true ? '' : TERMINAL_SETTINGS;
  const args = ['-c', PRELUDE, 'sandglass', path, settings, signals, ...launch.cgroups, '--', ...command];
  return { file: '/bin/sh', args };
}
