import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Unit tests lie beside their source. */
export default defineConfig({
  test: {
    include: ['{shared,electron,renderer,scripts,bench,chaos}/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['chaos/build.ts'],
    pool: 'forks',
    // Most of these tests wait for shells, containers, browsers and whole apps: three at a time suit the smallest machine.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    restoreMocks: true,
    // A second try shows what is flaky (npm test names it); on a developer's machine the first failure counts.
    retry: process.env.SANDGLASS_TEST_RETRIES === '1' ? 1 : 0,
  },
});
