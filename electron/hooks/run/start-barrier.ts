import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { devNull } from 'node:os';
import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Cgroup } from '../../processes/cgroup.ts';
import { scopeCommand, scopeFolder } from '../../processes/cgroup-support.ts';
import { inheritable, stdioWithoutTerminals } from '../../processes/child-descriptors.ts';
import { findNow } from '../../processes/linux-processes.ts';
import type { ProcessIdentity, ProcessTable } from '../../processes/process-table.ts';
import { type Limit, scopeProperties } from '../../processes/resource-limits.ts';
import type { SessionCgroups } from '../../processes/session-cgroups.ts';
import type { HookStreams } from './streams.ts';

/** How many times a start is attempted if a terminal has slipped into it. */
const MAX_ATTEMPTS = 20;
/** How long a scope may take to come into being, and how often it is polled, in milliseconds. */
const SCOPE_TIMEOUT_MS = 2000;
const SCOPE_POLL_MS = 5;
/** The descriptor on which the barrier waits. */
const BARRIER_DESCRIPTOR = 3;
/** The exit status of a barrier that was never opened, because the app is gone. */
const NEVER_OPENED = 126;

/** Runs in the hook's own process before the executable does: waits for a word, and then becomes the executable. */
const BARRIER_SCRIPT = [
  `read -r word <&${BARRIER_DESCRIPTOR} && [ "$word" = go ] || exit ${NEVER_OPENED}`,
  `exec ${BARRIER_DESCRIPTOR}<&-`,
  'exec "$@"',
].join('\n');

/** A scope of systemd for a run, where cgroups cannot be made directly. */
interface ScopeRequest {
  readonly systemdRun: string;
  readonly limits: readonly Limit[];
}

export interface StartBarrierRequest {
  readonly runId: string;
  /** The executable's full path, and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly streams: HookStreams | null;
  readonly cgroups: SessionCgroups;
  readonly scope: ScopeRequest | null;
  readonly table: ProcessTable;
}

/** A hook's process that waits in its cgroup, with nothing of the executable run yet. */
export interface StartBarrier {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly leader: ProcessIdentity | null;
  readonly exited: Promise<HookExit>;
  /** Lets the executable run. */
  open(): void;
}

interface HookExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Starts the process that becomes a hook's executable, puts it into its cgroups, and makes sure that it got hold of no
 * session's terminal. It waits then. On Windows, which has no such way, it runs at once.
 *
 * @throws when the system refuses. Then nothing runs.
 */
export async function createStartBarrier(request: StartBarrierRequest): Promise<StartBarrier> {
  let { scope } = request;
  for (let attempts = 0; attempts < MAX_ATTEMPTS; ) {
    const barrier = await spawnBehindBarrier(request, scope);
    if (process.platform !== 'linux') return barrier;
    if (scope !== null) {
      const folder = await waitForScope(barrier, request.runId);
      if (folder === null) {
        // No scope after all: it is found as where there are none.
        await discard(barrier);
        scope = null;
        continue;
      }
      request.cgroups.hold(new Cgroup(folder));
    }
    // Terminals that another thread was opening meanwhile are not in what was kept from it.
    if (!hasTerminal(barrier.pid)) {
      if (scope === null && !request.cgroups.isEmpty) await request.cgroups.holds(barrier.pid);
      return barrier;
    }
    await discard(barrier);
    attempts += 1;
  }
  throw new Error('Terminals of sessions could not be kept from it');
}

async function spawnBehindBarrier(request: StartBarrierRequest, scope: ScopeRequest | null): Promise<StartBarrier> {
  const { runId, folder, environment, streams, table } = request;
  const isUnix = process.platform !== 'win32';
  const gated = isUnix
    ? (['/bin/sh', '-c', BARRIER_SCRIPT, 'sandglass', ...request.command] as const)
    : request.command;
  const [file, ...args] =
    scope === null ? gated : scopeCommand(scope.systemdRun, runId, scopeProperties(scope.limits), gated);
  const own = streams === null ? (['pipe', 'pipe', 'pipe'] as const) : [streams.input, streams.writer, streams.writer];
  const nothing = openSync(devNull, 'r+');
  let child: ChildProcess;
  try {
    child = spawn(file, args, {
      cwd: folder,
      env: environment,
      // A process session of its own: nothing that is meant for the app's group or terminal reaches it.
      detached: isUnix,
      stdio: isUnix ? stdioWithoutTerminals([...own, 'pipe'], nothing, linuxDescriptors()) : [...own],
      windowsHide: true,
    });
  } finally {
    closeSync(nothing);
  }
  if (child.pid === undefined) {
    const [error] = await once(child, 'error');
    throw error;
  }
  const exited = new Promise<HookExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const word = isUnix ? child.stdio[BARRIER_DESCRIPTOR] : null;
  const way = word instanceof Duplex ? word : null;
  // The process is gone, which its exit reports.
  way?.on('error', () => {});
  return {
    child,
    pid: child.pid,
    leader: process.platform === 'linux' ? findNow(child.pid) : await table.find(child.pid).catch(() => null),
    exited,
    open: () => void way?.end('go\n'),
  };
}

function linuxDescriptors(): number[] {
  return process.platform === 'linux' ? inheritable() : [];
}

/** Whether a process holds a pseudoterminal. */
function hasTerminal(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
      try {
        return /^\/dev\/(ptmx|pts\/)/.test(readlinkSync(`/proc/${pid}/fd/${descriptor}`));
      } catch {
        // Closed meanwhile.
        return false;
      }
    });
  } catch {
    // It has ended: then it holds nothing.
    return false;
  }
}

/** Ends a process that has not become the executable. */
async function discard(barrier: StartBarrier): Promise<void> {
  try {
    process.kill(-barrier.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
  await barrier.exited;
}

/** The folder of the scope in which it is; null when it does not come into one. */
async function waitForScope(barrier: StartBarrier, runId: string): Promise<string | null> {
  let hasExited = false;
  void barrier.exited.then(() => {
    hasExited = true;
  });
  for (let waited = 0; waited < SCOPE_TIMEOUT_MS && !hasExited; waited += SCOPE_POLL_MS) {
    const folder = await scopeFolder(barrier.pid, runId);
    if (folder !== null) return folder;
    await delay(SCOPE_POLL_MS);
  }
  return null;
}
