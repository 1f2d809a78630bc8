import { setTimeout as delay } from 'node:timers/promises';
import type { Survivor } from '../../../shared/session.ts';
import { withDeadline } from '../../base/with-deadline.ts';
import { closeTree } from '../../processes/close-ladder.ts';
import type { ProcessEntry, ProcessIdentity, ProcessTable } from '../../processes/process-table.ts';
import { ProcessTree } from '../../processes/process-tree.ts';
import type { SessionCgroups } from '../../processes/session-cgroups.ts';
import { killWindowsTree } from '../../processes/windows-ladder.ts';

/** The first and the longest interval at which remaining processes are polled, in milliseconds. */
const INITIAL_POLL_MS = 2;
const MAX_POLL_MS = 50;

/** What the processes of one run of a hook are found by. */
export interface ContainmentOptions {
  readonly runId: string;
  /** The hook's executable; null if it was gone before it could be identified. */
  readonly leader: ProcessIdentity | null;
  readonly cgroups: SessionCgroups;
  readonly table: ProcessTable;
  /** Resolves when the executable has exited. */
  readonly exited: Promise<unknown>;
}

/** What was left of a hook and how it went. */
export interface Leftovers {
  /** How many processes were left, the executable itself not counted. */
  readonly count: number;
  readonly survivors: readonly Survivor[];
}

const NOTHING: Leftovers = { count: 0, survivors: [] };

/**
 * Ends everything that a hook's executable has started and that is still there, and the executable itself: SIGTERM, up to
 * `graceMs` for it to go, then SIGKILL until nothing is left. Found by the run's cgroup, or without one by process session,
 * descent and the mark in the environment.
 */
export async function endRun(options: ContainmentOptions, graceMs: number): Promise<Leftovers> {
  const { cgroups, leader, table, runId } = options;
  const hasExited = await isSettled(options.exited);
  // A cgroup that can be removed has no process in it: the usual case, without a look at all processes of the system.
  if (hasExited && !cgroups.isEmpty && cgroups.remove()) return NOTHING;

  const tree = new ProcessTree({ table, shell: leader, sessionId: runId, contained: () => cgroups.members() });
  const members = await tree.allMembers();
  const count = members.filter((member) => member.pid !== leader?.pid).length;
  if (members.length === 0) {
    cgroups.remove();
    return NOTHING;
  }
  if (process.platform === 'win32') return { count, survivors: await killWindowsTree(tree, members) };
  if (graceMs > 0) await terminate(tree, members, graceMs, hasExited ? null : options.exited);
  const survivors = await closeTree(
    {
      tree,
      cgroup: cgroups.isEmpty ? null : cgroups,
      shellExited: options.exited.then(() => {}),
      now: () => performance.now(),
    },
    0,
  );
  return { count, survivors };
}

/** SIGTERM, and time to follow it. SIGCONT, because a stopped process would not get it. */
async function terminate(
  tree: ProcessTree,
  members: readonly ProcessEntry[],
  graceMs: number,
  exited: Promise<unknown> | null,
): Promise<void> {
  const until = performance.now() + graceMs;
  const gone = exited?.then(() => {}) ?? null;
  let wake = gone;
  void gone?.then(() => {
    wake = null;
  });
  await tree.signal(members, ['SIGTERM', 'SIGCONT']);
  let remaining = members;
  for (let pause = INITIAL_POLL_MS; ; pause = Math.min(pause * 2, MAX_POLL_MS)) {
    remaining = await tree.remaining(remaining);
    const left = until - performance.now();
    if (remaining.length === 0 || left <= 0) return;
    const waitMs = Math.min(pause, left);
    await (wake === null ? delay(waitMs) : withDeadline(wake, waitMs, undefined));
  }
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}
