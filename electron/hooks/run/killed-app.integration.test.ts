import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { isAlive, testCgroupParent } from '../../backends/testing/shells.ts';
import type { StandInHook } from './testing/stand-in-app.ts';

/** For a machine under load. */
const BOUND_MS = 20_000;
const reportSchema = z.object({ reaper: z.number().nullable() });

/** Children that go different ways, and a hook that does not listen. */
const STUBBORN = `#!/bin/sh
trap "" HUP INT TERM
folder=$(dirname "$0")
sleep 1000 & echo $! >"$folder/child"
(setsid sh -c 'echo $$ >"$1/forked"; exec sleep 1000' sh "$folder" >/dev/null 2>&1 &)
while ! [ -s "$folder/forked" ]; do sleep 0.01; done
echo $$ >"$folder/hook.pid"
while :; do sleep 1000; done
`;

describe.runIf(process.platform === 'linux')('an app that is killed while a hook runs', { timeout: 90_000 }, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-killed-'));
    writeFileSync(join(folder, 'run'), STUBBORN, { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const pidIn = (name: string): number => Number(readFileSync(join(folder, name), 'utf8'));
  const gone = (pids: readonly number[]): Promise<void> =>
    vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: BOUND_MS });

  /** Starts a stand-in for the app and resolves when its hook's process is there. */
  async function startApp(hook: Omit<StandInHook, 'folder' | 'file'>) {
    const script = fileURLToPath(new URL('testing/stand-in-app.ts', import.meta.url));
    const app = spawn(process.execPath, [script, JSON.stringify({ ...hook, folder, file: 'run' })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: app.stdout }), 'line');
    const report = reportSchema.parse(JSON.parse(String(line)));
    return {
      pid: app.pid ?? 0,
      reaper: report.reaper ?? 0,
      kill: async () => {
        const exited = once(app, 'exit');
        app.kill('SIGKILL');
        await exited;
      },
    };
  }

  test.each([
    ['in a cgroup', true],
    ['without cgroups', false],
  ])('leaves nothing of it (%s)', async (_, hasCgroup) => {
    using parent = await testCgroupParent();
    const options = hasCgroup
      ? { cgroupParent: parent.folder, systemdRun: '/nonexistent' }
      : { cgroupParent: { none: true } as const };
    const app = await startApp({ options, isHeld: false });
    const own = (): string[] => readdirSync(parent.folder).filter((name) => name.startsWith(`sandglass-${app.pid}-`));
    await vi.waitFor(() => expect(existsSync(join(folder, 'hook.pid'))).toBe(true), { timeout: BOUND_MS });
    expect(own()).toHaveLength(hasCgroup ? 1 : 0);
    const pids = ['child', 'forked', 'hook.pid'].map(pidIn);
    expect(pids.every(isAlive)).toBe(true);
    await app.kill();
    await gone([...pids, app.pid, app.reaper]);
    expect(own()).toEqual([]);
  });

  test('does not let it begin when nobody knows of it yet', async () => {
    const app = await startApp({ options: { cgroupParent: { none: true } }, isHeld: true });
    expect(isAlive(app.pid)).toBe(true);
    await app.kill();
    await gone([app.pid]);
    expect(existsSync(join(folder, 'hook.pid'))).toBe(false);
  });
});
