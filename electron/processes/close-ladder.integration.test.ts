import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  isAlive,
  leftovers,
  startScript,
  startShell,
  testBackend,
  testCgroupParent,
} from '../backends/testing/shells.ts';

let cgroups: Awaited<ReturnType<typeof testCgroupParent>>;

beforeAll(async () => {
  cgroups = await testCgroupParent();
});

afterAll(() => {
  cgroups[Symbol.dispose]();
  expect(leftovers()).toEqual([]);
});

/** Prints `pid=<n>.` from a process that is made to outlive its shell, then the shell waits. */
const stubborn = {
  'ignores SIGHUP': 'sh -c \'trap "" HUP TERM; echo "pid=$$."; while :; do sleep 1000; done\' & wait',
  'was double-forked and called setsid':
    '(setsid sh -c \'trap "" HUP; echo "pid=$$."; exec sleep 1000\' &); sleep 1000',
  'is stopped': 'sh -c \'echo "pid=$$."; kill -STOP $$\' & wait',
};

async function pidOf(shell: Awaited<ReturnType<typeof startScript>>): Promise<number> {
  const match = await shell.until(/pid=(\d+)\./);
  return Number(match[1]);
}

describe.each([
  ['by walking the tree', () => testBackend({ cgroupParent: { none: true } }), 'tree'],
  ['with a cgroup', () => testBackend({ cgroupParent: cgroups.folder }), 'cgroup'],
] as const)('%s', (_, backend, containment) => {
  test.each(Object.entries(stubborn))('a process that %s is ended', async (_name, script) => {
    const shell = await startScript(backend(), script);
    expect(shell.process.containment).toBe(containment);
    const pid = await pidOf(shell);
    expect(isAlive(pid)).toBe(true);
    expect(await shell.process.terminate(50)).toEqual({ survivors: [] });
    expect(isAlive(pid)).toBe(false);
  });

  test('what a shell that exited by itself has left behind is ended', async () => {
    const shell = await startScript(
      backend(),
      'setsid sh -c \'trap "" HUP; echo "pid=$$."; exec sleep 1000\' & read x',
    );
    const pid = await pidOf(shell);
    shell.type('go');
    await shell.exit;
    expect(isAlive(pid)).toBe(true);
    expect(await shell.process.terminate(50)).toEqual({ survivors: [] });
    expect(isAlive(pid)).toBe(false);
  });

  test('an idle shell does not take the whole grace, and a second call gives the first report', async () => {
    const shell = await startShell(backend(), { shell: '/bin/bash', args: ['--norc'] });
    await shell.until(/ready> /);
    const started = performance.now();
    const first = shell.process.terminate(10_000);
    const second = shell.process.terminate(0);
    expect(await first).toBe(await second);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await shell.exit).toEqual({ exitCode: null, signal: 'SIGHUP' });
  });

  test('a paused reader does not hold it up', async () => {
    const shell = await startScript(backend(), 'trap "" HUP; echo ready; yes');
    await shell.until(/ready/);
    shell.process.pause();
    expect(await shell.process.terminate(50)).toEqual({ survivors: [] });
    expect((await shell.exit).signal).toBe('SIGKILL');
  });

  test('a shell that floods is silent after it has settled, and can still be ended gently', async () => {
    const shell = await startScript(backend(), 'yes');
    await shell.until(/y/);
    await shell.process.settle(2000);
    const before = shell.text().length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(shell.text().length).toBe(before);
    expect(await shell.process.terminate(5000)).toEqual({ survivors: [] });
    expect((await shell.exit).signal).toBe('SIGHUP');
  });

  test('the CPU time of its processes is counted', async () => {
    const shell = await startScript(backend(), 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo ready; read x');
    await shell.until(/ready/);
    expect(await shell.process.cpuTimeMs()).toBeGreaterThanOrEqual(10);
    await shell.process.terminate(0);
  });
});

test('with a cgroup, a process that was double-forked with an empty environment is ended, and no cgroup is left', async () => {
  const backend = testBackend({ cgroupParent: cgroups.folder });
  const script = '(env -i setsid /bin/sh -c \'trap "" HUP; echo "pid=$$."; exec sleep 1000\' &); read x';
  const shell = await startScript(backend, script);
  const pid = await pidOf(shell);
  shell.type('go');
  await shell.exit;
  expect(isAlive(pid)).toBe(true);
  expect(await shell.process.terminate(20)).toEqual({ survivors: [] });
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(`${cgroups.folder}/sandglass-${process.pid}-${shell.sessionId}`)).toBe(false);
});

test('where only systemd can make cgroups, the session gets a scope, which ends with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-scope-'));
  const systemdRun = join(folder, 'systemd-run');
  // What systemd-run does for a scope, without a systemd: makes the cgroup, enters it, becomes the command.
  const script = [
    '#!/bin/sh',
    'while [ "$1" != -- ]; do case $1 in --unit=*) unit=$(echo "$1" | cut -c8-);; esac; shift; done; shift',
    `[ -z "$unit" ] || { mkdir "${cgroups.folder}/$unit"; echo 0 >"${cgroups.folder}/$unit/cgroup.procs"; }`,
    'exec "$@"',
  ];
  writeFileSync(systemdRun, script.join('\n'), { mode: 0o755 });
  const backend = testBackend({ cgroupParent: '/nonexistent', systemdRun });
  const shell = await startScript(backend, '(env -i setsid /bin/sh -c \'echo "pid=$$."; exec sleep 1000\' &); read x');
  expect(shell.process.containment).toBe('cgroup');
  const pid = await pidOf(shell);
  expect(await shell.process.terminate(20)).toEqual({ survivors: [] });
  expect(isAlive(pid)).toBe(false);
  expect(readdirSync(cgroups.folder).filter((name) => name.endsWith('.scope'))).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('a start that fails leaves no cgroup', async () => {
  const backend = testBackend({ cgroupParent: cgroups.folder });
  await expect(startShell(backend, { args: ['x'.repeat(3_000_000)] })).rejects.toThrow('did not start');
  expect(readdirSync(cgroups.folder).filter((name) => name.startsWith(`sandglass-${process.pid}-`))).toEqual([]);
});

test('an app that goes at once can kill every session', async () => {
  const backend = testBackend({ cgroupParent: cgroups.folder });
  const shell = await startScript(backend, 'trap "" HUP TERM; echo "pid=$$."; while :; do sleep 1000; done');
  const pid = await pidOf(shell);
  backend.killAllNow();
  expect((await shell.exit).signal).toBe('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
  await shell.process.terminate(0);
});
