import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Survivor } from '../../shared/session.ts';
import { withDeadline } from '../base/with-deadline.ts';
import type { ProcessEntry } from './process-table.ts';
import type { ProcessTree } from './process-tree.ts';

const run = promisify(execFile);

/** A shell's console, as far as the ladder needs it. */
export interface WindowsConsole {
  /** Closes the console, which asks every program on it to end. */
  hangUp(): void;
  /** Resolves when the shell's process has exited. */
  readonly exited: Promise<void>;
}

/**
 * The close ladder on Windows: closing the console asks every program on it to end; after `graceMs`, or when the shell
 * has gone, `taskkill` ends what is left of the tree. The tree is listed first: orphans do not name their parents.
 *
 * @returns the processes that could not be ended.
 */
export async function closeWindowsTree(
  tree: ProcessTree,
  console: WindowsConsole,
  graceMs: number,
): Promise<readonly Survivor[]> {
  const before = await tree.members();
  console.hangUp();
  await withDeadline(console.exited, graceMs, undefined);
  return killWindowsTree(tree, before);
}

/** Ends those of `members` that are still there with `taskkill`. @returns the processes that could not be ended. */
export async function killWindowsTree(
  tree: ProcessTree,
  members: readonly ProcessEntry[],
): Promise<readonly Survivor[]> {
  const left = await tree.remaining(members);
  if (left.length === 0) return [];
  const pids = left.flatMap(({ pid }) => ['/PID', String(pid)]);
  // It fails when one of them has just ended; what counts is what is there afterwards.
  await run('taskkill.exe', ['/F', '/T', ...pids], { timeout: 5000, windowsHide: true }).catch(() => {});
  return (await tree.remaining(left)).map(({ pid, command }) => ({ pid, command }));
}
