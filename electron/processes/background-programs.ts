import type { ProcessEntry, ProcessTable } from './process-table.ts';

/** The most programs that are named. */
const MAX_NAMED = 20;
/**
 * What shells start by themselves, for their prompts and for keys: the user did not start it, and it is of no use without the
 * shell. By the kernel's name, which has at most 15 characters.
 */
const HELPERS = /^(?:gitstatusd|ssh-agent|gpg-agent|dbus-daemon|dbus-launch|starship|oh-my-posh|fsmonitor)/;

export interface BackgroundClues {
  /** All living processes of the session. */
  readonly members: readonly ProcessEntry[];
  /** The shell's pid. */
  readonly shell: number;
  /** Whether a process is the shell, or only keeps it up. */
  isOwn(entry: ProcessEntry): boolean;
  readonly table: Pick<ProcessTable, 'foregroundGroup'>;
}

/**
 * Names of the programs that a session has beside its shell and what is in front: background jobs, and those that were
 * detached from the terminal. What the program in front has started goes with that, and is not named.
 */
export async function backgroundPrograms({ members, shell, isOwn, table }: BackgroundClues): Promise<string[]> {
  const groups = await table.foregroundGroup(shell);
  const others = members.filter((entry) => !entry.isZombie && !isOwn(entry));
  const inFront = new Set<number>();
  if (groups !== null && groups.front !== groups.own) {
    for (const { pid } of others) {
      if ((await table.foregroundGroup(pid))?.own === groups.front) inFront.add(pid);
    }
  }
  const parents = new Map(others.map(({ pid, parent }) => [pid, parent]));
  const isOfFront = (pid: number): boolean => {
    const seen = new Set<number>();
    for (let at: number | undefined = pid; at !== undefined && !seen.has(at); at = parents.get(at)) {
      if (inFront.has(at)) return true;
      seen.add(at);
    }
    return false;
  };
  return programNames(others.filter(({ pid }) => !isOfFront(pid)).map(({ command }) => command));
}

/** Each name once, without what shells start by themselves. */
export function programNames(commands: readonly string[]): string[] {
  const names = commands.filter((command) => command !== '' && !HELPERS.test(command));
  return [...new Set(names)].slice(0, MAX_NAMED);
}
