import { uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { linuxProcesses } from '../processes/linux-processes.ts';
import type { ProcessTable } from '../processes/process-table.ts';
import { shareTable } from '../processes/shared-table.ts';
import type { Survival } from '../processes/tracker.ts';
import { awaitAdoption } from './await-adoption.ts';
import { readLines } from './lines.ts';
import { parseMessage } from './messages.ts';
import { reapContainers } from './reap-containers.ts';
import { reapSession } from './reap-sessions.ts';
import { addressKey, TrackedSessions } from './tracked-sessions.ts';

/** How long the reaper runs after the app's end at most, in milliseconds. What is left then is swept at the next launch. */
const REAPING_MS = 30_000;
/** First and longest interval at which the app's end is polled, in milliseconds. */
const FIRST_POLL_MS = 10;
const LONGEST_POLL_MS = 250;

/** What the reaper takes from outside. */
export interface ReaperInput {
  /** What the app writes; its end is the app's end. */
  readonly input: AsyncIterable<Buffer>;
  /** Whether the app with this pid is gone. */
  isGone(app: number): boolean;
  /** How long it runs after the end of the input, in milliseconds; another time for tests. */
  readonly limitMs?: number;
  /** How often the engine is polled for containers that outlive the app, in milliseconds; another time for tests. */
  readonly pollMs?: number;
}

/** The helper that outlives the app for a moment. */
export interface ReaperRun {
  /** Something would be left if it ended now. */
  readonly isNeeded: boolean;
  /** What outlives the app waits no longer for another one: it is removed now. Before the app's end it does nothing. */
  hurry(): void;
  /** Resolves when there is nothing more to do. */
  readonly finished: Promise<void>;
}

/**
 * Listens until the app's end, then removes what it has left: SIGHUP, and half a second later SIGKILL, for its sessions'
 * processes; by force for its containers. Containers that outlive a crash stay until they are due or another app has
 * taken them over, and so does the reaper. Lines that are not understood are left out.
 *
 * The end of the input alone is not enough: if the app still lives, its sessions do, and nothing is touched.
 */
export function startReaper({ input, isGone, limitMs = REAPING_MS, pollMs }: ReaperInput): ReaperRun {
  const tracked = new TrackedSessions();
  const hurry = new AbortController();
  let isReaping = false;
  const run = async (): Promise<void> => {
    // Loaded now: the files may be others by the time it is needed.
    const table = shareTable(await processTable());
    for await (const line of readLines(input)) {
      const message = parseMessage(line);
      if (message !== null) tracked.apply(message);
    }
    const { app } = tracked;
    if (app === null) return;
    const signal = AbortSignal.timeout(limitMs);
    if (!tracked.isDone && !(await waitForEnd(() => isGone(app.pid), signal))) return;
    isReaping = true;
    const sinceMs = uptimeMs();
    const work = [...tracked.sessions].map(([id, session]) =>
      reapSession(id, session, { table, roots: app.roots, signal }),
    );
    for (const { address, owner } of tracked.engines) {
      const key = addressKey(address);
      const remaining = [...tracked.containers].filter(([, at]) => addressKey(at.address) === key);
      const surviving = new Map<string, Survival>();
      // What a quit leaves has been ended, and outlives nothing.
      for (const [id, { survival }] of remaining) if (survival !== null && !tracked.isDone) surviving.set(id, survival);
      const containers = remaining.map(([id]) => id).filter((id) => !surviving.has(id));
      // An app that quits knows all of its containers.
      const isAll = owner !== null && !tracked.isDone;
      if (containers.length > 0 || isAll)
        work.push(reapContainers({ address, containers, owner, isAll, spared: new Set(surviving.keys()), signal }));
      const poll = pollMs === undefined ? {} : { pollMs };
      const waiting = { address, owner, containers: surviving, sinceMs, uptimeMs, hurry: hurry.signal, ...poll };
      work.push(awaitAdoption(waiting));
    }
    await Promise.allSettled(work);
  };
  return {
    get isNeeded() {
      return !tracked.isEmpty;
    },
    hurry() {
      if (isReaping) hurry.abort();
    },
    finished: run(),
  };
}

/** The machine's uptime in milliseconds: it counts suspended time, and does not follow the wall clock. */
function uptimeMs(): number {
  return uptime() * 1000;
}

async function waitForEnd(isGone: () => boolean, signal: AbortSignal): Promise<boolean> {
  for (let pause = FIRST_POLL_MS; !isGone(); pause = Math.min(pause * 2, LONGEST_POLL_MS)) {
    await delay(pause, undefined, { signal }).catch(() => {
      // Handled below.
    });
    if (signal.aborted) return isGone();
  }
  return true;
}

/** Whether the app that started this process is gone. */
export function isAppGone(app: number): boolean {
  // A process that has lost its parent gets another one, as soon as the parent has ended and before its pid can be reused.
  if (process.platform !== 'win32') return process.ppid !== app;
  try {
    process.kill(app, 0);
    return false;
  } catch {
    return true;
  }
}

async function processTable(): Promise<ProcessTable> {
  if (process.platform === 'linux') return linuxProcesses;
  const { cimProcesses, psProcesses } = await import('../processes/other-processes.ts');
  return process.platform === 'win32' ? cimProcesses : psProcesses;
}
