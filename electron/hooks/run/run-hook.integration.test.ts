import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { isAlive, startScript, testBackend, testCgroupParent } from '../../backends/testing/shells.ts';
import { legacyFolders, probeCgroups } from '../../processes/cgroup-support.ts';
import { FLOOD_BYTES, KEPT_BYTES } from './hook-output.ts';
import type { HookRunnerOptions } from './run-hook.ts';
import { leftRuns, type TestHooks, testHooks } from './testing/runs.ts';

/** For a machine under load. */
const BOUND_MS = 20_000;
const SH = '#!/bin/sh\n';
const descriptors = (): string[] => readdirSync('/proc/self/fd');

describe.runIf(process.platform === 'linux')('a hook’s executable', { timeout: 90_000 }, () => {
  let parent: Awaited<ReturnType<typeof testCgroupParent>>;
  let temporary: string;
  const own = (): string[] => readdirSync(parent.folder).filter((name) => name.startsWith(`sandglass-${process.pid}-`));

  beforeAll(async () => {
    parent = await testCgroupParent();
    temporary = mkdtempSync(join(tmpdir(), 'sandglass-run-'));
  });
  afterAll(() => {
    parent[Symbol.dispose]();
    rmSync(temporary, { recursive: true });
  });
  afterEach(() => {
    const left = leftRuns();
    // What one test leaves is no other's fault.
    for (const pid of left) process.kill(Number(pid), 'SIGKILL');
    expect(left).toEqual([]);
    expect(own()).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  const places: readonly [string, () => HookRunnerOptions][] = [
    ['in a cgroup', () => ({ cgroupParent: parent.folder, systemdRun: '/nonexistent', temporary })],
    ['without cgroups', () => ({ cgroupParent: { none: true }, temporary })],
  ];

  describe.each(places)('%s', (place, options) => {
    let hooks: TestHooks;
    beforeAll(() => {
      hooks = testHooks(options());
    });
    afterAll(() => hooks[Symbol.dispose]());

    test('gets the event on its standard input, and is told of it in a small environment', async () => {
      const { result, wrote } = await hooks.run(`${SH}cat; echo; pwd; echo "$#"; env | grep -v PATH= | sort`);
      expect(result).toMatchObject({
        kind: 'ok',
        words: expect.stringMatching(/^exited with 0 after (less than )?[\d.]+ s$/),
      });
      expect(wrote.split('\n')).toEqual([
        '{"specversion":"1.0"}',
        hooks.folder,
        '1',
        `HOME=${tmpdir()}`,
        'LC_ALL=C.UTF-8',
        `PWD=${hooks.folder}`,
        'SANDGLASS_EVENT=session:end',
        expect.stringContaining('SANDGLASS_HOOK_RUN=TEST'),
        'SANDGLASS_REASON=exited',
        'SANDGLASS_SESSION_ID=S',
      ]);
    });

    test('may use /dev/stdin, /dev/stdout and /dev/stderr', async () => {
      const { result, wrote } = await hooks.run(
        `${SH}set -e; cat /dev/stdin; echo " out" >/dev/stdout; echo err >/dev/stderr`,
      );
      expect(result.kind).toBe('ok');
      expect(wrote).toBe('{"specversion":"1.0"} out\nerr');
    });

    test.each([
      ['reads nothing', 'exit 0'],
      ['closes its standard input', 'exec <&-'],
      ['closes everything', 'exec <&- >&- 2>&-'],
      ['has no first line that names an interpreter', 'cat >/dev/null'],
    ])('that %s is fine, however long the event is', async (_, script) => {
      const body = JSON.stringify({ filler: 'x'.repeat(5_000_000) });
      expect((await hooks.run(script, { body })).result.kind).toBe('ok');
    });

    test('gets all of a long event', async () => {
      const body = JSON.stringify({ filler: 'x'.repeat(5_000_000) });
      expect((await hooks.run(`${SH}wc -c`, { body })).wrote).toBe(String(body.length));
    });

    test.each([
      ['fails', 'exit 3', /^exited with 3 after/],
      ['crashes', 'kill -SEGV $$', /^was ended by SIGSEGV after/],
      ['runs something that is not there', 'no-such-program', /^exited with 127 after/],
    ])('that %s has failed', async (_, script, words) => {
      const { result } = await hooks.run(SH + script);
      expect(result).toEqual({ kind: 'failed', words: expect.stringMatching(words) });
    });

    test('that hangs is ended when its time is up', async () => {
      const { result } = await hooks.run(`${SH}echo $$ >"$1/pid"; exec sleep 1000`, { timeoutMs: 2000 });
      expect(result).toEqual({ kind: 'failed', words: 'timed out after 2.0 s and was ended' });
      expect(isAlive(Number(hooks.read('pid')))).toBe(false);
    });

    test('may tidy up when its time is up', async () => {
      const script = `${SH}trap 'echo tidy >"$1/tidy"; exit 0' TERM; echo up >"$1/up"; sleep 1000 & wait`;
      using patient = testHooks({ ...options(), graceMs: BOUND_MS });
      // Time enough to come so far on a busy machine.
      await patient.run(script, { timeoutMs: 3000 });
      expect(patient.read('tidy')).toBe('tidy');
    });

    test('that ignores every signal is ended all the same, with its children', async () => {
      const script = [
        'trap "" HUP INT TERM',
        'sh -c "echo \\$\\$ >\\"$1/child\\"; exec sleep 1000" sh "$1" &',
        'echo $$ >"$1/pid"',
        'wait',
      ].join('\n');
      const { result } = await hooks.run(SH + script, { timeoutMs: 3000 });
      expect(result.words).toBe('timed out after 3.0 s and was ended');
      for (const name of ['pid', 'child']) expect(isAlive(Number(hooks.read(name))), name).toBe(false);
    });

    test('that stops itself is ended when its time is up', async () => {
      const { result } = await hooks.run(`${SH}kill -STOP $$`, { timeoutMs: 500 });
      expect(result.words).toBe('timed out after 0.5 s and was ended');
    });

    test.each([
      ['its standard output', 'yes'],
      ['its standard error', 'yes >&2'],
      ['both at once', 'yes out & yes err >&2'],
      ['one endless line', 'cat /dev/zero'],
    ])('that floods %s is stopped, and little of it is kept', async (_, script) => {
      const { result, wrote } = await hooks.run(SH + script);
      expect(result).toEqual({
        kind: 'failed',
        words: `wrote more than ${FLOOD_BYTES / 1024 / 1024} MiB and was ended`,
      });
      expect(wrote.length).toBeLessThan(2 * KEPT_BYTES + 100);
    });

    test('leaves no children behind, however they were started', async () => {
      const script = [
        'sleep 1000 >/dev/null 2>&1 &',
        'echo $! >"$1/background"',
        'setsid sh -c "echo \\$\\$ >\\"$1/session\\"; exec sleep 1000" sh "$1" >/dev/null 2>&1 &',
        '(setsid sh -c "trap \\"\\" HUP TERM; echo \\$\\$ >\\"$1/forked\\"; exec sleep 1000" sh "$1" >/dev/null 2>&1 &)',
        'while ! [ -s "$1/session" ] || ! [ -s "$1/forked" ]; do sleep 0.01; done',
      ].join('\n');
      const { result } = await hooks.run(SH + script);
      expect(result.kind).toBe('ok');
      expect(result.words).toMatch(/; 3 processes that it had left were ended$/);
      for (const name of ['background', 'session', 'forked']) {
        expect(isAlive(Number(hooks.read(name))), name).toBe(false);
      }
    });

    test('that leaves a child with its output does not keep anybody waiting', async () => {
      const { result, wrote } = await hooks.run(`${SH}echo done; sleep 1000 &`);
      expect(result.words).toMatch(/; 1 process that it had left was ended$/);
      expect(wrote).toBe('done');
    });

    test('that starts many processes leaves none of them', async () => {
      const script = 'i=0; while [ $i -lt 200 ]; do sh -c "trap \\"\\" TERM; sleep 1000" & i=$((i+1)); done';
      const { result } = await hooks.run(SH + script);
      expect(result.words).toMatch(/; \d{3} processes that it had left were ended$/);
    });

    test.each([
      ['is not executable', `${SH}exit 0`, 0o644, /^hook is not executable; run chmod \+x '.*\/a hook\/hook'$/],
      ['has Windows line ends', '#!/bin/sh\r\nexit 0\r\n', 0o755, /Windows line ends/],
      ['names a missing interpreter', '#!/nonexistent/shell -e\n', 0o755, /is missing: \/nonexistent\/shell$/],
      ['asks env for one that is missing', '#!/usr/bin/env -S no-such-shell -e\n', 0o755, /PATH: no-such-shell$/],
      ['begins with a byte order mark', '\u{feff}#!/bin/sh\n', 0o755, /byte order mark/],
    ])('that %s is told so', async (_, script, mode, words) => {
      const { result, tracked } = await hooks.run(script, {}, { mode });
      expect(result).toEqual({ kind: 'failed', words: expect.stringMatching(words) });
      expect(tracked).toEqual([]);
    });

    test.each([
      ['a missing file', 'other', 'other is missing'],
      ['a folder', '.', 'a hook is not a file'],
    ])('cannot be %s', async (_, file, words) => {
      expect((await hooks.run(SH, { file })).result).toEqual({ kind: 'failed', words });
    });

    test('that is removed before it runs is told so', async () => {
      const started = async (): Promise<void> => rmSync(join(hooks.folder, 'hook'));
      const { result } = await hooks.run(`${SH}exit 0`, {}, { started });
      expect(result).toEqual({ kind: 'failed', words: 'hook is missing' });
    });

    test('whose folder is removed before it runs is told so', async () => {
      const away = `${hooks.folder} away`;
      const started = async (): Promise<void> => renameSync(hooks.folder, away);
      const { result } = await hooks.run(`${SH}exit 0`, {}, { started });
      renameSync(away, hooks.folder);
      expect(result).toEqual({ kind: 'failed', words: 'hook is missing' });
    });

    test('that may no longer be run when its turn comes is told so', async () => {
      const started = async (): Promise<void> => chmodSync(join(hooks.folder, 'hook'), 0o644);
      const { result } = await hooks.run(`${SH}exit 0`, {}, { started });
      expect(result.words).toMatch(/^hook is not executable/);
    });

    test('runs only when somebody knows of it who would end it', async () => {
      const seen: unknown[] = [];
      const started = async (run: string, pid: number, cgroups: readonly string[]): Promise<void> => {
        const inside = cgroups.every((folder) =>
          readFileSync(join(folder, 'cgroup.procs'), 'utf8').includes(`${pid}\n`),
        );
        seen.push(run, isAlive(pid), inside, cgroups.length > 0, existsSync(join(hooks.results, 'begun')));
      };
      const { tracked } = await hooks.run(`${SH}touch "$1/begun"`, { runId: `TEST${process.pid}Rx` }, { started });
      expect(seen).toEqual([`TEST${process.pid}Rx`, true, true, place === 'in a cgroup', false]);
      expect(tracked).toEqual(['started', 'ended']);
      expect(existsSync(join(hooks.results, 'begun'))).toBe(true);
    });

    test('does not run when nobody would end it', async () => {
      const started = () => Promise.reject(new Error('No reaper'));
      const { result, tracked } = await hooks.run(`${SH}touch "$1/unwatched"`, {}, { started });
      expect(result).toEqual({ kind: 'failed', words: 'could not be run: No reaper' });
      expect(tracked).toEqual(['started', 'ended']);
      expect(existsSync(join(hooks.results, 'unwatched'))).toBe(false);
    });

    test('is ended at once when it is to stop', async () => {
      const stop = new AbortController();
      const script = `${SH}trap "" TERM; echo $$ >"$1/stopped"; sleep 1000 & wait`;
      const running = hooks.run(script, {}, { signal: stop.signal });
      await vi.waitFor(() => expect(hooks.read('stopped')).not.toBe(''), BOUND_MS);
      stop.abort();
      expect((await running).result).toEqual({ kind: 'failed', words: 'was ended before it was done' });
      expect(isAlive(Number(hooks.read('stopped')))).toBe(false);
    });

    test.each([
      ['before it was begun', true],
      ['while nobody answers who would end it', false],
    ])('does not run when it is to stop %s', async (_, isBefore) => {
      const stop = new AbortController();
      if (isBefore) stop.abort();
      const started = (): Promise<void> => {
        stop.abort();
        return new Promise(() => {});
      };
      const { result } = await hooks.run(`${SH}touch "$1/late"`, {}, { signal: stop.signal, started });
      expect(result.kind).toBe('failed');
      expect(existsSync(join(hooks.results, 'late'))).toBe(false);
    });

    test('leaves no descriptor open, whatever becomes of it', async () => {
      await hooks.run(`${SH}exit 0`);
      const before = descriptors().length;
      const scripts = ['exit 0', 'exit 1', 'yes', 'sleep 1000', 'setsid sleep 1000 &', 'kill -KILL $$'];
      await Promise.all(scripts.map((script) => hooks.run(SH + script, { timeoutMs: 700 })));
      await hooks.run('#!/nonexistent\n');
      await vi.waitFor(() => expect(descriptors().length).toBeLessThanOrEqual(before), BOUND_MS);
    });

    test('is none of the processes of the session that it is told of, and the session none of its', async () => {
      const backend = testBackend({ cgroupParent: options().cgroupParent ?? { none: true } });
      const shell = await startScript(backend, 'echo ready; read line');
      await shell.until(/ready/);
      const script = `${SH}touch "$1/on"; while ! [ -e "$1/off" ]; do sleep 0.01; done`;
      const environment = { SANDGLASS_EVENT: 'session:warning', SANDGLASS_SESSION_ID: shell.sessionId } as const;
      const first = hooks.run('#!/bin/sh\nsetsid sleep 1000 &', { environment });
      expect((await first).result.kind).toBe('ok');
      expect(isAlive(shell.process.pid ?? 0)).toBe(true);
      const second = hooks.run(script, { environment });
      await vi.waitFor(() => expect(existsSync(join(hooks.results, 'on'))).toBe(true), BOUND_MS);
      expect(await shell.process.terminate(1000)).toEqual({ survivors: [] });
      writeFileSync(join(hooks.results, 'off'), '');
      expect((await second).result.words).toMatch(/^exited with 0/);
    });
  });

  test('is found in its cgroup even with an empty environment', async () => {
    using hooks = testHooks({ cgroupParent: parent.folder, temporary });
    const script = [
      '(setsid env -i /bin/sh -c "trap \\"\\" HUP TERM; echo \\$\\$ >\\"$1/forked\\"; exec sleep 1000" sh "$1" >/dev/null 2>&1 &)',
      'while ! [ -s "$1/forked" ]; do sleep 0.01; done',
    ].join('\n');
    const { result } = await hooks.run(SH + script);
    expect(result.words).toMatch(/; 1 process that it had left was ended$/);
    expect(isAlive(Number(hooks.read('forked')))).toBe(false);
  });

  test('cannot start more processes than a machine takes, where that can be bounded', async () => {
    using hooks = testHooks({ cgroupParent: parent.folder, temporary });
    const bounds: string[] = [];
    const started = async (_run: string, _pid: number, cgroups: readonly string[]): Promise<void> => {
      for (const folder of cgroups) {
        const file = join(folder, 'pids.max');
        if (existsSync(file)) bounds.push(readFileSync(file, 'utf8').trim());
      }
    };
    await hooks.run(SH, {}, { started });
    const support = await probeCgroups({ parent: parent.folder, systemdRun: '/nonexistent' });
    const isBounded =
      support?.controllers.includes('pids') === true || (await legacyFolders(['memory', 'cpu'])).size > 0;
    expect(bounds.includes('1024')).toBe(isBounded);
    // One that tries all the same is ended as quickly as any other.
    const bomb = 'bomb() { bomb | bomb & }; bomb; sleep 1000';
    const { result } = await hooks.run(SH + (isBounded ? bomb : 'sleep 1000'), { timeoutMs: 500 });
    expect(result.words).toBe('timed out after 0.5 s and was ended');
  });

  test('gets a scope where only systemd can make cgroups, which ends with it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandglass-scope-'));
    const systemdRun = join(folder, 'systemd-run');
    // What systemd-run does for a scope, without a systemd: makes the cgroup, enters it, becomes the command.
    const script = [
      '#!/bin/sh',
      'while [ "$1" != -- ]; do case $1 in --unit=*) unit=$(echo "$1" | cut -c8-);; esac; shift; done; shift',
      `[ -z "$unit" ] || { mkdir "${parent.folder}/$unit"; echo 0 >"${parent.folder}/$unit/cgroup.procs"; }`,
      'exec "$@"',
    ];
    writeFileSync(systemdRun, script.join('\n'), { mode: 0o755 });
    using hooks = testHooks({ cgroupParent: '/nonexistent', systemdRun, temporary });
    let known: readonly string[] = [];
    const started = async (_run: string, _pid: number, cgroups: readonly string[]): Promise<void> => {
      known = cgroups;
    };
    const { result } = await hooks.run(`${SH}env -i setsid sleep 1000 >/dev/null 2>&1 &`, {}, { started });
    expect(result.words).toMatch(/; 1 process that it had left was ended$/);
    expect(known).toContainEqual(expect.stringMatching(/\.scope$/));
    // One that was there for the probe, and none any more.
    writeFileSync(systemdRun, '#!/bin/sh\nexit 1\n');
    expect((await hooks.run(`${SH}exit 0`)).result.kind).toBe('ok');
    rmSync(folder, { recursive: true });
  });

  test('runs also where no temporary file can be made', async () => {
    using hooks = testHooks({ cgroupParent: { none: true }, temporary: '/nonexistent' });
    const { result, wrote } = await hooks.run(`${SH}cat; echo >&2 err`);
    expect(result.kind).toBe('ok');
    expect(wrote).toContain('{"specversion":"1.0"}');
    expect(wrote).toContain('err');
    const body = 'x'.repeat(5_000_000);
    expect((await hooks.run(`${SH}exec <&-; exit 0`, { body })).result.kind).toBe('ok');
    expect((await hooks.run(`${SH}yes`, { body })).result.words).toMatch(/^wrote more/);
  });
});
