import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CGROUP_PREFIX } from './cgroup-places.ts';

/** How long the kernel may take to freeze all processes of a cgroup or to let them go, in milliseconds. */
const FREEZE_TIMEOUT_MS = 2000;
const FREEZE_POLL_MS = 2;

/** All cgroups from `folder` down, the lowest first: a session may have made more inside its own. */
function foldersBelow(folder: string): string[] {
  try {
    const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...below.flatMap((entry) => foldersBelow(join(folder, entry.name))), folder];
  } catch {
    return [];
  }
}

/** Removes a cgroup and those below it. False while a process is in one of them. */
export function removeCgroup(folder: string): boolean {
  for (const path of foldersBelow(folder)) {
    try {
      rmdirSync(path);
    } catch {
      return false;
    }
  }
  return true;
}

/** Removes what apps that were killed have left below `parent`: their folders, when no process is in them any more. */
export function sweepCgroups(parent: string): void {
  const own = new RegExp(`^${CGROUP_PREFIX}-(\\d+)-`);
  let names: string[] = [];
  try {
    names = readdirSync(parent);
  } catch {
    // Gone, or not to be read: then there is nothing of ours in it.
  }
  for (const name of names) {
    const app = own.exec(name)?.[1];
    if (app === undefined || Number(app) === process.pid) continue;
    try {
      process.kill(Number(app), 0);
    } catch {
      removeCgroup(join(parent, name));
    }
  }
}

/** One cgroup of a session, of either version. */
export class Cgroup {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes an empty one below `parent`. @throws when the system refuses. */
  static create(parent: string, sessionId: string): Cgroup {
    const cgroup = new Cgroup(join(parent, `${CGROUP_PREFIX}-${process.pid}-${sessionId}`));
    mkdirSync(cgroup.folder);
    return cgroup;
  }

  /** Makes sure that a process is in it. False when it could not be moved in. */
  async holds(pid: number): Promise<boolean> {
    try {
      await writeFile(join(this.folder, 'cgroup.procs'), String(pid));
      return true;
    } catch (error) {
      // It has ended already: whatever it has started is in here.
      return error instanceof Error && 'code' in error && error.code === 'ESRCH';
    }
  }

  /** The pids in it and in those below; empty when it is gone. */
  members(): number[] {
    return foldersBelow(this.folder).flatMap((folder) => {
      try {
        return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
      } catch {
        return [];
      }
    });
  }

  /** SIGKILL to all in it at once, forks in progress included; one by one where the kernel is older than 5.14. */
  kill(): void {
    try {
      writeFileSync(join(this.folder, 'cgroup.kill'), '1', { flag: 'r+' });
    } catch {
      for (const pid of this.members()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself, or the next round reports it.
        }
      }
    }
  }

  /** CPU time that was used in it so far, in milliseconds; null when it is gone, or not of version 2. */
  cpuMs(): number | null {
    const usage = /^usage_usec (\d+)$/m.exec(this.#read('cpu.stat'))?.[1];
    return usage === undefined ? null : Number(usage) / 1000;
  }

  /** How many of its processes the kernel has killed because their memory was used up; 0 where the kernel does not count. */
  oomKills(): number {
    // Version 2, or version 1 since Linux 4.13 (cgroups: admin-guide/cgroup-v2, admin-guide/cgroup-v1/memory).
    const events = this.#read('memory.events') || this.#read('memory.oom_control');
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
  }

  /**
   * Freezes all in it where they are, or resumes them. Unlike stopped processes, frozen ones do not notice it; what
   * was stopped before stays stopped after. SIGKILL reaches them.
   *
   * @returns false where this cannot be done: no cgroup v2, or older than Linux 5.2.
   */
  async freeze(isFrozen: boolean): Promise<boolean> {
    try {
      writeFileSync(join(this.folder, 'cgroup.freeze'), isFrozen ? '1' : '0', { flag: 'r+' });
    } catch {
      return false;
    }
    const reached = isFrozen ? /^frozen 1$/m : /^frozen 0$/m;
    for (let waited = 0; waited < FREEZE_TIMEOUT_MS; waited += FREEZE_POLL_MS) {
      if (reached.test(this.#read('cgroup.events'))) return true;
      await delay(FREEZE_POLL_MS);
    }
    // A process in an uninterruptible wait freezes when that ends, and cannot do anything before.
    return true;
  }

  /** Removes it. False while a process is still in it. A scope removes itself, which counts as removed. */
  remove(): boolean {
    return removeCgroup(this.folder);
  }

  #read(file: string): string {
    try {
      return readFileSync(join(this.folder, file), 'utf8');
    } catch {
      return '';
    }
  }
}
