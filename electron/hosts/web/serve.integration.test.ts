import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';

let home: string;
const running: ChildProcessWithoutNullStreams[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sandglass-serve-'));
  await writeFile(join(home, 'index.html'), '<!doctype html><title>Sandglass</title>');
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  await rm(home, { recursive: true, force: true });
});

function serve(...args: string[]) {
  return serveAt(home, ...args);
}

function serveAt(dataHome: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'serve.ts'), '--renderer', home, ...args], {
    env: { ...process.env, SANDGLASS_HOME: dataHome, SANDGLASS_PORT: '' },
  });
  running.push(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    exit: once(child, 'exit').then(([code]): unknown => code),
    errors: () => errors,
    /** The next link it prints. */
    async link(): Promise<string> {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`It ended without a link: ${errors}`);
        const link = /^Sandglass is at (\S+)$/.exec(value)?.[1];
        if (link !== undefined) return link;
      }
    },
  };
}

const status = async (url: string): Promise<number> => (await fetch(url, { redirect: 'manual' })).status;

test('prints a link that opens once, and a fresh one at Enter', async () => {
  const { child, link, exit } = serve();
  const first = await link();
  expect(await status(first)).toBe(303);
  expect(await status(first)).toBe(403);
  child.stdin.write('\n');
  expect(await status(await link())).toBe(303);
  child.kill('SIGINT');
  expect(await exit).toBe(0);
});

test('SIGTERM ends it in order', async () => {
  const { child, link, exit } = serve();
  await link();
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
});

test('a port in use, a missing build and a wrong option are said in words', async () => {
  const { link } = serve();
  const { port } = new URL(await link());
  const second = serveAt(join(home, 'other'), '--port', port);
  expect(await second.exit).toBe(1);
  expect(second.errors()).toContain(`Port ${port} is used by another program.`);
  const unbuilt = serveAt(join(home, 'other'), '--renderer', join(home, 'nowhere'));
  expect(await unbuilt.exit).toBe(1);
  expect(unbuilt.errors()).toContain('Run "npm run build" first');
  const wrong = serve('--prot');
  expect(await wrong.exit).toBe(2);
  expect(wrong.errors()).toContain('Usage:');
}, 60_000);

test('a second instance on the same data folder is told where the first one is, and leaves it alone', async () => {
  const first = serve();
  const link = await first.link();
  const second = serve();
  expect(await second.exit).toBe(1);
  expect(second.errors()).toContain(`already runs with this data folder (the web host, process ${first.child.pid})`);
  expect(second.errors()).toContain(`Use it at ${new URL(link).origin}`);
  expect(await status(link)).toBe(303);
  first.child.kill('SIGKILL');
  await first.exit;
  const third = serve();
  expect(await status(await third.link())).toBe(303);
}, 60_000);
