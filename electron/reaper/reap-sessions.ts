import { lstat, realpath, rm, rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Survivor } from '../../shared/session.ts';
import { Cgroup } from '../processes/cgroup.ts';
import { closeTree } from '../processes/close-ladder.ts';
import type { ProcessTable } from '../processes/process-table.ts';
import { ProcessTree } from '../processes/process-tree.ts';
import { killWindowsTree } from '../processes/windows-ladder.ts';
import type { ReapableSession } from './tracked-sessions.ts';

/** What programs get between SIGHUP and SIGKILL, in milliseconds: enough for an editor to save its recovery file. */
const GRACE_MS = 500;
/** Pause before what could not be ended is tried again, in milliseconds. */
const RETRY_MS = 1000;

/** What is needed to end sessions. */
export interface SessionReaping {
  readonly table: ProcessTable;
  /** Folders below which private files may be removed. */
  readonly roots: readonly string[];
  /** Ends the tries. */
  readonly signal: AbortSignal;
}

/** Ends the processes of a session whose app is gone, then removes its cgroups and files. Resolves when it is done or given up. */
export async function reapSession(id: string, session: ReapableSession, reaping: SessionReaping): Promise<void> {
  const { table, roots, signal } = reaping;
  const cgroups = session.cgroups.map((folder) => new Cgroup(folder));
  const contained = (): number[] => cgroups.flatMap((cgroup) => cgroup.members());
  const tree = new ProcessTree({ table, shell: session.shell, sessionId: id, contained });
  let graceMs = GRACE_MS;
  while (!signal.aborted) {
    const survivors = await endTree(tree, cgroups, graceMs);
    if (survivors !== null && survivors.length === 0) break;
    graceMs = 0;
    await delay(RETRY_MS, undefined, { signal }).catch(() => {
      // Given up.
    });
  }
  for (const folder of session.folders) await removePrivate(folder, roots);
}

/** One try; null when the processes could not be listed. */
async function endTree(
  tree: ProcessTree,
  cgroups: readonly Cgroup[],
  graceMs: number,
): Promise<readonly Survivor[] | null> {
  try {
    if (process.platform === 'win32') return await killWindowsTree(tree, await tree.members());
    // The shell is no child of this process: only the process table shows that it has ended.
    const shellExited = new Promise<void>(() => {});
    const together = {
      kill: () => {
        for (const cgroup of cgroups) cgroup.kill();
      },
      // Each is tried, even if the first cannot be removed yet.
      remove: () => cgroups.map((cgroup) => cgroup.remove()).every((isRemoved) => isRemoved),
    };
    const now = (): number => performance.now();
    // A session may have been frozen when its app died.
    const release = async (): Promise<void> => {
      await Promise.all(cgroups.map((cgroup) => cgroup.freeze(false)));
    };
    return await closeTree({ tree, cgroup: together, shellExited, now, release }, graceMs);
  } catch {
    return null;
  }
}

/** Removes a folder of private files, if it is one, directly below one of `roots`, and no link to elsewhere. */
async function removePrivate(folder: string, roots: readonly string[]): Promise<void> {
  try {
    const parent = await realpath(dirname(folder));
    const allowed = await Promise.all(roots.map((root) => realpath(root).catch(() => null)));
    if (!allowed.includes(parent) || !(await lstat(folder)).isDirectory()) return;
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    // With the last one goes what is around them, where that is the app's own.
    if (basename(parent).startsWith('sandglass-')) await rmdir(parent);
  } catch {
    // Gone already, not ours to remove, or not empty: what is left is swept at the next launch.
  }
}
