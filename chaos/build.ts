import { buildOutdated } from '../scripts/vite-build.ts';

/** Builds the window's side if it is missing or older than its sources: who starts the whole app needs it. */
export async function setup(): Promise<void> {
  const mode = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    await buildOutdated(['renderer']);
  } finally {
    if (mode === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = mode;
  }
}
