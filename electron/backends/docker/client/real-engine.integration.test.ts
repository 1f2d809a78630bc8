import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findTestEngine, needs, removeContainers } from '../../../testing/container-engine.ts';
import { LABELS } from '../fleet/labels.ts';
import { createDockerEngine } from './docker-engine.ts';
import type { ContainerEvent, DockerEngine } from './engine.ts';

const testEngine = await findTestEngine();

describe.runIf(testEngine.ok)('the engine of this machine', { ...needs(testEngine), timeout: 120_000 }, () => {
  let engine: DockerEngine;
  const made: string[] = [];

  beforeEach(() => {
    engine = createDockerEngine({
      timing: { pingTimeoutMs: 20_000 },
      onError(error) {
        throw error;
      },
    });
  });

  afterEach(async () => {
    engine.close();
    if (testEngine.ok) await removeContainers(testEngine.docker, made.splice(0));
  });

  async function makeContainer(command: string, labels: Record<string, string> = { [LABELS.app]: '1' }) {
    const connected = await engine.connect();
    if (!connected.ok || !testEngine.ok) throw new Error('no engine');
    const container = await testEngine.docker.createContainer({
      Image: testEngine.image,
      Cmd: ['sh', '-c', command],
      HostConfig: { Init: true, NetworkMode: 'none', Memory: 32 * 1024 * 1024, MemorySwap: 32 * 1024 * 1024 },
      Labels: labels,
    });
    made.push(container.id);
    return container;
  }

  test('is available, with what it offers', async () => {
    await engine.check();
    expect(engine.status).toMatchObject({
      state: 'available',
      message: expect.stringMatching(/^(Docker|Podman) \d.* at /),
    });
    const offers = await engine.offers();
    const names = offers.images.map(({ name }) => name);
    expect(testEngine.ok && names.some((name) => name.startsWith(testEngine.image.replace(/:latest$/, '')))).toBe(true);
    expect(offers.networks).toEqual(expect.arrayContaining(['none']));
    expect(offers.networks).not.toContain('host');
    expect(offers.runtimes).not.toEqual([]);
  });

  test.each<[string, string, ContainerEvent[]]>([
    ['ends by itself', 'exit 7', [{ kind: 'die', exitCode: 7 }]],
    [
      'takes more memory than it may',
      // The shell's own child takes it, so that the container's first process is not the one that is killed.
      'tail /dev/zero; exit 9',
      [{ kind: 'oom' }, { kind: 'die', exitCode: 9 }],
    ],
  ])('reports a container that %s', async (_, command, expected) => {
    const container = await makeContainer(command);
    const events: ContainerEvent[] = [];
    engine.watch(container.id, (event) => events.push(event));
    await container.start();
    await vi.waitFor(() => expect(events.some(({ kind }) => kind === 'die')).toBe(true), { timeout: 60_000 });
    expect(events).toEqual(expected);
  });

  test('reports what ended a container, and removes it', async () => {
    const container = await makeContainer('sleep 1000');
    const events: ContainerEvent[] = [];
    engine.watch(container.id, (event) => events.push(event));
    await container.start();
    await container.kill('SIGTERM');
    await vi.waitFor(() => expect(events.some(({ kind }) => kind === 'die')).toBe(true), { timeout: 60_000 });
    expect(await engine.remove(container.id)).toBe(true);
    await vi.waitFor(() => expect(events).toHaveLength(3), { timeout: 60_000 });
    expect(events).toEqual([{ kind: 'kill', signal: 'SIGTERM' }, { kind: 'die', exitCode: 143 }, { kind: 'destroy' }]);
    expect(await engine.remove(container.id)).toBe(true);
  });

  test('keeps containers that are not the app’s', async () => {
    const container = await makeContainer('sleep 1000', {});
    expect(await engine.remove(container.id)).toBe(false);
    expect(await container.inspect()).toMatchObject({ State: { Status: 'created' } });
  });
});
