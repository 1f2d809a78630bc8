import { expect, test } from 'vitest';
import { createCrashGuard } from './crash-guard.ts';

test('a window that crashes now and then is loaded again, one that keeps crashing is not', () => {
  let now = 0;
  const mayReload = createCrashGuard(() => now);
  const answers: boolean[] = [];
  for (const time of [0, 50_000, 100_000, 101_000, 102_000]) {
    now = time;
    answers.push(mayReload());
  }
  expect(answers).toEqual([true, true, true, false, true]);
});
