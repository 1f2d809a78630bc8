import type { Clock } from './clock.ts';

/** Waits for `work`, and no longer than `ms` milliseconds. Resolves with whether it was done by then; rejects as `work` does. */
export async function waitAtMost(
  clock: Pick<Clock, 'setTimer'>,
  ms: number,
  work: PromiseLike<unknown>,
): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  using _timer = clock.setTimer(ms, () => late.resolve(false));
  return await Promise.race([Promise.resolve(work).then(() => true as const), late.promise]);
}
