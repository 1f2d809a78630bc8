import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findBwrap } from './find-bwrap.ts';
import { judgeReport } from './probe.ts';
import { testSandboxes, tryToStart } from './testing/sandboxes.ts';

const user = { name: 'ada', uid: 1000, gid: 1000, home: '/home/ada', isRootOutside: false };
const GOOD = [
  ...['status Uid:\t1000\t1000', 'status CapPrm:\t0000', 'status CapEff:\t0000', 'status CapBnd:\t0000'],
  ...['status NoNewPrivs:\t1', 'status Seccomp:\t2', 'interface face |bytes', 'interface lo: 0 0', 'hostname sandbox'],
  ...['process 1', 'process 2', 'private /home/ada', 'private /tmp', 'private /var/tmp', 'private /dev/shm'],
  ...['environment export HOME', 'complete'],
];
const judge = (lines: readonly string[]) =>
  judgeReport(`${lines.join('\n')}\n`, { user, isFiltered: true, hidden: ['TOKEN'] });

describe('the report of a probe', () => {
  test('in which everything holds becomes what was found', () => {
    const result = judge(GOOD);
    expect(result).toMatchObject({ ok: true });
    const found = result.ok ? result.found.map((item) => item.text) : [];
    expect(found).toContain('own processes');
    expect(found).toContain('uid 1000');
  });

  test.each([
    ['process 4711', Array.from({ length: 5 }, (_, index) => `process ${index + 3}`), 'processes'],
    ['an interface', ['interface  eth0: 1 2'], 'eth0'],
    ['a write outside', ['writable /usr'], '/usr can be written'],
    ['files of the user', ['visible /root'], '/root can be seen'],
    ['a variable of the app', ["environment export TOKEN='1'"], 'TOKEN'],
    ['a variable of the app in the first process', ['environment TOKEN=1'], 'TOKEN'],
  ])('with %s fails', (_name, more, reason) => {
    const result = judge([...GOOD, ...more]);
    expect(result.ok ? [] : result.failed.join()).toContain(reason);
  });

  test.each([
    ['hostname sandbox', 'hostname laptop', 'name of this machine'],
    ['status CapEff:\t0000', 'status CapEff:\t0001', 'privileges'],
    ['status NoNewPrivs:\t1', 'status NoNewPrivs:\t0', 'privileges'],
    ['status Seccomp:\t2', 'status Seccomp:\t0', 'filter'],
    ['status Uid:\t1000\t1000', 'status Uid:\t0\t0', 'uid 0'],
    ['private /tmp', '', '/tmp cannot be written'],
  ])('in which “%s” is “%s” fails', (from, to, reason) => {
    const result = judge(GOOD.map((line) => (line === from ? to : line)));
    expect(result.ok ? [] : result.failed.join()).toContain(reason);
  });
});

describe('a backend', () => {
  let folder: string;
  const program = (script: string): { PATH: string } => {
    const path = join(folder, 'bwrap');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return { PATH: folder };
  };
  const help = '--unshare-user --die-with-parent --clearenv --perms --cap-drop --ro-bind-data --args'.replaceAll(
    ' ',
    '\\n',
  );
  const imitation = (run: string): string =>
    `case $1 in --version) echo bubblewrap 9.9;; --help) printf %b '${help}\\n';; *) ${run};; esac`;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-probe-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test('finds out for itself what is available, notifies listeners, and leaves nothing', async () => {
    const backend = testSandboxes();
    const notified = vi.fn();
    const end = backend.onStatus(notified);
    expect(backend.status.state).toBe('checking');
    const before = readdirSync('/proc/self/fd').length;
    await Promise.all([backend.check(), backend.check()]);
    expect(notified).toHaveBeenCalledTimes(1);
    expect(backend.status).toMatchObject({ state: 'available', message: expect.stringMatching(/^bubblewrap \d/) });
    end();
    await backend.check();
    expect(notified).toHaveBeenCalledTimes(1);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  test.each(['darwin', 'win32'] as const)('is unavailable on %s, with the reason', async (platform) => {
    const backend = testSandboxes({ platform });
    await backend.check();
    expect(backend.status).toMatchObject({ state: 'unavailable', message: expect.stringContaining('Linux') });
    expect(await tryToStart(backend)).toMatchObject({ ok: false, failure: { stage: 'sandbox' } });
  });

  test('whose bubblewrap complains says so, and its sessions do not start', async () => {
    const environment = program(imitation('echo "bwrap: setting up uid map: Permission denied" >&2; exit 1'));
    const facts = { isRoot: false, read: async (path: string) => (path.includes('apparmor') ? '1' : null) };
    const backend = testSandboxes({ environment, facts });
    const result = await tryToStart(backend);
    expect(result).toMatchObject({
      ok: false,
      failure: {
        stage: 'sandbox',
        message: expect.stringContaining('AppArmor'),
        hint: expect.stringContaining(`profile bwrap ${folder}/bwrap`),
      },
    });
    expect(backend.status).toMatchObject({ state: 'unavailable' });
  });

  test('whose bubblewrap isolates nothing is not available', async () => {
    // It runs the command as it is.
    const environment = program(imitation('while [ "$1" != -- ]; do shift; done; shift; exec "$@"'));
    const backend = testSandboxes({ environment });
    await backend.check();
    expect(backend.status).toMatchObject({ state: 'unavailable', message: expect.stringContaining('does not hold') });
  });

  test('whose bubblewrap isolates nothing any more does not start a shell', async () => {
    const environment = program('exec /usr/bin/bwrap "$@"');
    const backend = testSandboxes({ environment });
    await backend.check();
    expect(backend.status.state).toBe('available');
    // In a new PID namespace, so that it looks like a sandbox, but with everything of the machine's in it.
    program(
      'while [ "$1" != -- ]; do shift; done; shift; exec unshare -Urpf --mount-proc sh -c \'"$@"; exit $?\' sh "$@"',
    );
    const result = await tryToStart(backend);
    expect(result).toMatchObject({ ok: false, failure: { stage: 'sandbox' } });
    expect(result.ok ? '' : result.failure.message).toMatch(/lacks what the profile asks for: .*a network of its own/);
  });

  test.each([
    ['too old', imitation('').replace('--clearenv', '--other'), /too old \(9\.9\): it does not know --clearenv/],
    ['broken', 'exit 3', /does not run/],
  ])('whose bubblewrap is %s says so', async (_name, script, message) => {
    const found = await findBwrap(program(script).PATH);
    expect(found.ok ? '' : found.message).toMatch(message);
  });
});
