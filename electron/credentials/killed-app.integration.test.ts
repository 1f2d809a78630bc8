import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { isAlive } from '../backends/testing/shells.ts';

const reportSchema = z.object({ removed: z.number(), folders: z.array(z.string()), pids: z.array(z.number()) });

interface App extends z.infer<typeof reportSchema> {
  readonly child: ChildProcess;
}

let home: string;
const apps: ChildProcess[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sandglass-killed-'));
});

afterEach(() => {
  for (const child of apps.splice(0)) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

/** Starts an app that opens two sessions with credentials. */
async function startApp(): Promise<App> {
  const script = fileURLToPath(new URL('testing/app-with-credentials.ts', import.meta.url));
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env.PATH, HOME: home, SANDGLASS_HOME: home, LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  apps.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, ...reportSchema.parse(JSON.parse(String(line))) };
}

/** The reaper of an app: its child that runs apart from it. */
function reaperOf(app: ChildProcess): number {
  const children = readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const command = readFileSync(`/proc/${entry}/cmdline`, 'latin1');
      return Number(stat.split(') ')[1]?.split(' ')[1]) === app.pid && command.includes('reaper');
    } catch {
      return false;
    }
  });
  expect(children).toHaveLength(1);
  return Number(children[0]);
}

async function killed(app: App): Promise<void> {
  const exited = once(app.child, 'exit');
  app.child.kill('SIGKILL');
  await exited;
}

describe.runIf(process.platform === 'linux')('an app that is gone', { timeout: 60_000 }, () => {
  test('leaves no credential when it quits', async () => {
    const app = await startApp();
    for (const folder of app.folders) expect(readdirSync(folder)).toEqual(['TOKEN']);
    const exited = once(app.child, 'exit');
    app.child.stdin?.write('quit\n');
    await exited;
    for (const folder of app.folders) expect(existsSync(folder)).toBe(false);
  });

  test('leaves none when it is killed: the reaper removes them with its sessions', async () => {
    const app = await startApp();
    await killed(app);
    await vi.waitFor(() => expect([app.folders.filter(existsSync), app.pids.filter(isAlive)]).toEqual([[], []]), {
      timeout: 20_000,
    });
    await vi.waitFor(() => expect(existsSync(dirname(app.folders[0] ?? ''))).toBe(false), { timeout: 20_000 });
  });

  test('leaves what the next one removes when its reaper is killed, too', async () => {
    const app = await startApp();
    process.kill(reaperOf(app.child), 'SIGKILL');
    await killed(app);
    for (const folder of app.folders) expect(existsSync(folder)).toBe(true);
    const next = await startApp();
    expect(next.removed).toBe(2);
    for (const folder of app.folders) expect(existsSync(folder)).toBe(false);
    const exited = once(next.child, 'exit');
    next.child.stdin?.write('quit\n');
    await exited;
    for (const pid of app.pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    rmSync(dirname(app.folders[0] ?? ''), { recursive: true, force: true });
  });
});
