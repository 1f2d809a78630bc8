import { join } from 'node:path';
import { run } from './processes.ts';
import { projectRoot } from './project.ts';
import { buildOutdated } from './vite-build.ts';

/**
 * Serves the app to a browser until it is stopped. It prints the address by itself.
 *
 * @param args for the web host, as `--open` or `--port 8080`.
 * @param environment what the launcher was called with; the app and its shells get nothing else.
 * @returns the status it ended with.
 */
export async function serveWeb(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  await buildOutdated(['renderer']);
  const { status } = await run(process.execPath, [join(projectRoot, 'electron', 'hosts', 'web', 'serve.ts'), ...args], {
    env: { ...environment },
  });
  return status;
}
