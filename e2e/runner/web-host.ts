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

/** Starts the web host. */
export function serve(environment: Record<string, string>): ServedApp {
  const child = spawn(process.execPath, [join(projectRoot, 'electron', 'web', 'serve.ts')], {
    cwd: projectRoot,
    env: environment,
  });
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
export async function startWebHost(environment: Record<string, string>, page: Page): Promise<WebHost> {
  const app = serve(environment);
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
      if (app.child.exitCode === null) app.child.kill('SIGTERM');
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
