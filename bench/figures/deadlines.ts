import { setTimeout as delay } from 'node:timers/promises';
import { createSessionMetrics } from '../../electron/metrics/session-metrics.ts';
import { createManager, NO_RECORDERS } from '../core.ts';
import type { Result } from '../report.ts';
import { standIn } from '../stand-in.ts';
import { quantile, summarize } from '../statistics.ts';
import type { Figure } from './figure.ts';

interface Lateness {
  readonly ms: number[];
  readonly cpuMs: number;
}

/** Calls back `count` times over `spreadMs`, evenly, and resolves after the last. */
async function pace(count: number, spreadMs: number, call: () => void): Promise<void> {
  const startedMs = performance.now();
  for (let done = 0; done < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - startedMs) / spreadMs) * count) + 1);
    for (; done < due; done++) call();
    await delay(1);
  }
}

async function cpuOf(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1_000;
}

async function sessions(count: number, spreadMs: number, seconds: number): Promise<Lateness> {
  const ms: number[] = [];
  const all = Promise.withResolvers<void>();
  const metrics = createSessionMetrics(() => Date.now());
  const manager = createManager({
    backend: standIn,
    recorders: NO_RECORDERS,
    profile: { limits: { maxDurationSeconds: seconds, idleTimeoutSeconds: 0, warnBeforeSeconds: [1] } },
    metrics: {
      ...metrics,
      lateness(late) {
        ms.push(late);
        if (ms.length === count) all.resolve();
      },
    },
  });
  await pace(count, spreadMs, () => void manager.open({ cols: 80, rows: 24 }));
  const cpuMs = await cpuOf(() => all.promise);
  await manager.quit();
  return { ms, cpuMs };
}

async function timers(count: number, spreadMs: number, seconds: number): Promise<Lateness> {
  const ms: number[] = [];
  const all = Promise.withResolvers<void>();
  await pace(count, spreadMs, () => {
    const dueMs = performance.now() + seconds * 1_000;
    setTimeout(() => {
      ms.push(performance.now() - dueMs);
      if (ms.length === count) all.resolve();
    }, seconds * 1_000);
  });
  return { ms, cpuMs: await cpuOf(() => all.promise) };
}

/** Lateness of deadlines that come evenly over some seconds, against bare timers. */
export const deadlines: Figure = {
  name: 'deadlines',
  async measure({ quick, progress }) {
    const count = quick ? 1_000 : 10_000;
    const spreadMs = quick ? 1_000 : 10_000;
    // The first has come when the last is set.
    const seconds = quick ? 2 : 12;
    const found: Record<'sessions' | 'timers', Lateness[]> = { sessions: [], timers: [] };
    for (let round = 1; round <= (quick ? 1 : 2); round++) {
      progress(`deadlines, round ${round}`);
      found.timers.push(await timers(count, spreadMs, seconds));
      found.sessions.push(await sessions(count, spreadMs, seconds));
    }
    const row = (name: string, unit: string, of: (lateness: Lateness) => number, most: number | null): Result => ({
      name,
      unit,
      product: summarize(found.sessions.map(of)),
      floor: { name: 'bare timers', value: summarize(found.timers.map(of)) },
      ratio: null,
      target: most === null ? null : { of: 'value', at: 'most', bound: most },
    });
    const what = `${count.toLocaleString('en')} deadlines in ${spreadMs / 1_000} s`;
    return [
      row(`Lateness of ${what}, p50`, 'ms', ({ ms }) => quantile(ms, 0.5), null),
      row(`Lateness of ${what}, p99`, 'ms', ({ ms }) => quantile(ms, 0.99), 50),
      row(`CPU for each of ${what}, and its session's end`, 'ms', ({ cpuMs }) => cpuMs / count, null),
    ];
  },
};
