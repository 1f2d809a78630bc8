import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { leftovers, startScript, startShell, testBackend, testCgroupParent } from '../backends/testing/shells.ts';
import { parseStat } from './linux-stat.ts';

let cgroups: Awaited<ReturnType<typeof testCgroupParent>>;

beforeAll(async () => {
  cgroups = await testCgroupParent();
});

afterAll(() => {
  cgroups[Symbol.dispose]();
  expect(leftovers()).toEqual([]);
});

function isStopped(pid: number): boolean {
  return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.isStopped ?? false;
}

describe.each([
  ['by its cgroup', () => testBackend({ cgroupParent: cgroups.folder })],
  ['by signals', () => testBackend({ cgroupParent: { none: true } })],
])('a session frozen %s', (_name, backend) => {
  test('resumes as if nothing had been: the command in front stays in front', async () => {
    const shell = await startShell(backend(), { shell: '/bin/bash', args: ['--norc'] });
    await shell.until(/ready> /);
    shell.type('echo be"gin"; while read -r line; do echo "got $line"; done; echo over');
    // What is typed before that is the shell's own to read.
    await shell.until(/begin/);
    shell.type('one');
    await shell.until(/got one/);
    expect(await shell.process.freeze()).toBeNull();
    shell.type('two');
    expect(await shell.process.thaw()).toBeNull();
    await shell.until(/got two/);
    shell.process.write(Buffer.from('\x04'));
    await shell.until(/over/);
    expect(shell.text()).not.toContain('Stopped');
    await shell.process.terminate(1000);
  });

  test('a command in front that the shell waits for is not taken for stopped', async () => {
    const shell = await startShell(backend(), { shell: '/bin/bash', args: ['--norc'] });
    await shell.until(/ready> /);
    shell.type('sh -c \'echo be"gin"; while read -r line; do echo "got $line"; done\'');
    await shell.until(/begin/);
    shell.type('one');
    await shell.until(/got one/);
    for (let round = 0; round < 5; round += 1) {
      expect(await shell.process.freeze()).toBeNull();
      expect(await shell.process.thaw()).toBeNull();
    }
    shell.type('two');
    await shell.until(/got two/);
    expect((await shell.process.foreground()).command).toBe('sh');
    expect(shell.text()).not.toContain('Stopped');
    await shell.process.terminate(1000);
  });

  test('what the user had stopped stays stopped', async () => {
    const shell = await startScript(backend(), 'sh -c \'echo "pid=$$."; kill -STOP $$; echo awake\' & wait');
    const pid = Number((await shell.until(/pid=(\d+)\./))[1]);
    await vi.waitFor(() => expect(isStopped(pid)).toBe(true));
    await shell.process.freeze();
    await shell.process.thaw();
    expect(isStopped(pid)).toBe(true);
    expect(shell.text()).not.toContain('awake');
    await shell.process.terminate(1000);
  });

  test('a process that left its parent is held as well', async () => {
    const loop = 'n=0; while :; do n=$((n+1)); echo $n; done';
    const shell = await startScript(backend(), `(setsid sh -c '${loop}' &); exec sleep 1000`);
    await shell.until(/\d\r\n/);
    await shell.process.freeze();
    let before = -1;
    await vi.waitFor(() => {
      const { length } = shell.chunks;
      const isQuiet = length === before;
      before = length;
      expect(isQuiet).toBe(true);
    });
    await shell.process.thaw();
    await vi.waitFor(() => expect(shell.chunks.length).toBeGreaterThan(before));
    await shell.process.terminate(0);
  });

  test('can be ended while it is frozen, gently', async () => {
    const shell = await startScript(
      backend(),
      'trap "echo hangup; exit 5" HUP; echo ready; while :; do sleep 0.05; done',
    );
    await shell.until(/ready/);
    await shell.process.freeze();
    await shell.process.settle(100);
    expect(await shell.process.terminate(10_000)).toEqual({ survivors: [] });
    expect(await shell.exit).toEqual({ exitCode: 5, signal: null });
    expect(shell.text()).toContain('hangup');
  });

  test('of a shell that has ended there is nothing to freeze', async () => {
    const shell = await startScript(backend(), 'exit 0');
    await shell.exit;
    expect(await shell.process.freeze()).toBe('The shell has ended.');
    expect(await shell.process.thaw()).toBe('The shell has ended.');
    await shell.process.terminate(0);
  });
});
