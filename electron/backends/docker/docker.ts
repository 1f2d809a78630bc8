import type { Profile, ProfileOf } from '../../../shared/profile.ts';
import { type ContainerTracker, noTracker } from '../../processes/tracker.ts';
import type { Backend } from '../backend.ts';
import { type AllocatorOptions, ContainerAllocator } from './container/container-allocator.ts';
import { profileTemplate } from './container/container-template.ts';
import { OrphanSweeper } from './fleet/orphan-sweeper.ts';
import { Pool, type PoolOptions } from './fleet/pool.ts';
import { RunningContainers } from './fleet/running-containers.ts';
import { startSession } from './fleet/session-start.ts';
import { Takeovers, type TakeoversOptions } from './fleet/takeovers.ts';

/** What the docker backend takes from outside. It closes the engine with itself. */
export interface DockerBackendOptions extends Omit<AllocatorOptions, 'tracker' | 'now'> {
  /** The process table that shows the owners of other containers. */
  readonly processes: TakeoversOptions['processes'];
  readonly tracker?: ContainerTracker;
  /** Monotonic time in milliseconds. */
  readonly now?: () => number;
  /** Milliseconds since the epoch. */
  readonly wall?: () => number;
  /** How long a container may be kept ready, in milliseconds. */
  readonly poolMaxAgeMs?: number;
}

/** The size of a terminal that no window shows yet. */
const POOL_SIZE = { cols: 80, rows: 24 } as const;

/** Runs each session's shell in a container of its own. */
export function createDockerBackend(options: DockerBackendOptions): Backend {
  const { engine } = options;
  const parts = {
    ...options,
    tracker: options.tracker ?? noTracker,
    now: options.now ?? (() => performance.now()),
    wall: options.wall ?? Date.now,
  };
  engine.onRemoved((containerId) => parts.tracker.removed(containerId));

  const running = new RunningContainers();
  const allocator = new ContainerAllocator(parts);
  const pool = new Pool({ ...parts, maxAgeMs: options.poolMaxAgeMs, allocate: allocateForPool(allocator) });
  const takeovers = new Takeovers({ ...parts, running });
  const sweeper = new OrphanSweeper({
    ...parts,
    pool,
    self: options.owner,
    knows: (containerId) => [pool, takeovers, running].some((holder) => holder.has(containerId)),
  });

  return {
    kind: 'docker',
    get status() {
      return engine.status;
    },
    onStatus: (listener) => engine.onStatus(listener),
    check: () => engine.check(),
    async start(spec, listener, signal) {
      const result = await startSession({ ...parts, allocator, pool, running }, spec, listener, signal);
      if (result.ok) sweeper.sweepOnce();
      return result;
    },
    reattach: (spec, listener, signal) => takeovers.takeOver(spec, listener, signal),
    killAllNow() {
      running.killAllNow();
      pool.killNow();
    },
    keepReady(profiles) {
      const wanted = profiles.filter(isDocker);
      pool.keep(wanted.map((profile) => ({ template: profileTemplate(profile), count: profile.container.pool })));
    },
    sweep: () => sweeper.sweep(),
    recovered: () => sweeper.recovered(),
    async close() {
      sweeper.close();
      await pool.close();
      engine.close();
    },
  };
}

function allocateForPool(allocator: ContainerAllocator): PoolOptions['allocate'] {
  const request = { purpose: { role: 'pool' }, size: POOL_SIZE, onProgress: () => {} } as const;
  return (template, pull, signal) =>
    allocator.allocate({ ...template, options: { ...template.options, pull } }, request, signal);
}

function isDocker(profile: Profile): profile is ProfileOf<'docker'> {
  return profile.backend === 'docker';
}
