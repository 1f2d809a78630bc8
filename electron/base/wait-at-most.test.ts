import { expect, test } from 'vitest';
import { TestClock } from '../sessions/testing/test-clock.ts';
import { waitAtMost } from './wait-at-most.ts';

test('work that is done in time is said to be, and its timer is gone', async () => {
  const clock = new TestClock();
  const work = Promise.withResolvers<string>();
  const waiting = waitAtMost(clock, 1_000, work.promise);
  expect(clock.timers).toBe(1);
  work.resolve('done');
  expect(await waiting).toBe(true);
  expect(clock.timers).toBe(0);
});

test('work that takes longer is left to itself', async () => {
  const clock = new TestClock();
  const waiting = waitAtMost(clock, 1_000, new Promise(() => {}));
  await clock.advance(1_000);
  expect(await waiting).toBe(false);
  expect(clock.timers).toBe(0);
});

test('work that fails fails the wait', async () => {
  const clock = new TestClock();
  await expect(waitAtMost(clock, 1_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(clock.timers).toBe(0);
});
