import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from '@playwright/test';
import { projectRoot } from '../../scripts/project.ts';
import type { WebHost } from './host.ts';

/** A web host that serves, and the links it prints. */
export interface ServedApp {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<number | null>;
  nextLink(): Promise<string>;
}

/** The web host itself, without a launcher. */
const WEB_HOST = [process.execPath, join(projectRoot, 'electron', 'hosts', 'web', 'serve.ts')] as const;

/**
 * Starts the web host.
 *
 * @param command what starts it, in the project's folder
 */
export function serve(
  environment: Record<string, string>,
  command: readonly [string, ...string[]] = WEB_HOST,
): ServedApp {
  const [file, ...args] = command;
  // A launcher is ended with all that it started.
  const child = spawn(file, args, { cwd: projectRoot, env: environment, detached: command !== WEB_HOST });
  const exited = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null));
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const links: string[] = [];
  const waiting: ((link: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const link = /^Sandglass is at (\S+)$/.exec(line)?.[1];
    if (link === undefined) return;
    const next = waiting.shift();
    if (next === undefined) links.push(link);
    else next(link);
  });
  return {
    child,
    exited,
    nextLink() {
      const ready = links.shift();
      if (ready !== undefined) return Promise.resolve(ready);
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      waiting.push(resolve);
      exited.then((code) => reject(new Error(`The web host ended with ${code}: ${errors}`)), reject);
      return promise;
    },
  };
}

/** Starts the web host and signs this page in. */
export async function startWebHost(
  environment: Record<string, string>,
  page: Page,
  command?: readonly [string, ...string[]],
): Promise<WebHost> {
  const app = serve(environment, command);
  const usedLink = await app.nextLink();
  await page.goto(usedLink);
  return {
    kind: 'web',
    page,
    pid: app.child.pid ?? 0,
    exited: app.exited,
    origin: new URL(usedLink).origin,
    usedLink,
    freshLink() {
      app.child.stdin.write('\n');
      return app.nextLink();
    },
    async terminate() {
      const { pid, exitCode } = app.child;
      if (command !== undefined && pid !== undefined && exitCode === null) process.kill(-pid, 'SIGTERM');
      else if (exitCode === null) app.child.kill('SIGTERM');
      await app.exited;
    },
    async takeFile(folder, action) {
      const [download] = await Promise.all([page.waitForEvent('download'), action()]);
      const file = join(folder, download.suggestedFilename());
      await download.saveAs(file);
      return file;
    },
  };
}
