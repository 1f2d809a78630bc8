import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { Cgroup } from '../../processes/cgroup.ts';
import { cgroupPlaces } from '../../processes/cgroup-places.ts';
import { probeLimits } from '../../processes/cgroup-support.ts';
import { leftovers, type TestShell, testCgroupParent } from '../testing/shells.ts';
import { runInside, startSandbox, testSandboxes } from './testing/sandboxes.ts';

const isRoot = process.getuid?.() === 0;
/** Takes memory until there is no more, a mebibyte at a time, and says how much it got. */
const HOG =
  'my @parts; for my $n (1 .. 4000) { push @parts, "x" x 1048576; print "$n\\n" if $n % 8 == 0 } print "all\\n";';

afterAll(async () => {
  expect(leftovers()).toEqual([]);
  expect(await ownCgroups()).toEqual([]);
});

/** All cgroups that this process has made for sessions, of either version. */
async function ownCgroups(): Promise<string[]> {
  const { cgroups, legacy } = await probeLimits({});
  const parents = [...legacy.values(), ...(cgroups?.kind === 'folder' ? [cgroups.parent] : [])];
  const pattern = new RegExp(`^sandglass-${process.pid}-TEST`);
  return parents.flatMap((parent) => readdirSync(parent).filter((name) => pattern.test(name)));
}

function labels(shell: TestShell): string[] {
  return shell.process.isolation.map((item) => item.text);
}

describe('by cgroup', () => {
  const backend = testSandboxes();

  test('a shell that takes more memory than it may ends as out of memory, with the limit named', async () => {
    const args = ['-c', `exec perl -e '$| = 1; ${HOG}'`];
    const shell = await startSandbox(backend, { resources: { memoryMiB: 64 } }, { args });
    expect(labels(shell)).toContain('64 MB (cgroup)');
    const status = await shell.exit;
    expect(status).toMatchObject({ exitCode: 137, cause: 'out_of_memory', detail: expect.stringContaining('64 MB') });
    expect(shell.text()).not.toContain('all');
    await shell.process.terminate(0);
  });

  test('a command that takes too much is killed alone: the shell continues, and its own end is an exit', async () => {
    const script = `perl -e '${HOG}' >/dev/null; echo "command: $?"; exit 3`;
    const shell = await startSandbox(backend, { resources: { memoryMiB: 64 } }, { args: ['-c', script] });
    expect(await shell.exit).toEqual({ exitCode: 3, signal: null });
    expect(shell.text()).toContain('command: 137');
    await shell.process.terminate(0);
  });

  test('files in the private folders count as memory, and each has an end', async () => {
    const script =
      'dd if=/dev/zero of=/tmp/big bs=1M count=500 2>&1 | grep -o "No space left on device"; stat -c %s /tmp/big';
    const { text } = await runInside(backend, script, { resources: { memoryMiB: 128 } });
    expect(text).toBe(`No space left on device\n${32 * 1024 * 1024}\n`);
  });

  test('a fork bomb stays in its bounds', async () => {
    // Said before: a shell that cannot fork any more may give up what comes after.
    const bomb = 'b() { b | b & }; echo lit; b 2>/dev/null; read x';
    const shell = await startSandbox(backend, { resources: { pids: 32 } }, { shell: '/bin/bash', args: ['-c', bomb] });
    expect(labels(shell)).toContain('32 processes (cgroup)');
    await shell.until(/lit/);
    const folder = await pidsFolder(shell.process.pid ?? 0);
    await vi.waitFor(() => expect(new Cgroup(folder).members().length).toBeGreaterThan(16), { timeout: 20_000 });
    for (let round = 0; round < 20; round += 1) {
      expect(new Cgroup(folder).members().length).toBeLessThanOrEqual(32);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await shell.process.terminate(100)).toEqual({ survivors: [] });
    expect(existsSync(folder)).toBe(false);
  });

  test('processor time is shared out', async () => {
    const script = 'echo ready; while :; do :; done';
    const shell = await startSandbox(backend, { resources: { cpus: 0.1 } }, { args: ['-c', script] });
    expect(labels(shell)).toContain('0.1 CPUs (cgroup)');
    await shell.until(/ready/);
    const begun = performance.now();
    // A tenth of a second of processor time takes about a second.
    await vi.waitFor(async () => expect(await shell.process.cpuTimeMs()).toBeGreaterThan(100), { timeout: 20_000 });
    expect(performance.now() - begun).toBeGreaterThan(500);
    await shell.process.terminate(0);
  });

  test('each session has cgroups of its own, named after the app, which go with it', async () => {
    const shell = await startSandbox(backend);
    expect(shell.process.containment).toBe('cgroup');
    expect(basename(await pidsFolder(shell.process.pid ?? 0))).toBe(`sandglass-${process.pid}-${shell.sessionId}`);
    expect((await ownCgroups()).length).toBeGreaterThan(0);
    await shell.process.terminate(0);
    expect(await ownCgroups()).toEqual([]);
  });

  async function pidsFolder(pid: number): Promise<string> {
    const { unified, legacy } = await cgroupPlaces(pid);
    const folder = legacy.get('pids');
    // The session's own is below the app's.
    const own = (await cgroupPlaces('self')).legacy.get('pids');
    return folder !== undefined && dirname(folder) === own ? folder : (unified ?? '');
  }
});

test('in a scope of systemd’s, where the app may make no cgroup of version 2', async () => {
  using parent = await testCgroupParent();
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-scope-'));
  const systemdRun = join(folder, 'systemd-run');
  // What systemd-run does for a scope, without a systemd: makes the cgroup, enters it, becomes the command.
  const script = [
    '#!/bin/sh',
    `env | sed 's/=.*//' | sort | tr '\\n' ' ' >"${folder}/variables"`,
    'while [ "$1" != -- ]; do case $1 in --unit=*) unit=$(echo "$1" | cut -c8-);; esac; shift; done; shift',
    `[ -z "$unit" ] || { mkdir "${parent.folder}/$unit"; echo 0 >"${parent.folder}/$unit/cgroup.procs"; }`,
    'exec "$@"',
  ];
  writeFileSync(systemdRun, script.join('\n'), { mode: 0o755 });
  const environment = {
    PATH: process.env.PATH,
    XDG_RUNTIME_DIR: '/run/user/0',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/x',
  };
  const backend = testSandboxes({ cgroupParent: '/nonexistent', systemdRun, environment });
  const shell = await startSandbox(
    backend,
    {},
    { args: ['-c', 'tr "\\0" "\\n" </proc/1/environ; echo ready; read x'] },
  );
  await shell.until(/ready/);
  expect(shell.process.containment).toBe('cgroup');
  expect((await cgroupPlaces(shell.process.pid ?? 0)).unified).toMatch(/\.scope$/);
  // systemd-run finds its systemd, and the sandbox does not learn where that is.
  expect(readFileSync(join(folder, 'variables'), 'utf8')).toContain('DBUS_SESSION_BUS_ADDRESS');
  expect(shell.text()).not.toMatch(/DBUS|XDG/);
  expect(await shell.process.terminate(100)).toEqual({ survivors: [] });
  expect(readdirSync(parent.folder).filter((name) => name.endsWith('.scope'))).toEqual([]);
  rmSync(folder, { recursive: true });
});

describe('by rlimit, where there are no cgroups', () => {
  const backend = testSandboxes({ cgroupParent: { none: true } });

  test('memory is bounded for each process, and the badge says so', async () => {
    const shell = await startSandbox(
      backend,
      { resources: { memoryMiB: 64 } },
      { args: ['-c', `perl -e '$| = 1; ${HOG}'; echo "perl: $?"; ulimit -d unlimited 2>/dev/null || echo fixed`] },
    );
    expect(labels(shell)).toContain('64 MB per process (rlimit)');
    expect(shell.process.containment).toBe('namespace');
    expect(await shell.exit).toMatchObject({ signal: null });
    expect(shell.text()).toMatch(/Out of memory/);
    expect(shell.text()).not.toContain('perl: 0');
    expect(shell.text()).toContain('fixed');
    await shell.process.terminate(0);
  });

  test('programs that reserve far more memory than they use run within the default bound', async () => {
    const script = [
      "const server = require('node:http').createServer((_, response) => response.end('fetched'));",
      "server.listen(0, '127.0.0.1', async () => {",
      "const answer = await fetch('http://127.0.0.1:' + server.address().port);",
      'console.log(await answer.text());',
      'const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });',
      "console.log('pages ' + memory.grow(1));",
      'server.close();',
      '});',
    ].join('');
    const node = realpathSync(process.execPath);
    const shell = await startSandbox(
      backend,
      { folderAccess: 'read-only' },
      { folder: dirname(node), shell: node, args: ['-e', script] },
    );
    expect(labels(shell)).toContain('2048 MB per process (rlimit)');
    expect(await shell.exit).toMatchObject({ exitCode: 0 });
    expect(shell.text()).toContain('fetched\r\npages 1\r\n');
    await shell.process.terminate(0);
  });

  test('what cannot be bounded is worn on the badge', async () => {
    const shell = await startSandbox(backend, { resources: { cpus: 0.5, pids: 32 } });
    const open = shell.process.isolation.filter((item) => item.open).map((item) => item.text);
    expect(open).toContain('CPU not limited (needs a cgroup)');
    // The kernel holds root to no number of processes.
    expect(open.includes('processes not limited (needs a cgroup)')).toBe(isRoot);
    await shell.process.terminate(0);
  });
});
