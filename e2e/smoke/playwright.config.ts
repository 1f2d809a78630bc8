import { defineConfig } from '@playwright/test';

/** The smoke test of a packaged app: npm run smoke. */
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/smoke',
  forbidOnly: true,
  workers: 1,
  retries: process.env.SANDGLASS_TEST_RETRIES === '1' ? 1 : 0,
  // The first start on a machine reads everything from the disk, and systems check what they have not seen before.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: { actionTimeout: 30_000 },
});
