import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffAfter, DEFAULT_RETRY, retryAfterMs } from './backoff.ts';

const rule = fc
  .record({
    attempts: fc.integer({ min: 1, max: 50 }),
    initialBackoffMs: fc.integer({ min: 100, max: 3_600_000 }),
    maxBackoffMs: fc.integer({ min: 100, max: 86_400_000 }),
  })
  .filter((each) => each.maxBackoffMs >= each.initialBackoffMs);
const failures = fc.integer({ min: 1, max: 1_000_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const asked = fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { nil: null });

describe('the pause after a failed try', () => {
  test('is never longer than the longest, whatever a receiver asks for', () => {
    fc.assert(
      fc.property(rule, failures, random, asked, (each, count, at, wanted) => {
        const pause = backoffAfter(each, count, at, wanted);
        expect(pause).toBeGreaterThan(0);
        expect(pause).toBeLessThanOrEqual(each.maxBackoffMs);
      }),
    );
  });

  test('is never shorter than half of what the rule says', () => {
    fc.assert(
      fc.property(rule, failures, random, asked, (each, count, at, wanted) => {
        const full = Math.min(each.maxBackoffMs, each.initialBackoffMs * 4 ** Math.min(count - 1, 30));
        expect(backoffAfter(each, count, at, wanted)).toBeGreaterThanOrEqual(Math.floor(full / 2));
      }),
    );
  });

  test('does not get shorter from one failure to the next', () => {
    fc.assert(
      fc.property(rule, failures, random, (each, count, at) => {
        expect(backoffAfter(each, count + 1, at, null)).toBeGreaterThanOrEqual(backoffAfter(each, count, at, null));
      }),
    );
  });

  test('is as long as the receiver asks, within the longest', () => {
    fc.assert(
      fc.property(rule, failures, random, fc.integer({ min: 0, max: 100_000_000 }), (each, count, at, wanted) => {
        const pause = backoffAfter(each, count, at, wanted);
        expect(pause).toBeGreaterThanOrEqual(Math.min(wanted, each.maxBackoffMs));
        expect(pause).toBe(Math.max(backoffAfter(each, count, at, null), Math.min(wanted, each.maxBackoffMs)));
      }),
    );
  });

  test('spreads what failed at the same time', () => {
    const pauses = [0, 0.25, 0.5, 0.75].map((at) => backoffAfter(DEFAULT_RETRY, 3, at, null));
    expect(new Set(pauses).size).toBe(4);
  });

  test('begins with seconds and makes up days in all by default', () => {
    const all = Array.from({ length: DEFAULT_RETRY.attempts - 1 }, (_, index) =>
      backoffAfter(DEFAULT_RETRY, index + 1, 0.5, null),
    );
    expect(all[0]).toBeLessThanOrEqual(5_000);
    const hours = all.reduce((sum, each) => sum + each, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(24);
    expect(hours).toBeLessThan(96);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 21, 12, 0, 0);

  test('is read in seconds and as a date', () => {
    expect(retryAfterMs('120', now)).toBe(120_000);
    expect(retryAfterMs(' 0 ', now)).toBe(0);
    expect(retryAfterMs('Sat, 21 Nov 2026 12:00:30 GMT', now)).toBe(30_000);
    expect(retryAfterMs('Sat, 21 Nov 2026 11:00:00 GMT', now)).toBe(0);
  });

  test.each([null, '', 'soon', '-5', '1.5', '99999999999', '2026-11-21', `Sat${' '.repeat(100)}`, 'Saturn'])(
    'that makes no sense says nothing: %j',
    (text) => {
      expect(retryAfterMs(text, now)).toBeNull();
    },
  );
});
