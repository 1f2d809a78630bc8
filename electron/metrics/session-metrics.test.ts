import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DURATION_BUCKETS_SECONDS, metricsSchema } from '../../shared/metrics.ts';
import { END_REASONS } from '../../shared/session.ts';
import { createSessionMetrics } from './session-metrics.ts';

test('without sessions there are no ages, and every bucket is there', () => {
  const snapshot = createSessionMetrics(() => 1_000).snapshot([]);
  expect(snapshot).toMatchObject({
    startedAt: 1_000,
    total: 0,
    active: 0,
    oldestAgeSeconds: null,
    newestAgeSeconds: null,
    averageAgeSeconds: null,
    endedByReason: {},
  });
  expect(snapshot.durations).toHaveLength(DURATION_BUCKETS_SECONDS.length + 1);
  expect(metricsSchema.parse(snapshot)).toEqual(snapshot);
});

test('ages are those of the active sessions', () => {
  expect(createSessionMetrics(() => 0).snapshot([30, 10, 20])).toMatchObject({
    active: 3,
    oldestAgeSeconds: 30,
    newestAgeSeconds: 10,
    averageAgeSeconds: 20,
  });
});

test('a duration at a bucket’s bound is in that bucket, a longer one in the next', () => {
  const metrics = createSessionMetrics(() => 0);
  for (const seconds of [0, 10, 10.5, 86_400, 86_401]) metrics.ended('exited', seconds);
  const counts = metrics.snapshot([]).durations.filter(({ count }) => count > 0);
  expect(counts).toEqual([
    { upToSeconds: 10, count: 2 },
    { upToSeconds: 60, count: 1 },
    { upToSeconds: 86_400, count: 1 },
    { upToSeconds: null, count: 1 },
  ]);
});

test('lateness keeps the worst, and a deadline that was early counts as on time', () => {
  const metrics = createSessionMetrics(() => 0);
  metrics.lateness(-1);
  expect(metrics.snapshot([]).lateness).toEqual({ count: 1, maxMs: 0 });
  metrics.lateness(12);
  metrics.lateness(3);
  expect(metrics.snapshot([]).lateness).toEqual({ count: 3, maxMs: 12 });
});

test('bytes, swept and refused sessions add up', () => {
  const metrics = createSessionMetrics(() => 0);
  metrics.bytes(100, 1);
  metrics.bytes(50, 0);
  metrics.swept();
  metrics.refused();
  metrics.refused();
  expect(metrics.snapshot([])).toMatchObject({ bytesOut: 150, bytesIn: 1, swept: 1, refused: 2 });
});

test('every end is in one reason and one bucket', () => {
  const ends = fc.array(fc.tuple(fc.constantFrom(...END_REASONS), fc.double({ min: 0, max: 1e7, noNaN: true })));
  fc.assert(
    fc.property(ends, (list) => {
      const metrics = createSessionMetrics(() => 0);
      for (const [reason, seconds] of list) {
        metrics.started();
        metrics.ended(reason, seconds);
      }
      const snapshot = metricsSchema.parse(metrics.snapshot([]));
      const sum = (counts: (number | undefined)[]) => counts.reduce<number>((all, count) => all + (count ?? 0), 0);
      expect(snapshot.total).toBe(list.length);
      expect(sum(Object.values(snapshot.endedByReason))).toBe(list.length);
      expect(sum(snapshot.durations.map(({ count }) => count))).toBe(list.length);
    }),
  );
});

test('a snapshot does not change with what comes after it', () => {
  const metrics = createSessionMetrics(() => 0);
  const before = metrics.snapshot([]);
  metrics.ended('closed', 5);
  expect(before.endedByReason).toEqual({});
  expect(before.durations.every(({ count }) => count === 0)).toBe(true);
});
