import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findNow, linuxProcesses } from '../../../processes/linux-processes.ts';
import type { ProcessTable } from '../../../processes/process-table.ts';
import { containersOf, findTestEngine, needs, removeContainers } from '../../../testing/container-engine.ts';
import { imageTag } from '../../../testing/docker-api.ts';
import { createDockerEngine } from '../client/docker-engine.ts';
import type { DockerEngine } from '../client/engine.ts';
import type { ContainerOwner } from '../container/container-labels.ts';
import { LABELS } from './labels.ts';
import {
  findOwner,
  isLeftOver,
  type OwnedContainer,
  type OwnerState,
  type SweepFacts,
  sweepOrphans,
} from './orphans.ts';

const testEngine = await findTestEngine();

describe.runIf(testEngine.ok && process.platform === 'linux')(
  'a sweep',
  { ...needs(testEngine), timeout: 120_000 },
  () => {
    let engine: DockerEngine;
    let installation: string;
    let self: ContainerOwner;
    let errors: unknown[];
    const children: ChildProcess[] = [];
    const installations: string[] = [];

    beforeEach(async () => {
      errors = [];
      engine = createDockerEngine({ onError: (error) => errors.push(error) });
      installation = randomUUID();
      installations.push(installation);
      const owner = await findOwner(installation, linuxProcesses);
      if (owner === null) throw new Error('this process is not there');
      self = owner;
    });

    afterEach(async () => {
      engine.close();
      for (const child of children.splice(0)) child.kill('SIGKILL');
      if (!testEngine.ok) return;
      for (const name of installations.splice(0)) {
        await removeContainers(testEngine.docker, await containersOf(testEngine.docker, name));
      }
    });

    async function makeContainer(owner: Partial<ContainerOwner>, more: Record<string, string> = {}): Promise<string> {
      if (!testEngine.ok) throw new Error('no engine');
      const whose = { ...self, ...owner };
      const container = await testEngine.docker.createContainer({
        Image: testEngine.image,
        Cmd: ['sleep', '1000'],
        Labels: {
          [LABELS.app]: '1',
          [LABELS.installation]: whose.installation,
          [LABELS.ownerHost]: whose.host,
          [LABELS.ownerPid]: String(whose.pid),
          [LABELS.ownerStart]: String(whose.start),
          ...more,
        },
      });
      await container.start();
      return container.id;
    }

    const sweep = (
      options: {
        knows?: (id: string) => boolean;
        later?: number;
        processes?: Pick<ProcessTable, 'find'>;
        sparesSurvivors?: boolean;
      } = {},
    ): Promise<string[]> =>
      sweepOrphans({
        engine,
        self,
        processes: options.processes ?? linuxProcesses,
        knows: options.knows ?? (() => false),
        sparesSurvivors: options.sparesSurvivors ?? false,
        wall: () => Date.now() + (options.later ?? 0),
        onError: (error) => errors.push(error),
      });

    const left = async (): Promise<string[]> => (testEngine.ok ? containersOf(testEngine.docker, installation) : []);

    /** A process that can own containers and be ended. */
    async function startOwner(): Promise<{ owner: Pick<ContainerOwner, 'pid' | 'start'>; end(): Promise<void> }> {
      const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
      children.push(child);
      await once(child, 'spawn');
      const entry = findNow(child.pid ?? -1);
      if (entry === null) throw new Error('it did not start');
      return {
        owner: { pid: entry.pid, start: entry.startedAt },
        async end() {
          const exited = once(child, 'exit');
          child.kill('SIGKILL');
          await exited;
        },
      };
    }

    test('removes what an app has left, once it is gone', async () => {
      const { owner, end } = await startOwner();
      const id = await makeContainer(owner);
      expect(await sweep()).toEqual([]);
      expect(await left()).toEqual([id]);
      await end();
      expect(await sweep()).toEqual([id]);
      expect(await left()).toEqual([]);
      expect(errors).toEqual([]);
    });

    test('does not take another process with the same number for the owner', async () => {
      const { owner } = await startOwner();
      const id = await makeContainer({ ...owner, start: Number(owner.start) - 1 });
      expect(await sweep()).toEqual([id]);
    });

    test('removes nothing of other hosts, other installations and other programs', async () => {
      const gone = { pid: 4_194_000, start: 1 };
      const other = randomUUID();
      installations.push(other);
      await makeContainer({ ...gone, host: 'elsewhere' });
      const foreign = await makeContainer({ ...gone, installation: other });
      await makeContainer(gone, { [LABELS.app]: '0' });
      const mine = await makeContainer(gone);
      expect(await sweep()).toEqual([mine]);
      expect(await left()).toHaveLength(2);
      expect(testEngine.ok && (await containersOf(testEngine.docker, other))).toEqual([foreign]);
    });

    test('leaves what the user runs from an image that was made of a container', async () => {
      if (!testEngine.ok) throw new Error(testEngine.why);
      const { docker } = testEngine;
      const { owner, end } = await startOwner();
      const id = await makeContainer(owner, { [LABELS.container]: 'sandglass-as-made' });
      await docker.getContainer(id).rename('sandglass-as-made');
      const image = `sandglass-test-made-of-it:${process.pid}`;
      await docker.getContainer(id).commit(imageTag(image));
      const users = await docker.createContainer({ Image: image });
      try {
        expect(await left()).toHaveLength(2);
        await end();
        expect(await sweep()).toEqual([id]);
        expect(await left()).toEqual([users.id]);
      } finally {
        await users.remove();
        await docker.removeImage(image);
      }
    });

    test('removes what this process has without knowing it, after a minute', async () => {
      const known = await makeContainer({});
      const unknown = await makeContainer({});
      const knows = (id: string): boolean => id === known;
      expect(await sweep({ knows })).toEqual([]);
      expect(await sweep({ knows, later: 120_000 })).toEqual([unknown]);
      expect(await left()).toEqual([known]);
    });

    test('touches nothing when processes cannot be listed', async () => {
      const { owner } = await startOwner();
      await makeContainer(owner);
      expect(await sweep({ processes: { find: async () => null } })).toEqual([]);
      expect(errors).toHaveLength(1);
      // Only the owner is not found, and yet the system says that it runs.
      const blind = { find: async (pid: number) => (pid === self.pid ? linuxProcesses.find(pid) : null) };
      expect(await sweep({ processes: blind })).toEqual([]);
      expect(await left()).toHaveLength(1);
    });
  },
);

describe('a container', () => {
  const self: ContainerOwner = { installation: 'i', host: 'h', pid: 1, start: 2 };
  const container = (labels: Record<string, string> = {}): OwnedContainer => ({
    id: 'c',
    createdAt: 0,
    names: [],
    labels: { [LABELS.app]: '1', [LABELS.installation]: 'i', [LABELS.ownerHost]: 'h', ...labels },
  });
  const judge = (
    owner: OwnerState,
    nowMs: number,
    labels?: Record<string, string>,
    facts?: Partial<SweepFacts>,
  ): boolean =>
    isLeftOver(container(labels), owner, { self, knows: () => false, sparesSurvivors: false, nowMs, ...facts });

  test('whose labels do not say whose it is goes when its session must have ended', () => {
    expect(judge('unclear', 1e12)).toBe(false);
    expect(judge('unclear', 1e12, { [LABELS.endsAt]: String(1e12 + 1) })).toBe(false);
    expect(judge('unclear', 1e12, { [LABELS.endsAt]: String(1e12 - 120_000) })).toBe(true);
    expect(judge('unclear', 1e12, { [LABELS.endsAt]: 'soon' })).toBe(false);
  });

  test('of another is never left over', () => {
    for (const labels of [{ [LABELS.app]: '' }, { [LABELS.installation]: 'x' }, { [LABELS.ownerHost]: 'x' }]) {
      expect(judge('gone', 1e12, labels)).toBe(false);
    }
  });

  test('a container that outlives a crash is an orphan once it is decided that no app takes it over', () => {
    const survives = { [LABELS.survives]: '1' };
    expect(judge('gone', 1e12, survives, { sparesSurvivors: true })).toBe(false);
    expect(judge('gone', 1e12, {}, { sparesSurvivors: true })).toBe(true);
    expect(judge('gone', 1e12, survives)).toBe(true);
    expect(judge('gone', 1e12, survives, { knows: () => true })).toBe(false);
  });
});
