import { expect, test } from 'vitest';
import { TestClock } from '../testing/test-clock.ts';
import { Revocation, revocationSeconds } from './revocation.ts';

const MAX_REVOCATION_SECONDS = 60;

function revocation() {
  const clock = new TestClock();
  const ended: string[] = [];
  return { clock, ended, revocation: new Revocation(clock, (why) => ended.push(why)) };
}

test.each<[readonly number[], number]>([
  [[300, 60, 10], 10],
  [[5], 5],
  [[], 10],
  [[86_400], MAX_REVOCATION_SECONDS],
])('with warnings of %j a session stays open for %i s', (warnBeforeSeconds, seconds) => {
  expect(revocationSeconds(warnBeforeSeconds)).toBe(seconds);
});

test('a session that is revoked ends once, when its time is over', async () => {
  const { clock, ended, revocation: it } = revocation();
  expect(it.announce('first', [10])).toEqual({ deadline: 'policy', beforeSeconds: 10, stage: 0, last: true });
  await clock.advance(9_999);
  expect(ended).toEqual([]);
  expect(it.remainingMs).toBe(1);
  await clock.advance(1);
  expect(ended).toEqual(['first']);
  it.withdraw();
  it.check();
  expect(ended).toEqual(['first']);
  expect(clock.timers).toBe(0);
});

test('a second reason keeps the time of the first, and warns no more', async () => {
  const { clock, ended, revocation: it } = revocation();
  it.announce('first', [10]);
  await clock.advance(6_000);
  expect(it.announce('second', [10])).toBeNull();
  await clock.advance(4_000);
  expect(ended).toEqual(['second']);
});

test('a session that is allowed again in time stays, and may be revoked once more with its full time', async () => {
  const { clock, ended, revocation: it } = revocation();
  it.announce('first', [10]);
  await clock.advance(9_000);
  expect(it.withdraw()).toBe(true);
  expect([it.why, it.warning, it.remainingMs, it.overdueMs]).toEqual([null, null, null, null]);
  await clock.advance(60_000);
  expect(ended).toEqual([]);
  it.announce('again', [10]);
  expect(it.remainingMs).toBe(10_000);
});

test('time that the machine slept counts', () => {
  const { clock, ended, revocation: it } = revocation();
  it.announce('slept', [10]);
  clock.suspend(60_000);
  expect(it.overdueMs).toBe(50_000);
  it.check();
  expect(ended).toEqual(['slept']);
});
