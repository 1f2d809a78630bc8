import { expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { withDeadline } from './with-deadline.ts';

/** A clock with one timer, which fires when the test wants. */
function clockOfOne(): Pick<Clock, 'setTimer'> & { fire: () => void; timers: number } {
  const clock = {
    fire: () => {},
    timers: 0,
    setTimer(_ms: number, callback: () => void) {
      clock.fire = callback;
      clock.timers += 1;
      return {
        [Symbol.dispose]() {
          clock.timers -= 1;
        },
      };
    },
  };
  return clock;
}

test('work that is done in time gives its result and leaves no timer', async () => {
  const clock = clockOfOne();
  expect(await withDeadline(Promise.resolve('done'), 10, 'late', clock)).toBe('done');
  expect(clock.timers).toBe(0);
});

test('work that fails in time rejects and leaves no timer', async () => {
  const clock = clockOfOne();
  await expect(withDeadline(Promise.reject(new Error('no')), 10, 'late', clock)).rejects.toThrow('no');
  expect(clock.timers).toBe(0);
});

test('work that takes longer gives the late value, and its later failure harms nothing', async () => {
  const clock = clockOfOne();
  const work = Promise.withResolvers<string>();
  const result = withDeadline(work.promise, 10, 'late', clock);
  clock.fire();
  expect(await result).toBe('late');
  work.reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
});
