import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { profileSchema } from '../../../../shared/profile.ts';
import { findTestEngine, needs } from '../../../testing/container-engine.ts';
import { type OwnEngine, ownEngine, ownEngineSupport } from '../../../testing/own-engine.ts';
import { isAlive, startShell, type TestShell } from '../../testing/shells.ts';
import { type TestDocker, testDocker } from '../testing/docker-backend.ts';

const shared = await findTestEngine();
const support = ownEngineSupport(shared);
let engine: OwnEngine;
let docker: TestDocker;

async function startBash(): Promise<TestShell> {
  const shell = await startShell(docker.backend, {
    shell: '/bin/bash',
    args: ['--norc'],
    environment: { PS1: 'ready> ' },
    container: docker.container(),
  });
  await shell.until(/ready> /);
  return shell;
}

/** Sends a signal to the engine's own process; what starts its containers keeps running. */
function signalEngine(signal: NodeJS.Signals): void {
  const folder = dirname(engine.host.slice('unix://'.length));
  process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), signal);
}

/** Resolves once nothing of this backend is left at the engine, which is there, and its tracker knows. */
async function untilNothingIsLeft(): Promise<void> {
  const left = async (): Promise<string[]> => [...(await docker.containers()), ...docker.made];
  await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 60_000, interval: 100 });
}

describe.runIf(support.ok)('when the engine goes away', { ...needs(support), timeout: 180_000 }, () => {
  beforeAll(async () => {
    engine = await ownEngine(shared);
  }, 180_000);

  beforeEach(() => {
    docker = testDocker(engine);
  });

  afterEach(async () => {
    await engine.docker.ping().catch(() => engine.start());
    await docker[Symbol.asyncDispose]();
    await docker.expectNothingLeft();
  }, 120_000);

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  }, 180_000);

  test.each(['kill', 'stop'] as const)(
    '(%s) each session ends as lost, once, and is cleaned up when it is back',
    async (how) => {
      const calm = await startBash();
      const busy = await startBash();
      busy.type('yes');
      await busy.until(/y\r\ny\r\ny/);
      const { pid } = calm.process;
      await engine[how]();
      for (const shell of [calm, busy]) {
        expect(await shell.exit).toMatchObject({ exitCode: null, signal: null, cause: 'backend_lost' });
        expect((await shell.exit).detail).toContain(engine.host);
        expect(await shell.process.terminate(1_000)).toEqual({ survivors: [] });
        expect(shell.process.write(Buffer.from('x'))).toBe(0);
        expect(await shell.process.foreground()).toEqual({ isShell: true, command: 'bash' });
      }
      expect(pid !== null && isAlive(pid)).toBe(false);
      expect(docker.backend.status.state).toBe('unavailable');
      await engine.start();
      await untilNothingIsLeft();
      const again = await startBash();
      expect(docker.backend.status.state).toBe('available');
      await again.process.terminate(1_000);
    },
  );

  test('a session whose output is not read ends as well', async () => {
    const shell = await startBash();
    shell.process.pause();
    shell.type('yes');
    await vi.waitFor(async () => expect((await shell.process.foreground()).command).toBe('yes'), { timeout: 20_000 });
    await engine.kill();
    expect((await shell.exit).cause).toBe('backend_lost');
    await shell.process.terminate(0);
    await engine.start();
    await untilNothingIsLeft();
  });

  test('an engine that hangs does not hold up an end', async () => {
    const shell = await startBash();
    signalEngine('SIGSTOP');
    try {
      expect(await shell.process.terminate(500)).toEqual({ survivors: [] });
      expect(await shell.exit).toMatchObject({
        cause: 'backend_lost',
        detail: 'The container engine is not responding.',
      });
    } finally {
      signalEngine('SIGCONT');
    }
    await untilNothingIsLeft();
  });

  test('a pool is filled again when the engine is back', async () => {
    const profile = profileSchema.parse({
      id: 'ready',
      name: 'Ready',
      backend: 'docker',
      shell: '/bin/bash',
      container: docker.container({ pool: 1 }),
    });
    docker.backend.keepReady?.([profile]);
    const ready = async (): Promise<string[]> =>
      await vi.waitFor(
        async () => {
          const ids = await docker.running();
          expect(ids).toHaveLength(1);
          return ids;
        },
        { timeout: 60_000, interval: 50 },
      );
    const before = await ready();
    await engine.kill();
    await engine.start();
    await vi.waitFor(async () => expect(await docker.running()).not.toEqual(before), { timeout: 60_000 });
    const after = await ready();
    expect(after).not.toEqual(before);
    docker.backend.keepReady?.([]);
    await untilNothingIsLeft();
  });
});
