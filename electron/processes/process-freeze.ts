import { setTimeout as delay } from 'node:timers/promises';
import { isSame, type ProcessEntry, type ProcessIdentity } from './process-table.ts';
import type { ProcessTree } from './process-tree.ts';
import type { SessionCgroups } from './session-cgroups.ts';

/** How often the tree is listed again for processes that were started while the others were being stopped. */
const ROUNDS = 8;
/** How often is polled whether processes have stopped, and at which interval, in milliseconds. */
const STOP_POLLS = 50;
const STOP_POLL_MS = 2;

/** Freezes all processes of a session where they are, until they are resumed. */
export class ProcessHold {
  readonly #tree: ProcessTree;
  readonly #cgroups: SessionCgroups;
  #isFrozen = false;
  /** Those that were stopped by a signal of ours: what the user had stopped before is not resumed. */
  #stopped: ProcessIdentity[] = [];

  constructor(tree: ProcessTree, cgroups: SessionCgroups) {
    this.#tree = tree;
    this.#cgroups = cgroups;
  }

  /** Freezes the session's cgroup; where there is none, stops each process. Rejects when they cannot be listed. */
  async freeze(): Promise<void> {
    this.#isFrozen = await this.#cgroups.freeze(true);
    // What has left the cgroup, or all of them where it cannot be frozen.
    for (let round = 0; round < ROUNDS; round += 1) {
      const frozen = new Set(this.#isFrozen ? this.#cgroups.members() : []);
      const members = await this.#tree.allMembers();
      const running = members.filter(
        (member) =>
          !member.isStopped && !frozen.has(member.pid) && !this.#stopped.some((known) => isSame(known, member)),
      );
      if (running.length === 0) return;
      // Parents first, and each until it stands: a shell that saw its child stop would take that for Ctrl+Z.
      for (const level of levels(running)) {
        this.#stopped.push(...level.map(({ pid, startedAt }) => ({ pid, startedAt })));
        await this.#tree.signal(level, ['SIGSTOP']);
        await this.#untilStopped(level);
      }
    }
  }

  /** Resumes what `freeze` has stopped, and only that. Rejects when processes cannot be listed. */
  async thaw(): Promise<void> {
    const stopped = this.#stopped;
    this.#stopped = [];
    // Children first, for the same reason.
    await this.#tree.signal(stopped.toReversed(), ['SIGCONT']);
    await this.release();
  }

  /** A process that waits in the kernel stops when that ends, and cannot notice its children before: not waited for long. */
  async #untilStopped(members: readonly ProcessIdentity[]): Promise<void> {
    for (let polls = 0; polls < STOP_POLLS; polls += 1) {
      if ((await this.#tree.current(members)).every((member) => member.isStopped)) return;
      await delay(STOP_POLL_MS);
    }
  }

  /** Resumes the cgroup, for signals that wait to arrive. What was stopped by signals stays stopped. */
  async release(): Promise<void> {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    await this.#cgroups.freeze(false);
  }
}

/** Groups in which no process is another one's parent; parents before their children. */
function levels(entries: readonly ProcessEntry[]): ProcessEntry[][] {
  const byPid = new Map(entries.map((entry) => [entry.pid, entry]));
  const depth = (entry: ProcessEntry): number => {
    let steps = 0;
    for (let at = byPid.get(entry.parent); at !== undefined && steps < entries.length; at = byPid.get(at.parent)) {
      steps += 1;
    }
    return steps;
  };
  const groups = Map.groupBy(entries, depth);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}
