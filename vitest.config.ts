import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const integration = '{shared,electron,renderer,scripts,bench,chaos}/**/*.integration.test.{ts,tsx}';

/** Tests lie beside their source. */
export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 20_000,
    restoreMocks: true,
    // A second try shows what is flaky (npm test names it); on a developer's machine the first failure counts.
    retry: process.env.SANDGLASS_TEST_RETRIES === '1' ? 1 : 0,
    // Integration tests wait for shells, containers, browsers and whole apps: three at a time suit the smallest machine.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{shared,electron,renderer,scripts,bench,chaos}/**/*.test.{ts,tsx}'],
          exclude: ['**/node_modules/**', integration],
          setupFiles: ['scripts/testing/refuse-processes.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [integration],
          exclude: ['**/node_modules/**'],
          globalSetup: ['scripts/testing/build-windows.ts'],
          pool: 'forks',
        },
      },
    ],
  },
});
