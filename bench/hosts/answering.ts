import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Answer, askSchema } from './messages.ts';

/** How finely the event loop's delay is looked at, in milliseconds. */
const RESOLUTION_MS = 1;

/** Answers the bench, in a host process: its link, its event loop's delay and its memory. Ends with the bench. */
export function answerBench(link: () => string, quit: () => Promise<void>): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const answer = (ask: string): Omit<Answer, 'id'> => {
    switch (ask) {
      case 'link':
        return { link: link() };
      case 'startDelay':
        delay.reset();
        delay.enable();
        return {};
      case 'stopDelay': {
        delay.disable();
        // The histogram counts the whole time between two looks: what is above its own interval is the delay.
        const above = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
        return { delayP99Ms: above(delay.percentile(99)), delayMaxMs: above(delay.max) };
      }
      default:
        globalThis.gc?.();
        return { residentBytes: process.memoryUsage.rss() };
    }
  };
  process.on('message', (message) => {
    const { id, ask } = askSchema.parse(message);
    process.send?.({ id, ...answer(ask) });
  });
  process.on('disconnect', () => {
    void quit().finally(() => process.exit());
  });
}
