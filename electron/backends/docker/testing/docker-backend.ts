import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { type ContainerOptions, DEFAULT_CONTAINER } from '../../../../shared/profile.ts';
import { findNow, linuxProcesses } from '../../../processes/linux-processes.ts';
import { containersOf, removeContainers, type TestEngine } from '../../../testing/container-engine.ts';
import type { Backend } from '../../backend.ts';
import { createDockerEngine } from '../client/docker-engine.ts';
import { systemSources } from '../client/endpoint-sources.ts';
import type { DockerEngine } from '../client/engine.ts';
import { createDockerBackend, type DockerBackendOptions } from '../docker.ts';
import { LABELS } from '../fleet/labels.ts';
import { type Interception, intercept } from './intercept.ts';

/** A line that a backend logged. */
interface Logged {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly details: object;
  readonly message: string;
}

/** A docker backend for one test, with an installation of its own. */
export interface TestDocker extends AsyncDisposable {
  readonly backend: Backend;
  readonly engine: DockerEngine;
  readonly installation: string;
  readonly logged: Logged[];
  /** What the tracker knows: ids of containers that were made and are not gone. */
  readonly made: Set<string>;
  /** A profile's container options: the tests' image, hardened as by default. */
  container(options?: Partial<ContainerOptions>): ContainerOptions;
  /** Ids of this backend's containers that the engine has now. */
  containers(): Promise<string[]>;
  /** Ids of those that run. */
  running(): Promise<string[]>;
  /**
   * Asserts that no container is left, here or at the engine, and that nothing went wrong behind the scenes. A busy engine
   * may take a while for a removal. What is left in spite of it is removed, for the tests after this one.
   */
  expectNothingLeft(): Promise<void>;
}

/** What a test may want otherwise. */
export interface TestDockerOptions extends Partial<DockerBackendOptions> {
  /** Where another engine listens, as `DOCKER_HOST` names it. */
  readonly host?: string;
  readonly interception?: Interception;
  /** The engine is taken for one whose processes are not this machine's. */
  readonly isFar?: boolean;
}

/** Makes one at this engine, or at the one that the tests share. */
export function testDocker(engine: TestEngine, options: TestDockerOptions = {}): TestDocker {
  if (!engine.ok) throw new Error(engine.why);
  const { host, interception, isFar = false, ...rest } = options;
  const sources = systemSources();
  const own = createDockerEngine({
    sources: { ...sources, env: { ...sources.env, DOCKER_HOST: host ?? engine.host } },
    ...(isFar ? { host: { platform: process.platform, hostname: 'elsewhere', kernel: 'other' } } : {}),
    onError: (error) => logged.push({ level: 'error', details: { error }, message: 'engine' }),
  });
  const logged: Logged[] = [];
  own.onLost((message) => {
    logged.push({ level: 'warn', details: { at: performance.now() }, message });
  });
  const made = new Set<string>();
  const log = (level: Logged['level']) => (details: object, message: string) => {
    logged.push({ level, details, message });
  };
  const installation = `test-${randomUUID()}`;
  const identity = mkdtempSync(join(tmpdir(), 'sandglass-identity-'));
  process.once('exit', () => rmSync(identity, { recursive: true, force: true }));
  const backend = createDockerBackend({
    // It stays open when the backend closes, so that a busy engine has time for pending removals.
    engine: Object.assign(intercept(own, interception ?? {}), { close() {} }),
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    environment: { PATH: process.env.PATH, LANG: 'C.UTF-8', LC_TIME: 'C.UTF-8', SECRET: 'host' },
    owner: { installation, host: hostname(), pid: process.pid, start: findNow(process.pid)?.startedAt ?? '' },
    forbiddenFolders: [],
    processes: linuxProcesses,
    makeIdentityFolder: () => identity,
    tracker: { engine() {}, created: (id) => void made.add(id), removed: (id) => void made.delete(id) },
    ...rest,
  });
  const containers = (): Promise<string[]> => containersOf(engine.docker, installation);
  const left = async (): Promise<string[]> => [...(await containers()), ...made];
  return {
    backend,
    engine: own,
    installation,
    logged,
    made,
    container: (changed = {}) => ({ ...DEFAULT_CONTAINER, image: engine.image, pull: 'never', ...changed }),
    containers,
    async running() {
      const filters = { label: [`${LABELS.installation}=${installation}`], status: ['running'] };
      return (await engine.docker.listContainers({ filters })).map(({ Id }) => Id);
    },
    async expectNothingLeft() {
      try {
        await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 60_000, interval: 50 });
        expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
      } finally {
        logged.length = 0;
        made.clear();
        await removeContainers(engine.docker, await containers());
      }
    },
    async [Symbol.asyncDispose]() {
      try {
        await backend.close?.();
        await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 60_000, interval: 50 });
      } finally {
        own.close();
      }
    },
  };
}
