import { DURATION_BUCKETS_SECONDS, type Metrics } from '../../shared/metrics.ts';
import type { EndReason } from '../../shared/session.ts';

/** Counts what happens to sessions, from the moment it is made. Every method is cheap enough for each byte's way. */
export interface SessionMetrics {
  /** Also for a session whose start then fails. */
  started(): void;
  /** Once for each that was started, with its length in seconds. */
  ended(reason: EndReason, durationSeconds: number): void;
  /** A limit of a session has run out. */
  expired(): void;
  /** A deadline fired this many milliseconds after its time; less than none counts as none. */
  lateness(ms: number): void;
  /** Bytes from the program, and to it. */
  bytes(out: number, into: number): void;
  /** The sweep ended a session that its own timer had missed. */
  swept(): void;
  /** A session was refused because as many as may be were running. */
  refused(): void;
  /** All counts as they are now; ages in seconds are those of the sessions that are active. */
  snapshot(activeAgesSeconds: readonly number[]): Metrics;
}

/** @param clock gives milliseconds since the Unix epoch */
export function createSessionMetrics(clock: () => number): SessionMetrics {
  const startedAt = clock();
  const endedByReason = new Map<EndReason, number>();
  /** One count for each bucket, and one for what is longer than all of them. */
  const durations = new Array<number>(DURATION_BUCKETS_SECONDS.length + 1).fill(0);
  let total = 0;
  let expired = 0;
  let deadlines = 0;
  let maxLatenessMs = 0;
  let bytesOut = 0;
  let bytesIn = 0;
  let swept = 0;
  let refused = 0;

  return {
    started() {
      total += 1;
    },
    ended(reason, durationSeconds) {
      endedByReason.set(reason, (endedByReason.get(reason) ?? 0) + 1);
      const found = DURATION_BUCKETS_SECONDS.findIndex((upTo) => durationSeconds <= upTo);
      const bucket = found === -1 ? DURATION_BUCKETS_SECONDS.length : found;
      durations[bucket] = (durations[bucket] ?? 0) + 1;
    },
    expired() {
      expired += 1;
    },
    lateness(ms) {
      deadlines += 1;
      maxLatenessMs = Math.max(maxLatenessMs, ms);
    },
    bytes(out, into) {
      bytesOut += out;
      bytesIn += into;
    },
    swept() {
      swept += 1;
    },
    refused() {
      refused += 1;
    },
    snapshot(activeAgesSeconds) {
      return {
        startedAt,
        total,
        active: activeAgesSeconds.length,
        ...describeAges(activeAgesSeconds),
        endedByReason: Object.fromEntries(endedByReason),
        durations: durations.map((count, index) => ({ upToSeconds: DURATION_BUCKETS_SECONDS[index] ?? null, count })),
        expired,
        lateness: { count: deadlines, maxMs: maxLatenessMs },
        bytesOut,
        bytesIn,
        swept,
        refused,
      };
    },
  };
}

function describeAges(
  ages: readonly number[],
): Pick<Metrics, 'oldestAgeSeconds' | 'newestAgeSeconds' | 'averageAgeSeconds'> {
  if (ages.length === 0) return { oldestAgeSeconds: null, newestAgeSeconds: null, averageAgeSeconds: null };
  let oldest = Number.NEGATIVE_INFINITY;
  let newest = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (const age of ages) {
    oldest = Math.max(oldest, age);
    newest = Math.min(newest, age);
    sum += age;
  }
  return { oldestAgeSeconds: oldest, newestAgeSeconds: newest, averageAgeSeconds: sum / ages.length };
}
