import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
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
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Problem } from '../../shared/settings.ts';
import { isAlive, startScript, testBackend, testCgroupParent } from '../backends/testing/shells.ts';
import { findNow } from '../processes/linux-processes.ts';
import { nodeReaperCommand } from './command.ts';
import { encodeMessage, type ReaperMessage } from './messages.ts';
import { createReaper, type Reaper } from './reaper-client.ts';
import { startReaper } from './run-reaper.ts';
import { startApp } from './testing/apps.ts';

/** What the app promises, in milliseconds. */
const PROMISED_MS = 5000;
/** For a machine under load, where not the time is asked. */
const BOUND_MS = 20_000;
const silent = { info() {}, warn() {} };

const gone = (pids: readonly (number | null)[], timeout = BOUND_MS): Promise<void> =>
  vi.waitFor(() => expect(pids.filter((pid) => pid !== null && isAlive(pid))).toEqual([]), { timeout, interval: 10 });

/** Children that go different ways, all but the last with the session's mark: their pids after `ready`. */
const STUBBORN = [
  'trap "" HUP',
  'nohup sleep 1000 >/dev/null 2>&1 & a=$!',
  'setsid sleep 1000 >/dev/null 2>&1 & b=$!',
  'c=$( (setsid sh -c "trap \\"\\" HUP TERM INT; exec sleep 1000" >/dev/null 2>&1 & echo $!) )',
  '(kill -STOP $(sh -c "echo \\$PPID")) & d=$!',
].join('\n');
const WITHOUT_MARK = 'e=$( (setsid env -i /bin/sleep 1000 >/dev/null 2>&1 & echo $!) )';
const marked = `${STUBBORN}\necho "ready $a $b $c $d"\nread line`;
const contained = `${STUBBORN}\n${WITHOUT_MARK}\necho "ready $a $b $c $d $e"\nread line`;

/** A program as sessions run it, which is none of theirs. */
function startBystander(): { readonly pid: number } & Disposable {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
  return { pid: child.pid ?? 0, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

describe.runIf(process.platform === 'linux')('an app that is killed', { timeout: 90_000 }, () => {
  test('leaves no process after 5 seconds, however it was started; a program of someone else is left alone', async () => {
    using bystander = startBystander();
    await using app = await startApp({ scripts: [marked, marked] });
    expect(app.pids).toHaveLength(8);
    expect(app.pids.every(isAlive)).toBe(true);
    await app.kill();
    await gone([...app.shells, ...app.pids], PROMISED_MS);
    await gone([app.reaper]);
    expect(isAlive(bystander.pid)).toBe(true);
  });

  test.each([
    ['a session', false],
    ['a frozen session', true],
  ])('leaves no process in the cgroup of %s, with an empty environment too, and no cgroup', async (_, isFrozen) => {
    using parent = await testCgroupParent();
    await using app = await startApp({ scripts: [contained], cgroupParent: parent.folder, isFrozen });
    expect(app.pids).toHaveLength(5);
    const own = (): string[] =>
      readdirSync(parent.folder).filter((name) => name.startsWith(`sandglass-${app.process.pid}-`));
    expect(own()).toHaveLength(1);
    await app.kill();
    await gone([...app.shells, ...app.pids, app.reaper]);
    expect(own()).toEqual([]);
  });

  test('leaves no process of a session that was frozen without a cgroup', async () => {
    await using app = await startApp({ scripts: [marked], isFrozen: true });
    await app.kill();
    await gone([...app.shells, ...app.pids, app.reaper]);
  });

  test('is not mistaken for another one that lives', async () => {
    await using first = await startApp({ scripts: [marked] });
    await using second = await startApp({ scripts: [marked] });
    await first.kill();
    await gone([...first.shells, ...first.pids, first.reaper]);
    expect([...second.shells, ...second.pids, second.reaper ?? 0].every(isAlive)).toBe(true);
    await second.quit();
    await gone([...second.shells, ...second.pids, second.reaper]);
  });

  test('leaves no private folder of a session, and folders elsewhere are left alone', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'other-'));
    const inside = join(elsewhere, 'sandglass-inside');
    const link = join(tmpdir(), `sandglass-link-${process.pid}`);
    const own = mkdtempSync(join(tmpdir(), 'sandglass-own-'));
    mkdirSync(inside);
    writeFileSync(join(own, 'token'), 'secret');
    symlinkSync(elsewhere, link);
    const folders = [own, inside, link].map((path) => ['SESSION', path] as const);
    await using app = await startApp({ folders });
    await app.kill();
    await gone([app.reaper]);
    expect(existsSync(own)).toBe(false);
    expect(existsSync(inside)).toBe(true);
    rmSync(link);
    rmSync(elsewhere, { recursive: true });
  });
});

describe.runIf(process.platform === 'linux')('an app that quits', { timeout: 90_000 }, () => {
  test('leaves neither sessions nor the reaper', async () => {
    await using app = await startApp({ scripts: [marked] });
    expect(isAlive(app.reaper ?? 0)).toBe(true);
    await app.quit();
    await gone([...app.shells, ...app.pids, app.reaper]);
  });
});

/** A reaper that is talked to directly. */
function startReaperAlone(): { process: ChildProcess; say(...lines: (ReaperMessage | string)[]): void } {
  const { file, args } = nodeReaperCommand();
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'inherit'], detached: true });
  return {
    process: child,
    say: (...lines) => {
      for (const line of lines) child.stdin?.write(typeof line === 'string' ? line : encodeMessage(line));
    },
  };
}

/** Resolves when the process handles SIGHUP, the first of its signals, and the others: the mask `SigCgt` of proc_pid_status(5). */
async function listens({ pid }: ChildProcess): Promise<void> {
  await vi.waitFor(
    () => {
      const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
      // SIGHUP 1, SIGINT 2, SIGTERM 15: bits from 0.
      expect(Number.parseInt(mask.slice(-8), 16) & 0x4003).toBe(0x4003);
    },
    { timeout: 10_000 },
  );
}

const thisApp: ReaperMessage = { kind: 'app', pid: process.pid, roots: [] };

describe.runIf(process.platform === 'linux')('the reaper', { timeout: 90_000 }, () => {
  let bystander: ReturnType<typeof startBystander>;
  let shell: { pid: number; startedAt: number };

  beforeEach(() => {
    bystander = startBystander();
    const entry = findNow(bystander.pid);
    if (entry === null) throw new Error('The process that a test needs did not start');
    shell = { pid: entry.pid, startedAt: entry.startedAt };
  });
  afterEach(() => {
    bystander[Symbol.dispose]();
  });

  test('ends a process that was registered as a session’s shell', async () => {
    const reaper = startReaperAlone();
    const exited = once(reaper.process, 'exit');
    reaper.say(thisApp, { kind: 'session', id: 'A', shell, cgroups: [] }, { kind: 'done' });
    reaper.process.stdin?.end();
    expect(await exited).toEqual([0, null]);
    expect(isAlive(shell.pid)).toBe(false);
  });

  test('does not touch a process that only has the pid of a session’s shell', async () => {
    const reaper = startReaperAlone();
    const exited = once(reaper.process, 'exit');
    const earlier = { ...shell, startedAt: shell.startedAt - 1 };
    reaper.say(thisApp, { kind: 'session', id: 'A', shell: earlier, cgroups: [] }, { kind: 'done' });
    reaper.process.stdin?.end();
    expect(await exited).toEqual([0, null]);
    expect(isAlive(shell.pid)).toBe(true);
  });

  test('skips lines that it does not understand', async () => {
    const reaper = startReaperAlone();
    const exited = once(reaper.process, 'exit');
    reaper.say('garbage\n', '{"kind":"session"}\n', '\u0000\n', 'x'.repeat(3 * 1024 * 1024), '\n');
    reaper.say(thisApp, { kind: 'session', id: 'A', shell, cgroups: [] }, '[[[[\n', { kind: 'done' }, 'not finis');
    reaper.process.stdin?.end();
    expect(await exited).toEqual([0, null]);
    expect(isAlive(shell.pid)).toBe(false);
  });

  test.each([
    ['touches nothing while the app still lives, even when it hears no more from it', false],
    ['waits until the app is really gone', true],
  ])('%s', async (_, isGoneLater) => {
    let polls = 0;
    const isGone = (app: number): boolean => {
      expect(app).toBe(process.pid);
      expect(isAlive(shell.pid)).toBe(true);
      polls += 1;
      return isGoneLater && polls > 3;
    };
    const lines = encodeMessage(thisApp) + encodeMessage({ kind: 'session', id: 'A', shell, cgroups: [] });
    const limitMs = isGoneLater ? 60_000 : 300;
    await startReaper({ input: Readable.from([Buffer.from(lines)]), isGone, limitMs }).finished;
    expect(polls).toBeGreaterThan(3);
    expect(isAlive(shell.pid)).toBe(!isGoneLater);
  });

  test('outlives signals that end an app or its terminal as long as something is tracked', async () => {
    const reaper = startReaperAlone();
    const exited = once(reaper.process, 'exit');
    reaper.say(thisApp, { kind: 'session', id: 'A', shell, cgroups: [] });
    await listens(reaper.process);
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) reaper.process.kill(signal);
    reaper.say({ kind: 'done' });
    reaper.process.stdin?.end();
    expect(await exited).toEqual([0, null]);
    expect(isAlive(shell.pid)).toBe(false);
  });

  test('is ended by SIGTERM when nothing is tracked', async () => {
    const reaper = startReaperAlone();
    const exited = once(reaper.process, 'exit');
    reaper.say(thisApp);
    await listens(reaper.process);
    reaper.process.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

describe.runIf(process.platform === 'linux')('the app’s side', { timeout: 90_000 }, () => {
  const problems: Problem[] = [];
  let reaper: Reaper;
  const create = (options: Partial<Parameters<typeof createReaper>[0]> = {}): Reaper =>
    createReaper({
      log: silent,
      command: nodeReaperCommand(),
      onProblem: (problem) => problems.push(problem),
      ...options,
    });

  afterEach(async () => {
    problems.length = 0;
    await reaper.close();
    await gone([reaper.pid]);
  });

  test('starts nothing before the first session, and nothing at all without one', async () => {
    reaper = create();
    expect(reaper.pid).toBeNull();
    reaper.ended('A');
    reaper.removed('a'.repeat(64));
    expect(reaper.pid).toBeNull();
    await reaper.close();
    reaper.session('A', { shell: null, cgroups: [] });
    expect(reaper.pid).toBeNull();
  });

  test('starts a helper with a process session of its own, nothing of the environment and no open terminal', async () => {
    vi.stubEnv('SECRET', 'value');
    const shell = await startScript(testBackend(), 'echo ready; read line');
    reaper = create();
    reaper.session('A', { shell: null, cgroups: [] });
    const pid = reaper.pid ?? 0;
    expect(findNow(pid)).toMatchObject({ session: pid, group: pid });
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('reaper'));
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('SECRET');
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/');
    const files = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
    expect(files.filter((file) => /ptmx|pts/.test(file))).toEqual([]);
    await shell.process.terminate(0);
    vi.unstubAllEnvs();
  });

  test('starts another helper when one is lost, so that a second death is noticed as the first would be', async () => {
    await using app = await startApp({ scripts: [marked] });
    const second = await app.replaceReaper();
    await app.kill();
    await gone([...app.shells, ...app.pids, second]);
  });

  test('starts a helper that is lost again and again once in a while only, and says so', async () => {
    reaper = create({ respawnMs: 1500 });
    reaper.session('A', { shell: null, cgroups: [] });
    const first = reaper.pid ?? 0;
    process.kill(first, 'SIGKILL');
    const second = await vi.waitFor(() => {
      expect(reaper.pid).not.toBe(first);
      expect(reaper.pid).not.toBeNull();
      return reaper.pid ?? 0;
    });
    expect(problems).toEqual([]);
    process.kill(second, 'SIGKILL');
    await vi.waitFor(() => expect(reaper.pid).toBeNull());
    expect(problems).toMatchObject([{ id: 'reaper', severity: 'warning' }]);
    reaper.session('B', { shell: null, cgroups: [] });
    expect(reaper.pid).toBeNull();
    await vi.waitFor(() => expect(reaper.pid).not.toBeNull(), { timeout: 10_000 });
    expect(problems).toHaveLength(1);
  });

  test('lets a helper go that has nothing to watch over for a while; the next session gets another one', async () => {
    reaper = create({ idleMs: 50 });
    reaper.session('A', { shell: null, cgroups: [] });
    const first = reaper.pid ?? 0;
    reaper.ended('A');
    await gone([first]);
    expect(reaper.pid).toBeNull();
    reaper.session('B', { shell: null, cgroups: [] });
    const second = reaper.pid ?? 0;
    expect(second).not.toBe(0);
    reaper.ended('B');
    await reaper.close();
    await gone([second]);
    expect(problems).toEqual([]);
  });

  test('reports when no helper is available; sessions keep running', async () => {
    reaper = create({ command: { file: '/nonexistent/program', args: [], environment: {} } });
    reaper.session('A', { shell: null, cgroups: [] });
    await vi.waitFor(() => expect(problems).toHaveLength(1));
    expect(problems[0]?.message).toContain('ENOENT');
    reaper.session('B', { shell: null, cgroups: [] });
    reaper.ended('A');
    expect(problems).toHaveLength(1);
  });
});
