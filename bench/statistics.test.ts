import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fastestRatio, median, pairedRatio, quantile, shuffled, summarize } from './statistics.ts';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

test('a median is the middle value, or halfway between the two', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow(RangeError);
});

test('a quantile lies between the smallest and the largest value, and grows with its share', () => {
  expect(quantile([0, 10, 20, 30, 40], 0.95)).toBeCloseTo(38);
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const found = quantile(all, share);
      expect(found).toBeGreaterThanOrEqual(Math.min(...all));
      expect(found).toBeLessThanOrEqual(Math.max(...all));
      expect(quantile(all, 1)).toBeGreaterThanOrEqual(found);
    }),
  );
});

test('a summary does not depend on the order of the rounds', () => {
  fc.assert(
    fc.property(values, (all) => {
      expect(summarize(all.toReversed())).toEqual(summarize(all));
    }),
  );
});

test('the spread is half the width of the middle half, relative to the median', () => {
  expect(summarize([80, 90, 100, 110, 120])).toEqual({ median: 100, min: 80, max: 120, spread: 0.1 });
});

test('a slow round of both changes no ratio', () => {
  expect(pairedRatio([90, 45, 90], [100, 50, 100]).median).toBeCloseTo(0.9);
  expect(() => pairedRatio([1], [1, 2])).toThrow(RangeError);
});

test('the ratio of the fastest rounds is not that of the slow ones', () => {
  const ratio = fastestRatio([60, 900, 70], [20, 25, 400]);
  expect(ratio.median).toBeCloseTo(3);
  expect(ratio.max).toBeCloseTo(36);
  expect(() => fastestRatio([1], [1, 2])).toThrow(RangeError);
});

test('shuffling loses nothing and adds nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      expect(shuffled(items).toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
    }),
  );
  const keys = [0.9, 0.1, 0.5];
  expect(shuffled(['a', 'b', 'c'], () => keys.shift() ?? 0)).toEqual(['b', 'c', 'a']);
});
