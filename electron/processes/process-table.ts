import type { ForegroundUsage } from './usage.ts';

/** One process, as the system's table shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** The process session it belongs to: its leader's pid. Null where the system does not say. */
  readonly session: number | null;
  /** When it started, in units of the platform. With the pid it names one process for good. */
  readonly startedAt: number;
  readonly command: string;
  /** It has ended and only its parent has not asked for its status yet. */
  readonly isZombie: boolean;
  /** It has been stopped by a signal, such as Ctrl+Z sends, and waits for SIGCONT. */
  readonly isStopped: boolean;
  /** CPU time of it and of its ended children, in milliseconds; null where the system does not say. */
  readonly cpuMs: number | null;
}

/** One process for good: a pid alone may be given to another one later. */
export type ProcessIdentity = Pick<ProcessEntry, 'pid' | 'startedAt'>;

/** The system's processes. */
export interface ProcessTable {
  /** All processes that can be seen. Rejects when the system's tool fails. */
  list(): Promise<ProcessEntry[]>;
  /** The entry of one process now; null when it is gone. */
  find(pid: number): Promise<ProcessEntry | null>;
  /** The session that the process's initial environment names; null without one, and where it may not be read. */
  sessionMark(pid: number): Promise<string | null>;
  /** The process group in front on the terminal of the process, and its own; null where it is unknown. */
  foregroundGroup(pid: number): Promise<{ own: number; front: number } | null>;
  /** What the process group in front of this shell has used, with all its descendants; null when the shell is in front. */
  foregroundUsage(shellPid: number): Promise<ForegroundUsage | null>;
}

/** Whether both are the same process, not only the same number. */
export function isSame(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startedAt === b.startedAt;
}

/** How a session's processes are recognised. */
export interface TreeClues {
  readonly shell: ProcessIdentity | null;
  /** Processes found earlier. */
  readonly known: readonly ProcessIdentity[];
  /** Processes in the session's cgroup. */
  readonly contained: ReadonlySet<number>;
  /** Never part of a session: the app itself. */
  readonly self: number;
}

/**
 * The processes among `entries` that belong to a session: its shell, those known before, those in its cgroup, those of its
 * process session, and all their descendants. A pid that was given to another process meanwhile is not taken for the old one.
 */
export function findMembers(entries: readonly ProcessEntry[], clues: TreeClues): ProcessEntry[] {
  const byPid = new Map(entries.map((entry) => [entry.pid, entry]));
  const children = Map.groupBy(entries, (entry) => entry.parent);
  const members = new Map<number, ProcessEntry>();
  const add = (root: ProcessEntry): void => {
    // No recursion: how deep a tree is, is the session's choice.
    const waiting = [root];
    for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
      if (entry.pid <= 1 || entry.pid === clues.self || members.has(entry.pid)) continue;
      members.set(entry.pid, entry);
      for (const child of children.get(entry.pid) ?? []) {
        // A child that is older than its parent is not its child: the parent's number was reused.
        if (child.startedAt >= entry.startedAt) waiting.push(child);
      }
    }
  };

  for (const identity of clues.known) {
    const entry = byPid.get(identity.pid);
    if (entry !== undefined && isSame(entry, identity)) add(entry);
  }
  for (const pid of clues.contained) {
    const entry = byPid.get(pid);
    if (entry !== undefined) add(entry);
  }
  const { shell } = clues;
  if (shell !== null) {
    const leader = byPid.get(shell.pid);
    // Another process with the shell's number would lead another session with that number.
    if (leader === undefined || isSame(leader, shell)) {
      if (leader !== undefined) add(leader);
      for (const entry of entries) {
        // On Windows, processes keep naming a parent that is gone.
        const isOf = entry.session === shell.pid || entry.parent === shell.pid;
        if (isOf && entry.startedAt >= shell.startedAt) add(entry);
      }
    }
  }
  return [...members.values()];
}
