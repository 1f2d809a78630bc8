import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import type { Limit } from '../../processes/resource-limits.ts';
import { TERMINAL_SETTINGS } from '../pty/launch.ts';
import { CHANNEL } from './prepare.ts';

/** By its full path: the profile decides where other programs are found. */
const RESET = '/usr/bin/env --default-signal=INT,QUIT';
/** Before a command with a `=` in its path, which env(1) would take for a variable. */
const NOT_A_VARIABLE = `/bin/sh -c 'exec "$@"' sandglass`;

/** What the stub answers. */
export type StubAnswer = 'ready' | 'no shell' | 'no limits';

/** How the shell is started inside. */
export interface StubOptions {
  /** Bounds that it sets for itself and all that it starts. */
  readonly limits: readonly Limit[];
  /** Whether signals that the sandbox's keeper ignores have to be set back to their defaults (GNU coreutils' env can). */
  readonly resetsInterrupts: boolean;
}

/**
 * The command that runs inside first: says that it is there, waits until it has been inspected, and becomes the shell. If
 * the app is gone by then, there is no shell. It has no other way out of the sandbox, and closes this one.
 */
export function stubCommand({ limits, resetsInterrupts }: StubOptions, shell: readonly string[]): string[] {
  const bounds = limits.filter((limit) => limit.place === 'rlimit').map(boundCommand);
  const script = [
    `[ -x "$1" ] || { echo "no shell" >&${CHANNEL}; exit 127; }`,
    ...bounds.map((bound) => `{ ${bound}; } 2>/dev/null || { echo "no limits" >&${CHANNEL}; exit 126; }`),
    `echo ready >&${CHANNEL}`,
    // While it is being inspected. By a path of its own: nothing that the profile names runs before that is over.
    `PATH=/usr/bin:/bin:/run/current-system/sw/bin stty ${TERMINAL_SETTINGS} 2>/dev/null ${CHANNEL}>&-`,
    `read -r word <&${CHANNEL} && [ "$word" = go ] || exit 125`,
    `exec ${CHANNEL}>&-`,
    `exec ${resetsInterrupts ? `${RESET} ${shell[0]?.includes('=') === true ? NOT_A_VARIABLE : ''} ` : ''}"$@"`,
  ];
  return ['/bin/sh', '-c', script.join('\n'), 'sandglass', ...shell];
}

function boundCommand({ controller, amount }: Limit): string {
  // Shells differ in the letter for processes: -u in bash and zsh, -p in dash and BusyBox.
  return controller === 'memory'
    ? `ulimit -d ${Math.floor(amount / 1024)}`
    : `ulimit -u ${amount} || ulimit -p ${amount}`;
}

/** Waits for the stub's answer; null when the channel closes without one. Rejects when `signal` aborts. */
export async function stubAnswer(channel: Duplex, signal: AbortSignal): Promise<StubAnswer | null> {
  const lines = createInterface({ input: channel });
  try {
    const [line] = await Promise.race([once(lines, 'line', { signal }), once(lines, 'close', { signal })]);
    return line === 'ready' || line === 'no shell' || line === 'no limits' ? line : null;
  } finally {
    lines.close();
  }
}

/** Lets the stub become the shell, and closes the channel. Resolves when that has been sent. */
export async function letGo(channel: Duplex): Promise<void> {
  await new Promise<void>((resolve) => channel.end('go\n', () => resolve()));
  channel.destroy();
}

/** Shells that run each command in a process group of its own when they are interactive. */
const JOB_CONTROLLING = ['sh', 'ash', 'bash', 'dash', 'zsh', 'fish', 'ksh', 'mksh', 'csh', 'tcsh', 'rbash'];

/**
 * Whether a command is an interactive shell: then Ctrl+C reaches nothing but the program in front. With any other command it
 * reaches all that belong to it, and with them the sandbox's keeper.
 */
export function isInteractiveShell(path: string, args: readonly string[]): boolean {
  const isPlain = args.every((arg) => arg.startsWith('-') && !/^-[a-z]*c/i.test(arg) && !arg.startsWith('--c'));
  return isPlain && JOB_CONTROLLING.includes(basename(path));
}
