import { availableParallelism } from 'node:os';
import { defineConfig } from '@playwright/test';
import { findBrowser } from '../scripts/find-browser.ts';
import type { RunnerOptions } from './runner/options.ts';

// Looked for once: the workers inherit what the main process found.
process.env.SANDGLASS_BROWSER ??= (await findBrowser())?.path;

/** The same specs over both hosts; what exists on one of them alone lies in a folder of its own. */
export default defineConfig<RunnerOptions>({
  testDir: 'specs',
  outputDir: '../test-results',
  fullyParallel: true,
  forbidOnly: true,
  // A second try shows what is flaky (npm test names it); on a developer's machine the first failure counts.
  retries: process.env.SANDGLASS_TEST_RETRIES === '1' ? 1 : 0,
  // Half of what a test takes is waiting.
  workers: Math.max(3, availableParallelism() - 1),
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: {
    actionTimeout: 15_000,
    navigationTimeout: 20_000,
    viewport: { width: 1_200, height: 760 },
    locale: 'en-US',
    colorScheme: 'light',
    screenshot: 'only-on-failure',
    // Pictures of a flooded terminal cost more than the terminal.
    trace: { mode: 'retain-on-failure', screenshots: false },
    launchOptions: { executablePath: process.env.SANDGLASS_BROWSER ?? '' },
  },
  // Globs are held against whole paths: a checkout may lie in a folder called web.
  projects: [
    { name: 'web', testIgnore: '**/e2e/specs/desktop/**', use: { hostKind: 'web' } },
    { name: 'desktop', testIgnore: '**/e2e/specs/web/**', use: { hostKind: 'desktop' } },
  ],
});
