import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTestEngine, needs } from '../../../testing/container-engine.ts';
import { type OwnEngine, ownEngine, ownEngineSupport } from '../../../testing/own-engine.ts';
import { LABELS } from '../fleet/labels.ts';
import { createDockerEngine } from './docker-engine.ts';
import { systemSources } from './endpoint-sources.ts';
import type { ContainerEvent, DockerEngine } from './engine.ts';

const testEngine = await findTestEngine();
const support = ownEngineSupport(testEngine);

describe.runIf(support.ok)('an engine that is restarted', { ...needs(support), timeout: 180_000 }, () => {
  let own: OwnEngine;
  let engine: DockerEngine;

  beforeAll(async () => {
    own = await ownEngine(testEngine);
    engine = createDockerEngine({
      sources: { ...systemSources(), env: { DOCKER_HOST: own.host } },
      timing: { pingTimeoutMs: 20_000 },
      onError(error) {
        throw error;
      },
    });
  }, 180_000);

  afterAll(async () => {
    engine.close();
    await own[Symbol.asyncDispose]();
  }, 180_000);

  async function runContainer(): Promise<string> {
    const container = await own.docker.createContainer({
      Image: own.image,
      Cmd: ['sleep', '1000'],
      HostConfig: { Init: true },
      Labels: { [LABELS.app]: '1' },
    });
    await container.start();
    return container.id;
  }

  /** Watches one container, and resolves with all that was heard until the engine was lost. */
  function untilLost(id: string): Promise<{ message: string; events: ContainerEvent[] }> {
    return new Promise((resolve) => {
      const events: ContainerEvent[] = [];
      const unwatch = engine.watch(id, (event) => events.push(event));
      const off = engine.onLost((message) => {
        off();
        unwatch();
        resolve({ message, events });
      });
    });
  }

  const reachable = (): Promise<void> =>
    new Promise((resolve) => {
      const off = engine.onReachable(() => {
        off();
        resolve();
      });
    });

  test('by force is noticed, and pending removals are done when it is back', async () => {
    expect(await engine.connect()).toMatchObject({ ok: true });
    const id = await runContainer();
    const lost = untilLost(id);
    await own.kill();
    const { message, events } = await lost;
    expect(message).toContain(own.host);
    expect(events).toEqual([]);
    expect(engine.status.state).toBe('unavailable');
    expect(await engine.remove(id)).toBe(false);
    const back = reachable();
    await own.start();
    await back;
    // The one that was begun when it came back, or one more.
    expect(await engine.remove(id)).toBe(true);
    expect(await own.docker.listContainers({ all: true })).toEqual([]);
  });

  test('in good order is noticed before its containers end, which are reported when it is back', async () => {
    expect(await engine.connect()).toMatchObject({ ok: true });
    const id = await runContainer();
    const reported: (ContainerEvent | 'lost')[] = [];
    const { promise: died, resolve } = Promise.withResolvers<void>();
    const unwatch = engine.watch(id, (event) => {
      reported.push(event);
      if (event.kind === 'die') resolve();
    });
    const off = engine.onLost(() => reported.push('lost'));
    await own.stop();
    await own.start();
    await died;
    off();
    unwatch();
    expect(reported.indexOf('lost')).toBeGreaterThanOrEqual(0);
    expect(reported.findIndex((event) => event !== 'lost' && event.kind === 'die')).toBeGreaterThan(
      reported.indexOf('lost'),
    );
    expect(await engine.remove(id)).toBe(true);
  });
});
