import { type Clock, SYSTEM_TIMERS } from './clock.ts';

/**
 * Waits for work, but no longer than `ms`. The work itself is not stopped; what it comes to after that is ignored, a
 * failure included.
 *
 * @returns what the work resolves with, or `late` where that takes longer. Rejects as the work does.
 */
export async function withDeadline<T, L>(
  work: Promise<T>,
  ms: number,
  late: L,
  clock: Pick<Clock, 'setTimer'> = SYSTEM_TIMERS,
): Promise<T | L> {
  const deadline = Promise.withResolvers<L>();
  using _timer = clock.setTimer(ms, () => deadline.resolve(late));
  return await Promise.race([work, deadline.promise]);
}
