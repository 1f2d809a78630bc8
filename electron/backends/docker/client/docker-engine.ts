import { hostname, release } from 'node:os';
import type { EngineOffers } from '../../../../shared/backends.ts';
import type { StartFailure } from '../../../../shared/session.ts';
import { Emitter } from '../../../base/emitter.ts';
import { createRemovals } from '../fleet/removals.ts';
import { makeImageReady } from '../image/pull.ts';
import { createRegistryCredentials } from '../image/registry-credentials.ts';
import { missedEvents } from './container-state.ts';
import { ContainerWatchers } from './container-watchers.ts';
import { type EndpointSources, systemSources } from './endpoint-sources.ts';
import type { DockerEngine } from './engine.ts';
import { EngineConnection, type EngineTiming } from './engine-connection.ts';
import type { Link } from './engine-link.ts';
import { listOffers } from './offers.ts';
import type { HostFacts } from './probe.ts';

/** What an engine is found and followed with. */
export interface DockerEngineOptions {
  /** Where the engine is searched for; without it, this process's environment and files. */
  readonly sources?: EndpointSources;
  /** This machine; a test may pretend. */
  readonly host?: HostFacts;
  readonly timing?: Partial<EngineTiming>;
  /** Called with what went wrong behind the scenes: a listener that threw, a removal that failed. */
  readonly onError: (error: unknown) => void;
}

const TIMING: EngineTiming = {
  heartbeatMs: 2_000,
  pingTimeoutMs: 10_000,
  shortestStreamMs: 1_000,
  pollMs: 5_000,
  retryMs: 250,
};

const NO_OFFERS: EngineOffers = { images: [], networks: [], runtimes: [] };

/** The container engine of this machine. It is not searched for before the first request. */
export function createDockerEngine(options: DockerEngineOptions): DockerEngine {
  const { sources = systemSources(), onError } = options;
  const timing = { ...TIMING, ...options.timing };
  const credentials = createRegistryCredentials(sources);
  const removed = new Emitter<string>(onError);
  const watchers = new ContainerWatchers(() => connection.needsChanged(), onError);
  let pulls = 0;

  const connection = new EngineConnection({
    sources,
    host: options.host ?? { platform: process.platform, hostname: hostname(), kernel: release() },
    timing,
    isWatched: () => !watchers.isEmpty || pulls > 0,
    isAwaited: () => !watchers.isEmpty || removals.pending > 0,
    onHappening: ({ containerId, event }) => watchers.emit(containerId, event),
    onReached: () => removals.retryNow(),
    onMissed: (link) => catchUp(watchers, link, onError),
    onError,
  });
  const removals = createRemovals({
    link: () => connection.link,
    retryMs: timing.pollMs,
    onGone: (containerId) => removed.emit(containerId),
    onPendingChange: () => connection.needsChanged(),
    onError,
  });

  return {
    get status() {
      return connection.status;
    },
    onStatus: (listener) => connection.onStatus(listener),
    onLost: (listener) => connection.onLost(listener),
    onReachable: (listener) => connection.onReachable(listener),
    onRemoved: (listener) => removed.on(listener),
    check: () => connection.check(),
    connect: () => connection.connect(),
    watch: (containerId, listener) => watchers.watch(containerId, listener),
    async offers() {
      await connection.connect();
      const { link } = connection;
      return link === null ? NO_OFFERS : offersOf(link, onError);
    },
    async image(wanted, onProgress, signal) {
      const connected = await connection.connect();
      if (!connected.ok) return connected;
      const { link } = connection;
      // It may have been lost again at once; the status says why.
      if (link === null) return { ok: false, failure: LOST };
      pulls += 1;
      connection.needsChanged();
      try {
        return await makeImageReady({ ...link, credentials }, wanted, onProgress, signal);
      } finally {
        pulls -= 1;
        connection.needsChanged();
      }
    },
    async remove(containerId) {
      await connection.connect();
      return removals.remove(containerId);
    },
    close() {
      removals.close();
      connection.close();
    },
  };
}

/** What is watched may have ended while no event of it came. */
function catchUp(watchers: ContainerWatchers, { client, signal }: Link, onError: (error: unknown) => void): void {
  for (const containerId of watchers.containerIds) {
    missedEvents(client, containerId, signal).then(
      (events) => {
        for (const event of events) watchers.emit(containerId, event);
      },
      (error: unknown) => {
        if (!signal.aborted) onError(error);
      },
    );
  }
}

/** Nothing where the engine cannot be asked. */
async function offersOf(link: Link, onError: (error: unknown) => void): Promise<EngineOffers> {
  try {
    return await listOffers(link.client, link.info.runtimes, link.signal);
  } catch (error) {
    if (await link.confirm()) onError(error);
    return NO_OFFERS;
  }
}

const LOST = {
  stage: 'engine',
  message: 'The container engine was lost.',
  hint: 'Start it again if it does not come back by itself.',
} as const satisfies StartFailure;
