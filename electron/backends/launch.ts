/** What to run on a new terminal. Paths are checked already. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly cols: number;
  readonly rows: number;
  /** A cgroup's folder for the shell to enter before it runs. */
  readonly cgroup: string | null;
}

/**
 * Runs in the session's own process before the shell does, and then becomes it: takes the terminal as its controlling
 * one (Linux gives it to a session leader that opens it), lets a backspace remove whole UTF-8 characters, enters the
 * cgroup. Arguments: terminal, cgroup folder or nothing, then the command.
 */
const PRELUDE = [
  'exec <>"$1" >&0 2>&0 || exit 126',
  'stty iutf8 2>/dev/null',
  '[ -z "$2" ] || echo 0 2>/dev/null >"$2/cgroup.procs"',
  'shift 2',
  'exec "$@"',
].join('\n');

/** Names that a POSIX shell keeps in its environment; it drops others, such as those of bash's exported functions. */
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The command line that starts `launch` on the terminal at `path` (Linux). */
export function preludeCommand(launch: Launch, path: string): { file: string; args: string[] } {
  const dropped = Object.entries(launch.environment).filter(([name]) => !SHELL_NAME.test(name));
  const kept = dropped.length === 0 ? [] : ['/usr/bin/env', ...dropped.map(([name, value]) => `${name}=${value}`)];
  const args = ['-c', PRELUDE, 'sandglass', path, launch.cgroup ?? '', ...kept, launch.file, ...launch.args];
  return { file: '/bin/sh', args };
}
