import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leftovers, startScript, type TestShell, testBackend } from '../testing/shells.ts';
import { ATTEMPTS, type Host } from './testing/attempts.ts';
import { type Answer, asOrdinaryUser, NOBODY } from './testing/ordinary-user.ts';
import { type Outcome, runInside, testSandboxes } from './testing/sandboxes.ts';

/**
 * A program in a sandbox tries to get out, by every way that is known to have worked somewhere. Each attempt must be stopped,
 * and by what is meant to stop it. All of them are made in sandboxes of this process's user, and in those of an ordinary one.
 */
const isRoot = process.getuid?.() === 0;
const wish = { folderAccess: 'read-write', resources: { memoryMiB: 256, pids: 64 } } as const;
let root: string;
let host: Host;
let other: TestShell;
const servers: Server[] = [];
let visitors = 0;
let corePattern: string;

beforeAll(async () => {
  corePattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
  root = mkdtempSync(join(tmpdir(), 'sandglass-escape-'));
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'shown'));
  writeFileSync(join(root, 'secret'), 'hidden\n');
  if (isRoot) chownSync(join(root, 'shown'), NOBODY, NOBODY);
  const listen = async (where: number | string): Promise<Server> => {
    const server = createServer((socket) => {
      visitors += 1;
      socket.destroy();
    });
    servers.push(server);
    await new Promise<void>((resolve) => {
      if (typeof where === 'number') server.listen(where, '127.0.0.1', resolve);
      else server.listen(where, resolve);
    });
    return server;
  };
  const address = (await listen(0)).address();
  const abstract = `sandglass-escape-${process.pid}`;
  await listen(`\0${abstract}`);
  other = await startScript(testBackend(), 'tty; read x');
  const terminal = (await other.until(/(\/dev\/pts\/\d+)/))[1] ?? '';
  const made = spawnSync('ipcmk', ['-M', '4096'], { encoding: 'utf8' }).stdout;
  host = {
    pid: process.pid,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    abstract,
    terminal,
    folder: root,
    shown: join(root, 'shown'),
    segment: Number(/(\d+)\s*$/.exec(made)?.[1]),
  };
});

afterAll(async () => {
  spawnSync('ipcrm', ['-m', String(host.segment)]);
  await other.process.terminate(0);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true, force: true });
  expect(visitors).toBe(0);
  expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(corePattern);
  for (const path of ['/usr/bin/planted', '/usr/planted', '/etc/planted', '/planted', '/dev/planted']) {
    expect(existsSync(path)).toBe(false);
  }
  expect(leftovers()).toEqual([]);
});

test('what is tried exists: without a sandbox it would be reached', () => {
  expect(host.port).toBeGreaterThan(0);
  expect(host.segment).toBeGreaterThanOrEqual(0);
  expect(readFileSync(join(root, 'secret'), 'utf8')).toBe('hidden\n');
  expect(existsSync(host.terminal)).toBe(true);
  expect(readdirSync('/proc').length).toBeGreaterThan(10);
});

describe.each([
  ['a sandbox of this user', inProcess],
  ['a sandbox of an ordinary user', inChild],
])('from %s', (_name, run) => {
  let outcomes: readonly Outcome[];

  beforeAll(async () => {
    outcomes = await run(ATTEMPTS.map((attempt) => attempt.script(host)));
  }, 120_000);

  test.each(ATTEMPTS.map((attempt, index) => ({ ...attempt, index })))('$name is stopped', (attempt) => {
    const text = outcomes[attempt.index]?.text ?? '';
    expect(text).toMatch(attempt.stoppedBy);
    if (attempt.never !== undefined) expect(text).not.toMatch(attempt.never);
    expect(text).not.toMatch(/^done: /m);
  });
});

async function inProcess(scripts: readonly string[]): Promise<readonly Outcome[]> {
  const backend = testSandboxes();
  const outcomes: Outcome[] = [];
  for (const script of scripts) outcomes.push(await runInside(backend, script, wish, { folder: host.shown }));
  return outcomes;
}

async function inChild(scripts: readonly string[]): Promise<Answer['outcomes']> {
  const { outcomes } = await asOrdinaryUser({ ...wish, folder: host.shown, scripts: [...scripts] });
  return outcomes;
}
