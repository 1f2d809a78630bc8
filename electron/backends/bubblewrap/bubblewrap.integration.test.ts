import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isAlive, leftovers, type TestShell, testSessionId } from '../testing/shells.ts';
import {
  HOST_SECRET,
  runInside,
  sandboxOptions,
  startSandbox,
  testSandboxes,
  tryToStart,
} from './testing/sandboxes.ts';

const backend = testSandboxes();
let folder: string;
const isRoot = process.getuid?.() === 0;
const uid = isRoot ? 1000 : (process.getuid?.() ?? 0);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-bwrap-'));
  writeFileSync(join(folder, 'present'), 'from outside\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  expect(leftovers()).toEqual([]);
  expect(readdirSync(tmpdir()).filter((name) => /^sandglass-[0-9a-f]{8}-/.test(name))).toEqual([]);
});

async function bash(wish = {}): Promise<TestShell> {
  const shell = await startSandbox(backend, wish, {
    shell: '/bin/bash',
    args: ['--norc'],
    environment: { PS1: 'ready> ' },
  });
  await shell.until(/ready> /);
  return shell;
}

describe('the badge', () => {
  test('says what was found, in the order of what matters', async () => {
    const { isolation } = await runInside(backend, 'true', { folderAccess: 'read-write' }, { folder });
    const outside = isRoot ? ['root outside'] : [];
    expect(isolation.slice(0, 5 + outside.length)).toEqual([
      'bubblewrap',
      'no network',
      'read-only system',
      `${folder} read-write`,
      `uid ${uid}`,
      ...outside,
    ]);
    expect(isolation).toContain('system calls filtered');
  });

  test('wears what a profile loosens', async () => {
    const wish = { network: 'host', resources: { memoryMiB: null, pids: null } } as const;
    const shell = await startSandbox(backend, wish);
    const open = shell.process.isolation.filter((item) => item.open).map((item) => item.text);
    expect(open).toEqual(expect.arrayContaining(['host network', 'no memory limit', 'no process limit']));
    await shell.process.terminate(0);
  });
});

describe('inside', () => {
  test('the environment is the allow-list, the profile’s variables and what describes the terminal', async () => {
    const names = 'env | sed "s/=.*//" | sort | tr "\\n" " "';
    const environment = { ADDED: 'by the profile', LD_PRELOAD: '/nonexistent.so' };
    const { text } = await runInside(
      backend,
      `${names} 2>/dev/null; echo; echo "$ADDED $TZ $HOME"`,
      {},
      { environment },
    );
    const seen = text.split('\n').find((line) => line.includes('HOME'));
    const expected =
      'ADDED COLORTERM HOME LANG LD_PRELOAD LOGNAME PATH PWD SANDGLASS_SESSION_ID SHELL TERM TERM_PROGRAM TZ USER';
    expect(
      seen
        ?.trim()
        .split(' ')
        .filter((name) => !['_', 'OLDPWD', 'SHLVL'].includes(name)),
    ).toEqual(expected.split(' '));
    expect(text).toMatch(/by the profile UTC \/home\/\w+/);
    expect(text).not.toContain(HOST_SECRET);
  });

  test('home, /tmp, /var/tmp and /run are empty, private and gone afterwards', async () => {
    const script = 'for d in ~ /tmp /var/tmp /run; do ls -A $d; echo $$ >$d/mine && echo "wrote $d"; done; pwd; id -un';
    const first = await runInside(backend, script);
    const again = await runInside(backend, script);
    expect(first.text).toBe(again.text);
    expect(first.text).toMatch(/^wrote \/home\/(\w+)\nwrote \/tmp\nwrote \/var\/tmp\nwrote \/run\n\/home\/\1\n\1\n$/);
    expect(existsSync('/tmp/mine')).toBe(false);
  });

  test.each([
    ['none', /No such file[\s\S]*cannot create/i],
    ['read-only', /^from outside\n[\s\S]*Read-only file system/],
    ['read-write', /^from outside\nwritten\n$/],
  ] as const)('the chosen folder with access “%s”', async (folderAccess, expected) => {
    const script = `cat ${folder}/present; echo x >${folder}/new && echo written`;
    const { text, isolation } = await runInside(backend, script, { folderAccess }, { folder });
    expect(text).toMatch(expected);
    expect(existsSync(join(folder, 'new'))).toBe(folderAccess === 'read-write');
    rmSync(join(folder, 'new'), { force: true });
    expect(isolation).toContain(folderAccess === 'none' ? 'no folder' : `${folder} ${folderAccess}`);
  });

  test('a link to the chosen folder leads to its real place', async () => {
    const link = join(folder, 'link');
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), link);
    const { text } = await runInside(backend, 'pwd', { folderAccess: 'read-only' }, { folder: link });
    expect(text).toBe(`${join(folder, 'real')}\n`);
  });

  test('there is no network but a loopback, unless the profile says otherwise', async () => {
    const script = 'grep -c : /proc/net/dev; grep -o "^ *[a-z0-9]*:" /proc/net/dev | tr -d " \\n"';
    expect((await runInside(backend, script)).text).toBe('1\nlo:');
    const host = readFileSync('/proc/net/dev', 'utf8').match(/^\s*\S+:/gm)?.length;
    expect((await runInside(backend, script, { network: 'host' })).text.split('\n')[0]).toBe(String(host));
  });

  test('the terminal, names and the host name are in order', async () => {
    const { text } = await runInside(
      backend,
      'tty; stty -a | grep -ow -e "-*iutf8"; cat /proc/sys/kernel/hostname; getent hosts localhost >/dev/null && echo known',
    );
    expect(text).toBe('/dev/console\niutf8\nsandbox\nknown\n');
  });
});

describe('the end of the shell', () => {
  test.each([
    ['exit 7', 7],
    ['kill -TERM $$', 128 + 15],
  ])('`%s` is reported as %i', async (script, exitCode) => {
    const shell = await startSandbox(backend, {}, { args: ['-c', script] });
    expect(await shell.exit).toEqual({ exitCode, signal: null });
    await shell.process.terminate(0);
  });

  test('a command that is no shell can be interrupted without losing the sandbox', async () => {
    const script = 'trap "echo caught" INT; echo ready; read x; echo "still here"; exit 3';
    const shell = await startSandbox(backend, {}, { args: ['-c', script] });
    await shell.until(/ready/);
    shell.process.write(Buffer.from('\x03'));
    await shell.until(/caught/);
    shell.type('');
    expect((await shell.exit).exitCode).toBe(3);
    expect(shell.text()).toContain('still here');
    await shell.process.terminate(0);
  });
});

describe('a shell', () => {
  test('may have an equals sign in its path', async () => {
    const shell = join(folder, 'a=b');
    copyFileSync('/bin/sh', shell);
    const { text } = await runInside(
      backend,
      'echo "run by $0"; kill -INT $$; echo never',
      { folderAccess: 'read-only' },
      { folder, shell },
    );
    expect(text).toBe(`run by ${shell}\n`);
    rmSync(shell);
  });

  test('starts wherever the profile’s PATH points', async () => {
    const { text } = await runInside(backend, 'echo "in $PATH"', {}, { environment: { PATH: '/nowhere' } });
    expect(text).toBe('in /nowhere\n');
  });
});

describe('job control', () => {
  test('Ctrl+Z stops the command in front, jobs lists it, fg and bg bring it back', async () => {
    const shell = await bash();
    expect(await shell.process.foreground()).toEqual({ isShell: true, command: 'bash' });
    shell.type('sh -c "echo in-\\"front\\"; exec sleep 1000"');
    await shell.until(/in-front/);
    await vi.waitFor(async () =>
      expect(await shell.process.foreground()).toEqual({ isShell: false, command: 'sleep' }),
    );
    shell.process.write(Buffer.from('\x1a'));
    await shell.until(/Stopped[\s\S]*ready> /);
    expect((await shell.process.foreground()).isShell).toBe(true);
    shell.chunks.length = 0;
    shell.type('jobs');
    await shell.until(/\[1\]\+\s+Stopped/);
    shell.type('bg');
    await shell.until(/\[1\]\+.*&/);
    shell.type('fg');
    await vi.waitFor(async () =>
      expect(await shell.process.foreground()).toEqual({ isShell: false, command: 'sleep' }),
    );
    shell.chunks.length = 0;
    shell.process.write(Buffer.from('\x03'));
    await shell.until(/\^C[\s\S]*ready> /);
    shell.type('exit 4');
    expect(await shell.exit).toEqual({ exitCode: 4, signal: null });
    await shell.process.terminate(0);
  });

  test('a resize is seen by the program', async () => {
    const shell = await startSandbox(backend, {}, { args: ['-c', 'stty size; read line; stty size'] });
    await shell.until(/24 80/);
    shell.process.resize(132, 43);
    shell.type('go');
    await shell.exit;
    expect(shell.text()).toContain('43 132');
    await shell.process.terminate(0);
  });
});

describe('the close ladder', () => {
  test('gives everything inside its time after SIGHUP, also after the shell has gone', async () => {
    // The shell itself has become a program that goes at once.
    const slow = `trap "sleep 0.2; echo x >${folder}/saved; exit" HUP; echo ready; while :; do sleep 0.05; done`;
    const args = ['-c', `sh -c '${slow}' & exec sleep 1000`];
    const shell = await startSandbox(backend, { folderAccess: 'read-write' }, { folder, args });
    await shell.until(/ready/);
    expect(await shell.process.terminate(10_000)).toEqual({ survivors: [] });
    expect(existsSync(join(folder, 'saved'))).toBe(true);
    rmSync(join(folder, 'saved'));
  });

  test('ends an idle shell at once, and reports its end', async () => {
    const shell = await bash();
    const started = performance.now();
    expect(await shell.process.terminate(10_000)).toEqual({ survivors: [] });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await shell.exit).toEqual({ exitCode: 128 + 1, signal: null });
  });

  test.each([
    ['ignores SIGHUP', 'trap "" HUP TERM; echo "ready"; while :; do sleep 1000; done'],
    [
      'was double-forked with an empty environment',
      '(env -i setsid sh -c "trap \\"\\" HUP; echo ready; exec sleep 1000" &); exec sleep 1000',
    ],
    ['is stopped', "sh -c 'echo ready; kill -STOP $$' & wait"],
  ])('ends a process that %s', async (_name, script) => {
    const shell = await startSandbox(backend, {}, { args: ['-c', script] });
    await shell.until(/ready/);
    expect(await shell.process.terminate(100)).toEqual({ survivors: [] });
    await shell.exit;
    expect(isAlive(shell.process.pid ?? 0)).toBe(false);
  });

  test('everything inside ends with the shell, and with the app', async () => {
    const shell = await startSandbox(backend, {}, { args: ['-c', 'setsid sleep 1000 & echo ready; read x'] });
    await shell.until(/ready/);
    backend.killAllNow();
    expect((await shell.exit).signal).toBe('SIGKILL');
    await vi.waitFor(() => expect(leftovers()).toEqual([]), { timeout: 10_000 });
    await shell.process.terminate(0);
  });
});

describe.each([
  ['by its cgroup', () => backend],
  ['by signals', () => testSandboxes({ cgroupParent: { none: true } })],
])('a session frozen %s', (_name, which) => {
  test('is frozen without its shell noticing, and continues with its output intact', async () => {
    const shell = await startSandbox(
      which(),
      {},
      { shell: '/bin/bash', args: ['--norc'], environment: { PS1: 'ready> ' } },
    );
    await shell.until(/ready> /);
    shell.type('sleep 1000 & sleep 2000');
    await vi.waitFor(async () => expect(await shell.process.foreground()).toMatchObject({ command: 'sleep' }));
    shell.process.write(Buffer.from('\x1a'));
    await shell.until(/Stopped/);
    shell.chunks.length = 0;
    shell.type('n=0; while :; do echo "line $((n++)) end"; done');
    await shell.until(/line 100 end/);
    expect(await shell.process.freeze()).toBeNull();
    let before = -1;
    // What was on its way still arrives.
    await vi.waitFor(() => {
      const { length } = shell.text();
      const isQuiet = length === before;
      before = length;
      expect(isQuiet).toBe(true);
    });
    expect(await shell.process.thaw()).toBeNull();
    await vi.waitFor(() => expect(shell.text().length).toBeGreaterThan(before + 1000), { timeout: 10_000 });
    shell.process.write(Buffer.from('\x03'));
    await shell.until(/\^C[\s\S]*ready> /);
    const numbers = [...shell.text().matchAll(/line (\d+) end/g)].map((match) => Number(match[1]));
    expect(numbers).toEqual(numbers.map((_, index) => index));
    shell.chunks.length = 0;
    shell.type('jobs');
    // What the user had stopped is still stopped; what ran still runs.
    await shell.until(/\[1\]-\s+Running[\s\S]*\[2\]\+\s+Stopped/);
    await shell.process.terminate(1000);
  });

  test('can be ended, gently', async () => {
    const script = 'trap "echo hangup; exit 5" HUP; echo ready; while :; do sleep 0.05; done';
    const shell = await startSandbox(which(), {}, { args: ['-c', script] });
    await shell.until(/ready/);
    expect(await shell.process.freeze()).toBeNull();
    expect(await shell.process.terminate(10_000)).toEqual({ survivors: [] });
    expect((await shell.exit).exitCode).toBe(5);
    expect(shell.text()).toContain('hangup');
  });
});

describe('a start that fails says at which stage', () => {
  test.each([
    ['folder', 'more than one', { folderAccess: 'read-write' }, { folder: '/tmp' }],
    ['folder', 'belongs to the system', { folderAccess: 'read-only' }, { folder: '/etc' }],
    ['folder', 'does not exist', { folderAccess: 'read-only' }, { folder: '/nonexistent' }],
    ['shell', 'does not exist', {}, { shell: '/nonexistent/sh' }],
    ['shell', 'not inside the sandbox', {}, { shell: 'outside' }],
    ['sandbox', 'zero byte', {}, { environment: { A: 'x\0--bind\0/\0/host' } }],
    ['spawn', 'did not start', {}, { args: ['x'.repeat(3_000_000)] }],
  ] as const)('%s: %s', async (stage, message, wish, asked) => {
    const outside = join(folder, 'outside');
    writeFileSync(outside, '#!/bin/sh\n', { mode: 0o755 });
    const descriptors = openFiles();
    const spec = 'shell' in asked && asked.shell === 'outside' ? { shell: outside } : asked;
    const result = await tryToStart(backend, wish, spec);
    expect(result).toMatchObject({ ok: false, failure: { stage, message: expect.stringContaining(message) } });
    expect(openFiles()).toBe(descriptors);
  });

  test('folder: a profile that shows a folder must name it', async () => {
    const spec = { sessionId: testSessionId(), profileId: 'x', args: [], environment: {}, cols: 80, rows: 24 };
    const whole = { ...spec, endsAt: null, bubblewrap: sandboxOptions({ folderAccess: 'read-only' }) };
    const result = await backend.start(
      whole,
      { onData() {}, onInputRoom() {}, onExit() {} },
      new AbortController().signal,
    );
    expect(result).toMatchObject({ ok: false, failure: { stage: 'folder', message: expect.stringContaining('none') } });
  });

  test('the app’s own folders are never shown', async () => {
    const own = testSandboxes({ forbiddenFolders: [join(folder, 'data')] });
    mkdirSync(join(folder, 'data'));
    expect(await tryToStart(own, { folderAccess: 'read-only' }, { folder })).toMatchObject({
      ok: false,
      failure: { stage: 'folder', message: expect.stringContaining('Sandglass') },
    });
  });

  test.each(['before', 'while'])(
    'cancelled %s it starts: nothing is left, and the listener gets nothing',
    async (when) => {
      const abort = new AbortController();
      const listener = { onData: vi.fn(), onInputRoom: vi.fn(), onExit: vi.fn() };
      const spec = {
        shell: '/bin/sh',
        sessionId: testSessionId(),
        profileId: 'x',
        args: ['-c', 'read x'],
        endsAt: null,
      };
      const whole = { ...spec, environment: {}, cols: 80, rows: 24, bubblewrap: sandboxOptions() };
      const starting = backend.start(whole, listener, abort.signal);
      if (when === 'before') abort.abort();
      else queueMicrotask(() => setImmediate(() => abort.abort()));
      expect(await starting).toMatchObject({ ok: false, failure: { stage: 'aborted' } });
      expect(listener.onExit).not.toHaveBeenCalled();
      expect(leftovers()).toEqual([]);
    },
  );
});

test('nothing stays open after a session', async () => {
  await runInside(backend, 'true');
  const before = openFiles();
  for (let round = 0; round < 3; round += 1) await runInside(backend, 'true');
  expect(openFiles()).toBe(before);
});

/** How many descriptors are open, but for those of a scan of /etc, which runs beside sessions. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').filter((name) => {
    try {
      return !readlinkSync(`/proc/self/fd/${name}`).startsWith('/etc');
    } catch {
      return false;
    }
  }).length;
}

test('twenty sandboxes at once are twenty sandboxes', async () => {
  const shells = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      startSandbox(
        backend,
        {},
        { args: ['-c', `echo ${index} >~/mine; cat ~/mine; ls /proc | grep -c "^[0-9]"; read x`] },
      ),
    ),
  );
  for (const [index, shell] of shells.entries()) {
    await shell.until(new RegExp(`^${index}\\r\\n[2-5]\\r\\n`));
  }
  const reports = await Promise.all(shells.map((shell) => shell.process.terminate(1000)));
  expect(reports.flatMap((report) => report.survivors)).toEqual([]);
});
