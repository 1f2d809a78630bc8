import { setTimeout as delay } from 'node:timers/promises';
import type { Survivor } from '../../shared/session.ts';
import { withDeadline } from '../base/with-deadline.ts';
import type { ProcessEntry } from './process-table.ts';
import type { ProcessTree } from './process-tree.ts';
import type { SessionCgroups } from './session-cgroups.ts';

/** First and longest interval at which what is left is polled, in milliseconds. */
const FIRST_POLL_MS = 2;
const LONGEST_POLL_MS = 50;
/**
 * When a shell that is still there gets SIGHUP again, in milliseconds after the first. An interactive bash that gets it
 * just before it waits for input only notes it, and acts on it when the next signal or key wakes it.
 */
const REMINDERS_MS = [25, 100, 400];
/** After SIGKILL: how often what is left is listed and killed again, before it counts as a survivor. */
const KILL_ROUNDS = 20;

/** What the ladder needs. */
export interface LadderOptions {
  readonly tree: ProcessTree;
  readonly cgroup: Pick<SessionCgroups, 'kill' | 'remove'> | null;
  /** Resolves when the shell's process has exited, so that the end of an idle shell is noticed at once. */
  readonly shellExited: Promise<void>;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
  /** Resumes processes that are frozen: called once the first signals wait for them. */
  release?(): Promise<void>;
}

/**
 * The close ladder on Unix: SIGHUP and SIGCONT to the whole tree, up to `graceMs` for it to go, then SIGKILL until nothing
 * is left. Returns as soon as nothing is left.
 *
 * @returns the processes that could not be ended.
 */
export async function closeTree(options: LadderOptions, graceMs: number): Promise<readonly Survivor[]> {
  if (!(await hangUp(options, graceMs))) await kill(options);
  const survivors = await options.tree.allMembers();
  // A process that is dead but not yet taken out of its cgroup holds the folder for a moment.
  for (let round = 0; options.cgroup?.remove() === false && survivors.length === 0 && round < KILL_ROUNDS; round += 1) {
    await delay(FIRST_POLL_MS);
  }
  return survivors.map(({ pid, command }) => ({ pid, command }));
}

/** The gentle part. True when nothing is left of the session. */
async function hangUp({ tree, shellExited, now, release }: LadderOptions, graceMs: number): Promise<boolean> {
  const begun = now();
  const until = begun + graceMs;
  const reminders = REMINDERS_MS.map((ms) => begun + ms);
  const notified = new Set<number>();
  let shellIsGone = false;
  const goneShell = shellExited.then(() => {
    shellIsGone = true;
  });
  let pause = FIRST_POLL_MS;
  let isHeldUp = false;
  for (;;) {
    const everyone = await tree.allMembers();
    if (everyone.length === 0) return true;
    if (graceMs <= 0) return false;
    const { sandbox } = tree;
    const members = everyone.filter((member) => !tree.isAround(member));
    if (sandbox !== null && !isHeldUp) {
      // A sandbox ends with its shell. While its keeper is stopped it does not, and all in it have their time.
      isHeldUp = true;
      await tree.signal([sandbox.init], ['SIGCONT']);
      await tree.signal([sandbox.keeper], ['SIGSTOP']);
    }
    const newcomers = members.filter((member) => !notified.has(member.pid));
    for (const { pid } of newcomers) notified.add(pid);
    // SIGCONT, because a stopped process would not get its SIGHUP.
    await tree.signal(newcomers, ['SIGHUP', 'SIGCONT']);
    await release?.();

    let remaining: ProcessEntry[] = members;
    if (members.length === 0 && sandbox !== null) {
      await tree.signal([sandbox.keeper], ['SIGCONT']);
      remaining = everyone;
    }
    while (remaining.length > 0) {
      const left = until - now();
      if (left <= 0) return false;
      const waitMs = Math.min(pause, left);
      await (shellIsGone ? delay(waitMs) : withDeadline(goneShell, waitMs, undefined));
      pause = Math.min(pause * 2, LONGEST_POLL_MS);
      remaining = await tree.remaining(remaining);
      const due = reminders[0];
      if (due !== undefined && now() >= due) {
        reminders.shift();
        await tree.signal(
          remaining.filter((member) => tree.isShell(member)),
          ['SIGHUP'],
        );
      }
    }
  }
}

async function kill({ tree, cgroup, release }: LadderOptions): Promise<void> {
  let pause = FIRST_POLL_MS;
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    cgroup?.kill();
    const members = await tree.allMembers();
    if (members.length === 0) return;
    // All are stopped before the first is killed, so that none can start others meanwhile.
    await tree.signal(members, ['SIGSTOP']);
    await tree.signal(members, ['SIGKILL']);
    await release?.();
    await delay(pause);
    pause = Math.min(pause * 2, LONGEST_POLL_MS);
  }
}
