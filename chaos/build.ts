import { buildOutdated, inProduction } from '../scripts/vite-build.ts';

/** Builds the window's side if it is missing or older than its sources: who starts the whole app needs it. */
export async function setup(): Promise<void> {
  await inProduction(() => buildOutdated(['renderer']));
}
