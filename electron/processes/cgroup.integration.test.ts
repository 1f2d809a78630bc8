import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testCgroupParent } from '../backends/testing/shells.ts';
import { Cgroup } from './cgroup.ts';
import { appLeaf, cgroupPlaces, parseCgroupPlaces } from './cgroup-places.ts';
import { enableControllers, moveAppAside, probeCgroups, scopeCommand } from './cgroup-support.ts';

let parent: Awaited<ReturnType<typeof testCgroupParent>>;

beforeAll(async () => {
  parent = await testCgroupParent();
});

afterAll(() => {
  parent[Symbol.dispose]();
});

test('both versions are found in a hybrid hierarchy', () => {
  const mountinfo = [
    '30 24 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
    '32 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
    '31 24 0:27 /user\\040space /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw',
  ].join('\n');
  const places = parseCgroupPlaces('4:memory:/a\n3:cpu,cpuacct:/b\n2:pids:/c\n0::/user space/app.scope\n', mountinfo);
  expect(places.unified).toBe('/sys/fs/cgroup/unified/app.scope');
  expect([...places.legacy]).toEqual([
    ['memory', '/sys/fs/cgroup/memory/a'],
    ['cpu', '/sys/fs/cgroup/cpu,cpuacct/b'],
  ]);
  expect(parseCgroupPlaces('0::/elsewhere', mountinfo).unified).toBeNull();
  expect(parseCgroupPlaces('', '')).toEqual({ unified: null, legacy: new Map() });
});

test('what a session nested in its cgroup is removed with it', () => {
  const cgroup = Cgroup.create(parent.folder, 'NESTED');
  mkdirSync(join(cgroup.folder, 'inner', 'most'), { recursive: true });
  expect(cgroup.remove()).toBe(true);
  expect(existsSync(cgroup.folder)).toBe(false);
  expect(cgroup.members()).toEqual([]);
  expect(cgroup.cpuMs()).toBeNull();
  expect(cgroup.oomKills()).toBe(0);
  expect(cgroup.remove()).toBe(true);
});

test('the empty cgroups of an app that was killed are removed by the next one', async () => {
  // Above the highest pid there can be.
  const stale = join(parent.folder, 'sandglass-4194305-OLD');
  mkdirSync(stale);
  const found = await probeCgroups({ parent: parent.folder, systemdRun: '/nonexistent' });
  expect(found).toMatchObject({ kind: 'folder', parent: parent.folder });
  expect(existsSync(stale)).toBe(false);
});

test('several probes at once do not get in each other’s way', async () => {
  const probe = { parent: parent.folder, systemdRun: '/nonexistent' };
  const found = await Promise.all([probeCgroups(probe), probeCgroups(probe), probeCgroups(probe)]);
  expect(found.map((each) => each?.kind)).toEqual(['folder', 'folder', 'folder']);
});

test('where nothing can be made, there is no support', async () => {
  expect(await probeCgroups({ parent: '/nonexistent', systemdRun: '/nonexistent' })).toBeNull();
  expect((await cgroupPlaces(4_194_305)).unified).toBeNull();
});

test('what the kernel counts is read in both versions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-counts-'));
  writeFileSync(join(folder, 'memory.oom_control'), 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n');
  expect(new Cgroup(folder).oomKills()).toBe(2);
  writeFileSync(join(folder, 'memory.events'), 'low 0\nmax 9\noom 1\noom_kill 3\noom_group_kill 0\n');
  expect(new Cgroup(folder).oomKills()).toBe(3);
  rmSync(folder, { recursive: true });
});

test('a frozen process does not run until it is resumed, and can be killed', async () => {
  const cgroup = Cgroup.create(parent.folder, 'FROZEN');
  const child = spawn('/bin/sh', ['-c', 'echo $$; while read line; do echo "got $line"; done']);
  const lines = child.stdout[Symbol.asyncIterator]();
  const pid = Number(String((await lines.next()).value));
  expect(await cgroup.holds(pid)).toBe(true);
  expect(await cgroup.freeze(true)).toBe(true);
  expect(readFileSync(join(cgroup.folder, 'cgroup.events'), 'utf8')).toContain('frozen 1');
  child.stdin.write('one\n');
  expect(await cgroup.freeze(false)).toBe(true);
  expect(String((await lines.next()).value)).toBe('got one\n');
  await cgroup.freeze(true);
  cgroup.kill();
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect(cgroup.remove()).toBe(true);
  expect(await new Cgroup('/nonexistent').freeze(true)).toBe(false);
});

test('the bounds of a scope are named before its command', () => {
  expect(scopeCommand('/bin/systemd-run', 'ID', ['TasksMax=8'], ['/bin/sh']).slice(-4)).toEqual([
    '-p',
    'TasksMax=8',
    '--',
    '/bin/sh',
  ]);
});

describe('a cgroup that holds processes', () => {
  /** A controller that exists in version 2 of every kernel that has it, whatever version 1 uses; and is none of ours. */
  const available = (): string | undefined => names('cgroup.controllers')[0];
  const enabled = (): string[] => names('cgroup.subtree_control');
  const names = (file: string): string[] =>
    readFileSync(join(parent.folder, file), 'utf8').split(/\s+/).filter(Boolean);

  test('bounds those below it once the app’s processes have moved aside', async () => {
    const controller = available() ?? '';
    const wasEnabled = enabled().includes(controller);
    expect(enableControllers(parent.folder, [controller])).toEqual([controller]);
    const folder = join(parent.folder, `sandglass-${process.pid}-aside`);
    mkdirSync(folder);
    const child = spawn('/bin/sleep', ['1000']);
    await once(child, 'spawn');
    expect(await new Cgroup(folder).holds(child.pid ?? 0)).toBe(true);
    // A cgroup with processes cannot bound others.
    expect(enableControllers(folder, [controller])).toEqual([]);
    expect(await moveAppAside(folder)).toBe(true);
    expect((await cgroupPlaces(child.pid ?? 0)).unified).toBe(join(folder, appLeaf(process.pid)));
    expect(enableControllers(folder, [controller])).toEqual([controller]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(new Cgroup(folder).remove()).toBe(true);
    if (!wasEnabled) writeFileSync(join(parent.folder, 'cgroup.subtree_control'), `-${controller}`);
  });

  test('of others is left alone', async () => {
    const folder = join(parent.folder, `sandglass-${process.pid}-others`);
    mkdirSync(folder);
    // Its parent ends at once, so no process that the app knows is its parent.
    const script = 'setsid sleep 1000 >/dev/null 2>&1 & echo $!';
    const child = spawn('/bin/sh', ['-c', script]);
    const pid = Number(String((await child.stdout[Symbol.asyncIterator]().next()).value));
    await once(child, 'close');
    await new Cgroup(folder).holds(pid);
    expect(await moveAppAside(folder)).toBe(false);
    expect((await cgroupPlaces(pid)).unified).toBe(folder);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => new Cgroup(folder).remove(), { timeout: 10_000 }).toBe(true);
  });
});
