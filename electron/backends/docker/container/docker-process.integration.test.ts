import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { findTestEngine, needs } from '../../../testing/container-engine.ts';
import type { StartSpec } from '../../backend.ts';
import { isAlive, startShell, type TestShell } from '../../testing/shells.ts';
import { type TestDocker, testDocker } from '../testing/docker-backend.ts';

const engine = await findTestEngine();
let docker: TestDocker;
/** What the test has started; it is ended after it. */
const shells: TestShell[] = [];

const sha256 = (parts: readonly Uint8Array[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');

type Options = Parameters<TestDocker['container']>[0];

/** Starts `/bin/sh -c script` in a container. */
async function start(script: string, options: Options = {}, spec: Partial<StartSpec> = {}): Promise<TestShell> {
  const container = docker.container(options);
  const shell = await startShell(docker.backend, { args: ['-c', script], container, ...spec });
  shells.push(shell);
  return shell;
}

/** Starts an interactive bash and waits for its prompt. */
async function startBash(options: Options = {}): Promise<TestShell> {
  const shell = await startShell(docker.backend, {
    shell: '/bin/bash',
    args: ['--norc'],
    environment: { PS1: 'ready> ' },
    container: docker.container(options),
  });
  shells.push(shell);
  await shell.until(/ready> /);
  return shell;
}

/** The bytes of a flood that the engine and the connection hold do not grow any more. */
async function standsStill(shell: TestShell): Promise<number> {
  const count = async (): Promise<number> => Number((await shell.process.cpuTimeMs()) ?? 0);
  let before = -1;
  await vi.waitFor(
    async () => {
      const now = await count();
      const moved = now - before;
      before = now;
      expect(moved).toBe(0);
    },
    { timeout: 30_000, interval: 250 },
  );
  return before;
}

describe.runIf(engine.ok)('a session in a container', { ...needs(engine), timeout: 60_000 }, () => {
  beforeAll(() => {
    docker = testDocker(engine);
  });

  afterEach(async () => {
    await Promise.all(shells.splice(0).map((shell) => shell.process.terminate(0)));
    await docker.expectNothingLeft();
  }, 120_000);

  afterAll(async () => {
    await docker[Symbol.asyncDispose]();
  });

  describe('output', () => {
    test('arrives byte for byte', async () => {
      const shell = await start('stty raw; exec perl -e "print map chr, 0..255"');
      await shell.exit;
      expect(Buffer.concat(shell.chunks)).toEqual(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    });

    test('of ten megabytes is complete, with pauses at any time', async () => {
      const script =
        'srand 7; $a = pack "L*", map int rand 2**32, 1..65536; for (1..40) { print $a; $s .= $a }; open F, "|sha256sum >/tmp/s"; print F $s';
      const shell = await start(`stty raw; perl -e '${script}'; printf END; cat /tmp/s`);
      let ended = false;
      void shell.exit.then(() => {
        ended = true;
      });
      for (let turn = 0; !ended; turn += 1) {
        if (turn % 3 === 0) shell.process.pause();
        await new Promise((resolve) => setTimeout(resolve, 1));
        shell.process.resume();
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await shell.exit).toEqual({ exitCode: 0, signal: null });
      const all = Buffer.concat(shell.chunks);
      const length = 40 * 65_536 * 4;
      expect(all.subarray(length).toString()).toBe(`END${sha256([all.subarray(0, length)])}  -\n`);
    });

    test('that is not read makes the program wait; all of it comes later', async () => {
      const shell = await start('stty raw -echo; printf ready; head -c 1 >/dev/null; exec head -c 6000000 /dev/zero');
      await shell.until(/ready/);
      shell.process.pause();
      shell.process.write(Buffer.from('x'));
      await standsStill(shell);
      expect(Buffer.concat(shell.chunks).length).toBe('ready'.length);
      expect(await shell.process.foreground()).toMatchObject({ isShell: true });
      shell.process.resume();
      await shell.exit;
      expect(Buffer.concat(shell.chunks).length).toBe('ready'.length + 6_000_000);
    });

    test('of a program that ended while it was not read is kept, however long that takes', {
      timeout: 90_000,
    }, async () => {
      const shell = await start('stty raw -echo; printf ready; head -c 1 >/dev/null; exec head -c 1200000 /dev/zero');
      await shell.until(/ready/);
      const { pid } = shell.process;
      shell.process.pause();
      shell.process.write(Buffer.from('x'));
      await vi.waitFor(() => expect(pid !== null && isAlive(pid)).toBe(false), { timeout: 30_000 });
      // The engine itself keeps what it holds for two seconds.
      await vi.waitFor(async () => expect(await running(shell)).toBe(false), { timeout: 30_000 });
      expect(Buffer.concat(shell.chunks).length).toBe('ready'.length);
      shell.process.resume();
      expect(await shell.exit).toEqual({ exitCode: 0, signal: null });
      expect(Buffer.concat(shell.chunks).length).toBe('ready'.length + 1_200_000);
    });
  });

  describe('input', () => {
    test('arrives byte for byte and in order, at once, whatever it is', async () => {
      const shell = await start('stty raw -echo; printf ready; head -c 60256 | sha256sum');
      await shell.until(/ready/);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const input = Buffer.concat([bytes, randomBytes(60_000)]);
      for (let at = 0; at < input.length; at += 1000) await shell.send(input.subarray(at, at + 1000));
      await shell.exit;
      expect(shell.text()).toContain(sha256([input]));
    });

    test('of Ctrl+P reaches the program without waiting for the next key, and Ctrl+P Ctrl+Q does not detach', async () => {
      const shell = await start('stty raw -echo; printf ready; head -c 1 | od -An -tx1; head -c 1 | od -An -tx1');
      await shell.until(/ready/);
      shell.process.write(Buffer.from([0x10]));
      await shell.until(/10/);
      shell.process.write(Buffer.from([0x11]));
      await shell.until(/11/);
      expect(await shell.exit).toEqual({ exitCode: 0, signal: null });
    });

    test('stays with who writes it when a program does not read, beyond what the engine takes', async () => {
      const shell = await start('stty raw -echo; printf ready; exec sleep 1000');
      await shell.until(/ready/);
      const block = Buffer.alloc(64 * 1024, 'x');
      await vi.waitFor(() => expect(shell.process.write(block)).toBe(0), { timeout: 30_000, interval: 1 });
      await shell.process.terminate(0);
      expect(shell.process.write(Buffer.from('x'))).toBe(0);
    });
  });

  test('a resize is seen by the program; of many, the last counts', async () => {
    const shell = await startBash();
    for (let cols = 100; cols <= 132; cols += 1) shell.process.resize(cols, 43);
    await vi.waitFor(async () => {
      shell.type('stty size');
      await shell.until(/\d+ \d+\r\n/);
      expect(shell.text()).toContain('43 132\r\n');
    });
    await shell.process.terminate(1000);
    shell.process.resize(10, 10);
  });

  test('the size it is opened with is the size it has', async () => {
    const shell = await start(
      'while [ "$(stty size)" != "43 132" ]; do :; done; echo right',
      {},
      { cols: 132, rows: 43 },
    );
    await shell.until(/right/);
  });

  test('the foreground is the shell at its prompt, or the command that runs', async () => {
    const shell = await startBash();
    expect(await shell.process.foreground()).toEqual({ isShell: true, command: 'bash' });
    shell.type('sleep 1000');
    await vi.waitFor(async () =>
      expect(await shell.process.foreground()).toEqual({ isShell: false, command: 'sleep' }),
    );
    shell.process.write(Buffer.from('\x03'));
    await vi.waitFor(async () => expect((await shell.process.foreground()).isShell).toBe(true));
  });

  test('job control works: Ctrl+Z, jobs and fg', async () => {
    const shell = await startBash();
    shell.type('sleep 1000');
    await vi.waitFor(async () => expect((await shell.process.foreground()).command).toBe('sleep'));
    shell.process.write(Buffer.from('\x1a'));
    await shell.until(/Stopped/);
    shell.type('jobs');
    await shell.until(/Stopped[\s\S]*jobs[\s\S]*Stopped/);
    shell.type('fg');
    await vi.waitFor(async () => expect((await shell.process.foreground()).command).toBe('sleep'));
  });

  test('its CPU time counts all its processes, and never backwards', async () => {
    const shell = await start('perl -e "1 while (times)[0] < 0.3"; echo worked; read line');
    await shell.until(/worked/);
    const used = (await shell.process.cpuTimeMs()) ?? 0;
    expect(used).toBeGreaterThanOrEqual(250);
    expect(await shell.process.cpuTimeMs()).toBeGreaterThanOrEqual(used);
  });

  describe('its end', () => {
    test.each([0, 7, 130, 137])('with exit code %i is reported as it is', async (code) => {
      const shell = await start(`exit ${code}`);
      expect(await shell.exit).toEqual({ exitCode: code, signal: null });
    });

    test('for want of memory names the limit', async () => {
      const shell = await start('exec perl -e "\\$a = q(x) x 500_000_000; print 1"', {
        resources: { memoryMiB: 64, cpus: 1, pids: 64 },
      });
      expect(await shell.exit).toEqual({
        exitCode: null,
        signal: 'SIGKILL',
        cause: 'out_of_memory',
        detail: 'It reached its memory limit of 64 MB',
      });
    });

    test('is not that of a child that ran out of memory', async () => {
      const shell = await startBash({ resources: { memoryMiB: 64, cpus: 1, pids: 64 } });
      shell.type('perl -e "\\$a = q(x) x 500_000_000"; echo "status $?"');
      await shell.until(/status 137/);
      shell.type('exit 3');
      expect(await shell.exit).toEqual({ exitCode: 3, signal: null });
    });

    test('by someone else says so', async () => {
      if (!engine.ok) throw new Error(engine.why);
      const shell = await startBash();
      await engine.docker.getContainer(idOf(shell)).kill();
      expect(await shell.exit).toEqual({
        exitCode: null,
        signal: 'SIGKILL',
        detail: 'Killed from outside Sandglass (SIGKILL)',
      });
    });

    test('by someone else’s removal is reported, and nothing is left to do', async () => {
      if (!engine.ok) throw new Error(engine.why);
      const shell = await startBash();
      await engine.docker.getContainer(idOf(shell)).remove();
      expect(await shell.exit).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
      expect(await shell.process.terminate(0)).toEqual({ survivors: [] });
    });

    test('comes once, after all output', async () => {
      const order: string[] = [];
      const exit = Promise.withResolvers<void>();
      const result = await docker.backend.start(
        {
          shell: '/bin/sh',
          args: ['-c', 'seq 50000'],
          sessionId: 'order',
          profileId: 'container',
          environment: {},
          cols: 80,
          rows: 24,
          endsAt: null,
          container: docker.container(),
        },
        {
          onData: (bytes) => order.push(Buffer.from(bytes).toString()),
          onInputRoom: () => {},
          onExit: () => {
            order.push('exit');
            exit.resolve();
          },
        },
        new AbortController().signal,
      );
      if (!result.ok) throw new Error(result.failure.message);
      await exit.promise;
      await result.process.terminate(1000);
      expect(order.filter((entry) => entry === 'exit')).toEqual(['exit']);
      expect(order.at(-1)).toBe('exit');
      expect(order.join('').replace('exit', '').trimEnd().endsWith('50000')).toBe(true);
    });
  });

  describe('the close ladder', () => {
    test('gives a shell time to take its leave', async () => {
      const shell = await start('trap "echo bye; exit 4" HUP; echo ready; while :; do sleep 0.05; done');
      await shell.until(/ready/);
      expect(await shell.process.terminate(10_000)).toEqual({ survivors: [] });
      expect(await shell.exit).toEqual({ exitCode: 4, signal: null });
      expect(shell.text()).toContain('bye');
    });

    test('ends what ignores it, double-forked and of its own session as well', async () => {
      const shell = await start(
        'trap "" HUP TERM; (setsid sh -c "trap \\"\\" HUP; sleep 1000" &); echo ready; while :; do sleep 1; done',
      );
      await shell.until(/ready/);
      const { pid } = shell.process;
      expect(await shell.process.terminate(300)).toEqual({ survivors: [] });
      expect(await shell.exit).toEqual({ exitCode: null, signal: 'SIGKILL' });
      expect(await shell.process.terminate(0)).toEqual({ survivors: [] });
      expect(pid !== null && isAlive(pid)).toBe(false);
    });

    test('ends a stopped and a frozen one', async () => {
      const shell = await startBash();
      expect(await shell.process.freeze()).toBeNull();
      expect(await shell.process.terminate(5_000)).toEqual({ survivors: [] });
      expect((await shell.exit).cause).toBeUndefined();
    });

    test('after a settle, a flood comes to its end within a bound', async () => {
      const shell = await startBash();
      shell.type('yes');
      await shell.until(/y\r\ny\r\ny/);
      await shell.process.settle(2_000);
      const before = Buffer.concat(shell.chunks).length;
      await shell.process.terminate(500);
      expect(Buffer.concat(shell.chunks).length - before).toBeLessThanOrEqual(64 * 1024);
      expect((await shell.exit).cause).toBeUndefined();
    });

    test('after a settle, trailing output is delivered', async () => {
      const shell = await start('trap "echo bye; exit 4" HUP; echo ready; while :; do sleep 0.05; done');
      await shell.until(/ready/);
      await shell.process.settle(1_000);
      await shell.process.terminate(10_000);
      expect(shell.text()).toContain('bye');
    });
  });

  test('settle delivers what was on its way, and nothing comes after it', async () => {
    const shell = await start('seq 20000; exec yes');
    await shell.until(/y\r\ny/);
    await shell.process.settle(5_000);
    const before = shell.text();
    expect(before.startsWith('1\r\n2\r\n')).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(shell.text()).toBe(before);
  });

  test('freeze stops a container where it is, and thaw resumes it with all its output', async () => {
    const shell = await start(
      'stty -echo; for ((i = 0; ; i++)); do echo $i; read -t 0.05 line && exit; done',
      {},
      {
        shell: '/bin/bash',
      },
    );
    await shell.until(/^20\r$/m);
    expect(await shell.process.freeze()).toBeNull();
    expect(await shell.process.freeze()).toBeNull();
    const frozen = await standsStill(shell);
    const before = shell.text();
    expect(await shell.process.thaw()).toBeNull();
    expect(await shell.process.thaw()).toBeNull();
    await vi.waitFor(() => expect(shell.text().length).toBeGreaterThan(before.length + 10), { timeout: 20_000 });
    expect(await shell.process.cpuTimeMs()).toBeGreaterThan(frozen);
    // A key that comes in the moment in which the time of bash's `read` is up is lost: it is typed again.
    const typing = setInterval(() => shell.type(''), 100);
    onTestFinished(() => clearInterval(typing));
    expect(await shell.exit).toEqual({ exitCode: 0, signal: null });
    const lines = shell.text().trimEnd().split('\r\n');
    expect(lines).toEqual(Array.from(lines, (_, line) => String(line)));
    await shell.process.terminate(0);
    expect(await shell.process.freeze()).toBe('The session has ended.');
  });

  test('a container of an engine that runs elsewhere works too, as far as that engine knows', async () => {
    await using far = testDocker(engine, { isFar: true });
    const shell = await startShell(far.backend, { shell: '/bin/bash', args: ['--norc'], container: far.container() });
    expect(shell.process.pid).toBeNull();
    expect(shell.process.isolation.map(({ text }) => text)).toContain('uid 1000');
    shell.type('yes');
    await shell.until(/y\r\ny\r\ny/);
    expect(await shell.process.foreground()).toEqual({ isShell: true, command: 'bash' });
    expect(await shell.process.background()).toEqual(['yes']);
    expect(await shell.process.cpuTimeMs()).toBeGreaterThan(0);
    shell.process.pause();
    shell.process.resume();
    await shell.process.settle(1_000);
    expect(await shell.process.terminate(1_000)).toEqual({ survivors: [] });
    expect((await shell.exit).cause).toBeUndefined();
    await far.expectNothingLeft();
  });

  test('killAllNow ends all without being waited for', async () => {
    const all = await Promise.all([startBash(), startBash(), startBash()]);
    docker.backend.killAllNow();
    for (const shell of all) expect(await shell.exit).toEqual({ exitCode: null, signal: 'SIGKILL' });
  });

  test('twenty at once each have their own', { timeout: 180_000 }, async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        start(`echo "I am ${index} of $SANDGLASS_SESSION_ID"; read line; exit ${index}`),
      ),
    );
    for (const [index, shell] of all.entries()) await shell.until(new RegExp(`I am ${index} of ${shell.sessionId}\r`));
    for (const shell of all) shell.type('');
    for (const [index, shell] of all.entries()) expect(await shell.exit).toEqual({ exitCode: index, signal: null });
  });
});

function idOf(shell: TestShell): string {
  return shell.process.container?.id ?? '';
}

async function running(shell: TestShell): Promise<boolean> {
  if (!engine.ok) throw new Error(engine.why);
  return (await engine.docker.getContainer(idOf(shell)).inspect()).State.Running;
}
