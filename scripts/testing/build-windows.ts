import { buildOutdated, inProduction } from '../vite-build.ts';

/** Before the integration tests: builds the window as it is shipped, and the one with a made-up core, where sources are newer. */
export async function setup(): Promise<void> {
  await inProduction(() => buildOutdated(['renderer', 'test-window']));
}
