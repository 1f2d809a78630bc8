import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isAlive, leftovers, startScript, startShell, testBackend, testSessionId } from '../testing/shells.ts';

const backend = testBackend();
let folder: string;
const SPEC = { profileId: 'local', shell: '/bin/sh', args: [], environment: {}, cols: 80, rows: 24, endsAt: null };
const gone = (pid: number | null): Promise<void> =>
  vi.waitFor(() => expect(pid === null || isAlive(pid)).toBe(false), { timeout: 10_000 });
const sha256 = (parts: readonly Uint8Array[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');

function randomFile(bytes: number): { path: string; hash: string } {
  const content = randomBytes(bytes);
  const path = join(folder, `${bytes}.bin`);
  writeFileSync(path, content);
  return { path, hash: sha256([content]) };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-pty-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  expect(leftovers()).toEqual([]);
});

describe('output', () => {
  test('arrives byte for byte, with pauses at any time', { timeout: 120_000 }, async () => {
    const { path, hash } = randomFile(16 * 1024 * 1024);
    const shell = await startScript(backend, 'stty raw; cat "$1"', path);
    let ended = false;
    void shell.exit.then(() => {
      ended = true;
    });
    for (let turn = 0; !ended; turn += 1) {
      if (turn % 4 === 0) shell.process.pause();
      await setImmediate();
      if (turn % 4 === 2) shell.process.resume();
    }
    expect(await shell.exit).toEqual({ exitCode: 0, signal: null });
    expect(sha256(shell.chunks)).toBe(hash);
    await shell.process.terminate(0);
  });

  test.each([0, 1, 3000])('of a shell that exits while paused is delivered after resume: %i bytes', async (bytes) => {
    const { path, hash } = randomFile(bytes);
    const shell = await startScript(backend, 'stty raw -echo; printf ready; head -c 1 >/dev/null; exec cat "$1"', path);
    await shell.until(/ready/);
    shell.chunks.length = 0;
    shell.process.pause();
    shell.process.write(Buffer.from('x'));
    await gone(shell.process.pid);
    expect(shell.chunks).toEqual([]);
    shell.process.resume();
    expect(await shell.exit).toEqual({ exitCode: 0, signal: null });
    expect(sha256(shell.chunks)).toBe(hash);
    await shell.process.terminate(0);
  });

  test('stops while paused: a program that writes blocks', async () => {
    const shell = await startScript(backend, 'echo ready; read line; yes');
    await shell.until(/ready/);
    shell.process.pause();
    shell.type('go');
    await vi.waitFor(async () => expect((await shell.process.foreground()).isShell).toBe(true));
    await setImmediate();
    expect(shell.text()).not.toContain('y\r\ny');
    await shell.process.terminate(0);
    expect(shell.text().length).toBeLessThan(200_000);
  });

  test('is not cut at characters: what the program wrote is what is delivered', async () => {
    const shell = await startScript(backend, 'printf "\\360\\237\\217"; printf "\\272\\303"; printf "\\244"');
    await shell.exit;
    expect(Buffer.concat(shell.chunks).toString('utf8')).toBe('🏺ä');
    await shell.process.terminate(0);
  });

  test('belongs to the listener: a later chunk does not change an earlier one', async () => {
    const shell = await startScript(backend, 'echo first; read line; echo second');
    await shell.until(/first/);
    const before = shell.text();
    shell.type('go');
    await shell.exit;
    expect(shell.text().startsWith(before)).toBe(true);
    await shell.process.terminate(0);
  });

  test('ends with the shell, even if a background process has opened the terminal again', async () => {
    const script =
      'tty=$(tty); (trap "" HUP; sleep 0.1; exec >"$tty"; while echo more; do sleep 0.01; done) & echo out';
    const shell = await startScript(backend, script);
    expect((await shell.exit).exitCode).toBe(0);
    expect(shell.text()).toContain('out');
    await shell.process.terminate(0);
  });
});

describe('input', () => {
  test('arrives in order, also when it is written in many parts', async () => {
    const shell = await startScript(backend, 'stty raw -echo; printf ready; head -c 60000 | sha256sum');
    await shell.until(/ready/);
    const input = randomBytes(60_000);
    for (let at = 0; at < input.length; at += 1000) await shell.send(input.subarray(at, at + 1000));
    await shell.exit;
    expect(shell.text()).toContain(sha256([input]));
    await shell.process.terminate(0);
  });

  test('arrives whole, a mebibyte written at once, in a program that reads late', async () => {
    const shell = await startScript(backend, 'stty raw -echo; printf ready; sleep 0.5; head -c 1048576 | sha256sum');
    await shell.until(/ready/);
    const input = randomBytes(1024 * 1024);
    await shell.send(input);
    await shell.exit;
    expect(shell.text()).toContain(sha256([input]));
    await shell.process.terminate(0);
  });

  test('stays with who writes it when a program does not read, beyond what the kernel takes', async () => {
    const shell = await startScript(backend, 'stty raw -echo; printf ready; exec sleep 1000');
    await shell.until(/ready/);
    const block = Buffer.alloc(64 * 1024, 'x');
    let accepted = 0;
    for (let count = 0; count < 100; count += 1) accepted += shell.process.write(block);
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(1024 * 1024);
    await shell.process.terminate(1000);
    expect(shell.process.write(block)).toBe(0);
  });
});

test('a resize is seen by the program', async () => {
  const shell = await startScript(backend, 'stty size; read line; stty size');
  await shell.until(/24 80/);
  shell.process.resize(132, 43);
  shell.type('go');
  await shell.exit;
  expect(shell.text()).toContain('43 132');
  shell.process.resize(10, 10);
  await shell.process.terminate(0);
});

test.each([
  ['exit 7', { exitCode: 7, signal: null }],
  ['kill -TERM $$', { exitCode: null, signal: 'SIGTERM' }],
])('the end of `%s` is reported as it was', async (script, status) => {
  const shell = await startScript(backend, script);
  expect(await shell.exit).toEqual(status);
  await shell.process.terminate(0);
});

test('a shell has the environment that the app was called with, and describes its own terminal only', async () => {
  const environment = {
    PATH: process.env.PATH,
    NODE_OPTIONS: '--no-deprecation',
    npm_config_registry: 'https://registry.example/',
    SANDGLASS_HOME: '/app',
    SESSION_TIMEOUT_SECS: '60',
    TMUX: '/tmp/outer',
    TERM: 'dumb',
    TERM_PROGRAM: 'Outer',
    TERM_PROGRAM_VERSION: '9',
    'BASH_FUNC_kept%%': '() { :; }',
  };
  const own = testBackend({ environment, appVersion: '1.2.3' });
  const first = await startScript(own, 'echo ready; read line');
  await first.until(/ready/);
  const second = await startShell(own, { shell: '/bin/bash', args: ['-c', 'env; ls -l /proc/self/fd; echo done'] });
  await second.exit;
  const text = second.text();
  expect(text).toContain(`SANDGLASS_SESSION_ID=${second.sessionId}`);
  for (const line of [
    'TERM=xterm-256color',
    'COLORTERM=truecolor',
    'TERM_PROGRAM=Sandglass',
    'TERM_PROGRAM_VERSION=1.2.3',
    'BASH_FUNC_kept%%',
    'NODE_OPTIONS=--no-deprecation',
    'npm_config_registry=https://registry.example/',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).not.toMatch(/SANDGLASS_HOME|SESSION_TIMEOUT|TMUX|dumb|Outer/);
  expect(text).not.toContain('ptmx');
  await Promise.all([first.process.terminate(0), second.process.terminate(0)]);
});

test('the foreground is the shell at its prompt, or the command that runs', async () => {
  const shell = await startShell(backend, { shell: '/bin/bash', args: ['--norc'] });
  await shell.until(/ready> /);
  expect(await shell.process.foreground()).toEqual({ isShell: true, command: 'bash' });
  shell.type('sh -c "echo in-\\"front\\"; exec sleep 1000"');
  await shell.until(/in-front/);
  await vi.waitFor(async () => expect(await shell.process.foreground()).toEqual({ isShell: false, command: 'sleep' }));
  shell.process.write(Buffer.from('\x03'));
  await shell.until(/\^C[\s\S]*ready> /);
  expect((await shell.process.foreground()).isShell).toBe(true);
  await shell.process.terminate(1000);
});

describe('a start that fails says at which stage', () => {
  const missing = '/nonexistent/sandglass';
  test.each([
    ['shell', 'does not exist', { shell: missing }],
    ['shell', 'not an executable file', { shell: '/etc/passwd' }],
    ['shell', 'not found in PATH', { shell: 'no-such-shell' }],
    ['shell', 'not a full path', { shell: './sh' }],
    ['folder', 'does not exist', { folder: missing }],
    ['folder', 'not a folder', { folder: '/etc/passwd' }],
    ['spawn', 'did not start', { args: ['x'.repeat(3_000_000)] }],
  ])('%s: %s', async (stage, message, spec) => {
    const descriptors = readdirSync('/proc/self/fd').length;
    const sessionId = testSessionId();
    const whole = { ...SPEC, sessionId, ...spec };
    const listener = { onData: vi.fn(), onInputRoom: vi.fn(), onExit: vi.fn() };
    const result = await backend.start(whole, listener, new AbortController().signal);
    expect(result).toMatchObject({ ok: false, failure: { stage, message: expect.stringContaining(message) } });
    expect(listener.onExit).not.toHaveBeenCalled();
    expect(readdirSync('/proc/self/fd').length).toBe(descriptors);
  });

  test.each(['before', 'while'])(
    'aborted %s the shell is started: nothing is left, and the listener gets nothing',
    async (when) => {
      const abort = new AbortController();
      const sessionId = testSessionId();
      const listener = { onData: vi.fn(), onInputRoom: vi.fn(), onExit: vi.fn() };
      const environment = {
        // It is read at the last moment before the shell is started.
        get MARK() {
          abort.abort();
          return 'set';
        },
      };
      const spec = { ...SPEC, sessionId, environment };
      const starting = backend.start(spec, listener, abort.signal);
      if (when === 'before') abort.abort();
      expect(await starting).toMatchObject({ ok: false, failure: { stage: 'aborted' } });
      expect(listener.onExit).not.toHaveBeenCalled();
      expect(leftovers()).toEqual([]);
    },
  );
});

test('nothing stays open after a session', async () => {
  const before = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 3; round += 1) {
    const shell = await startScript(backend, 'echo one; read line');
    await shell.until(/one/);
    await shell.process.terminate(1000);
    expect(existsSync(`/proc/${shell.process.pid}`)).toBe(false);
  }
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});
