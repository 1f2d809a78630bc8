import { findMembers, isSame, type ProcessEntry, type ProcessIdentity, type ProcessTable } from './process-table.ts';

/** What a process tree is found by. */
export interface TreeOptions {
  readonly table: ProcessTable;
  /** The shell, or the sandbox around it, as it was when it started; null if it was gone before it was read. */
  readonly shell: ProcessIdentity | null;
  readonly sessionId: string;
  /** Pids in the session's cgroup now; empty without one. */
  contained(): readonly number[];
  /** Where the shell runs in a sandbox of its own: who keeps it up, and the shell inside. Null when there is none. */
  sandbox?(): Sandbox | null;
}

/** A sandbox that lasts as long as its keeper lives: a PID namespace with the processes around it. */
export interface Sandbox {
  /** Outside the namespace: waits for the shell and passes its end on. Everything inside ends when it does. */
  readonly keeper: ProcessIdentity;
  /** The first process inside, which takes in orphans. */
  readonly init: ProcessIdentity;
  readonly shell: ProcessIdentity;
}

/** All processes of one session. Remembers whom it has seen, so that one that leaves its parent later is still known. */
export class ProcessTree {
  readonly #options: TreeOptions;
  #known: ProcessIdentity[] = [];

  constructor(options: TreeOptions) {
    this.#options = options;
  }

  /** The living processes of the session by process session, descent, cgroup and earlier sight. Rejects like the table. */
  async members(): Promise<ProcessEntry[]> {
    return this.#find(await this.#options.table.list());
  }

  /**
   * Like {@link members}, and by the environment mark: a process that was double-forked and has called setsid keeps it.
   * Reads the environment of all processes that are younger than the shell.
   */
  async allMembers(): Promise<ProcessEntry[]> {
    const { table, shell, sessionId } = this.#options;
    const entries = await table.list();
    const members = this.#find(entries);
    const found = new Set(members.map((entry) => entry.pid));
    const marked: ProcessIdentity[] = [];
    for (const entry of entries) {
      if (entry.isZombie || found.has(entry.pid) || entry.pid === process.pid) continue;
      if (shell !== null && entry.startedAt < shell.startedAt) continue;
      if ((await table.sessionMark(entry.pid)) === sessionId) marked.push(entry);
    }
    if (marked.length === 0) return members;
    this.#known.push(...marked);
    return this.#find(entries);
  }

  /** Whether it is the session's shell itself. */
  isShell(entry: ProcessIdentity): boolean {
    const shell = this.sandbox?.shell ?? this.#options.shell;
    return shell !== null && isSame(entry, shell);
  }

  /** The sandbox around the shell; null when there is none. */
  get sandbox(): Sandbox | null {
    return this.#options.sandbox?.() ?? null;
  }

  /** Whether it only keeps up the sandbox around the session's programs. */
  isAround(entry: ProcessIdentity): boolean {
    const { sandbox } = this;
    return sandbox !== null && (isSame(entry, sandbox.keeper) || isSame(entry, sandbox.init));
  }

  /** Those of `members` that are still there. */
  async remaining<T extends ProcessIdentity>(members: readonly T[]): Promise<T[]> {
    const current = new Set((await this.current(members)).map((entry) => entry.pid));
    return members.filter((member) => current.has(member.pid));
  }

  /** How those of `members` are now that are still there. */
  async current(members: readonly ProcessIdentity[]): Promise<ProcessEntry[]> {
    const now = await Promise.all(members.map((member) => this.#options.table.find(member.pid)));
    return now.flatMap((entry, index) => {
      const member = members[index];
      const isThere = entry !== null && member !== undefined && !entry.isZombie && isSame(entry, member);
      return isThere ? [entry] : [];
    });
  }

  /** Sends a signal to those of `members` that are still the same processes. */
  async signal(members: readonly ProcessIdentity[], signals: readonly NodeJS.Signals[]): Promise<void> {
    for (const member of await this.remaining(members)) {
      for (const signal of signals) {
        try {
          process.kill(member.pid, signal);
        } catch {
          // Gone, or not ours to signal (a setuid program): then it is found again and reported as a survivor.
        }
      }
    }
  }

  /** CPU time of the living members and their ended children, in milliseconds; null where the system does not say. */
  async cpuMs(): Promise<number | null> {
    let total = 0;
    for (const member of await this.members()) {
      if (member.cpuMs === null) return null;
      total += member.cpuMs;
    }
    return total;
  }

  #find(entries: readonly ProcessEntry[]): ProcessEntry[] {
    const { shell } = this.#options;
    const contained = new Set(this.#options.contained());
    const members = findMembers(entries, { shell, known: this.#known, contained, self: process.pid });
    this.#known = members.map(({ pid, startedAt }) => ({ pid, startedAt }));
    return members.filter((entry) => !entry.isZombie);
  }
}
