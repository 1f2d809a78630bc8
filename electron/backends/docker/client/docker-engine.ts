import { hostname, release } from 'node:os';
import type { BackendStatus, EngineOffers } from '../../../../shared/backends.ts';
import type { StartFailure } from '../../../../shared/session.ts';
import { Emitter } from '../../../base/emitter.ts';
import { createRemovals } from '../fleet/removals.ts';
import { makeImageReady } from '../image/pull.ts';
import { createRegistryCredentials } from '../image/registry-credentials.ts';
import { missedEvents } from './container-state.ts';
import { findEndpoints } from './endpoint.ts';
import { type EndpointProblem, type EndpointSources, systemSources } from './endpoint-sources.ts';
import type { Connected, ContainerEvent, DockerEngine } from './engine.ts';
import { type Link, type LinkTiming, openLink } from './engine-link.ts';
import { oneLine } from './engine-text.ts';
import { listOffers } from './offers.ts';
import type { HostFacts } from './probe.ts';

/** What an engine is found and followed with. */
export interface DockerEngineOptions {
  /** Where it is looked for; without it, this process's environment and files. */
  readonly sources?: EndpointSources;
  /** This machine; a test may pretend. */
  readonly host?: HostFacts;
  readonly timing?: Partial<EngineTiming>;
  /** Told of what went wrong behind the scenes: a listener that threw, a removal that failed. */
  readonly onError: (error: unknown) => void;
}

/** How often things are tried and how long they may take, in milliseconds. */
export interface EngineTiming extends LinkTiming {
  /** How often an engine that is away is looked for while somebody shows its state. */
  readonly pollMs: number;
  /** The first wait before it is looked for again when something depends on it; doubled up to `pollMs`. */
  readonly retryMs: number;
}

const TIMING: EngineTiming = {
  heartbeatMs: 2_000,
  pingTimeoutMs: 10_000,
  shortestStreamMs: 1_000,
  pollMs: 5_000,
  retryMs: 250,
};

const NO_OFFERS: EngineOffers = { images: [], networks: [], runtimes: [] };

/** The container engine of this machine. Nothing is looked for before it is first asked for something. */
export function createDockerEngine(options: DockerEngineOptions): DockerEngine {
  const sources = options.sources ?? systemSources();
  const host = options.host ?? { platform: process.platform, hostname: hostname(), kernel: release() };
  const timing = { ...TIMING, ...options.timing };
  const credentials = createRegistryCredentials(sources);
  const statusChanges = new Emitter<void>(options.onError);
  const losses = new Emitter<string>(options.onError);
  const returns = new Emitter<void>(options.onError);
  const removed = new Emitter<string>(options.onError);
  const watchers = new Map<string, Emitter<ContainerEvent>>();
  const closed = new AbortController();

  let status: BackendStatus = { kind: 'docker', state: 'checking' };
  let link: Link | null = null;
  let connecting: Promise<Connected> | null = null;
  let pulls = 0;
  let failures = 0;
  let retry: { readonly timer: NodeJS.Timeout; readonly at: number } | null = null;

  const setStatus = (next: BackendStatus): void => {
    if (JSON.stringify(next) === JSON.stringify(status)) return;
    status = next;
    statusChanges.emit();
  };
  const emitTo = (containerId: string, event: ContainerEvent): void => watchers.get(containerId)?.emit(event);
  const followNeeds = (): void => {
    link?.setWatched(watchers.size > 0 || pulls > 0);
    scheduleRetry();
  };

  const removals = createRemovals({
    link: () => link,
    retryMs: timing.pollMs,
    onGone: (containerId) => removed.emit(containerId),
    onOwed: followNeeds,
    onError: options.onError,
  });

  /** An engine that is away is looked for soon while something depends on it, now and then while somebody looks, else not. */
  function scheduleRetry(): void {
    const isNeeded = watchers.size > 0 || removals.owed > 0;
    const isIdle = link !== null || connecting !== null || closed.signal.aborted || status.state === 'checking';
    const delay = isNeeded
      ? Math.min(timing.pollMs, timing.retryMs * 2 ** Math.min(failures, 16))
      : statusChanges.size > 0 || returns.size > 0
        ? timing.pollMs
        : null;
    if (isIdle || delay === null) {
      if (retry !== null) clearTimeout(retry.timer);
      retry = null;
      return;
    }
    const at = performance.now() + delay;
    if (retry !== null && retry.at <= at) return;
    if (retry !== null) clearTimeout(retry.timer);
    const timer = setTimeout(() => {
      retry = null;
      void connect();
    }, delay);
    retry = { timer, at };
  }

  function unavailable(problem: EndpointProblem): StartFailure {
    failures += 1;
    setStatus({ kind: 'docker', state: 'unavailable', ...problem });
    return { stage: 'engine', ...problem };
  }

  function onLost(lost: Link, problem: EndpointProblem): void {
    if (link !== lost) return;
    link = null;
    failures = 0;
    unavailable(problem);
    losses.emit(problem.message);
    scheduleRetry();
  }

  /** What is watched may have ended while nobody heard of it. */
  function catchUp(current: Link): void {
    for (const containerId of watchers.keys()) {
      missedEvents(current.client, containerId, current.signal).then(
        (events) => {
          for (const event of events) emitTo(containerId, event);
        },
        (error: unknown) => {
          if (!current.signal.aborted) options.onError(error);
        },
      );
    }
  }

  function onReached(reached: Link): void {
    link = reached;
    failures = 0;
    const { info } = reached;
    setStatus({
      kind: 'docker',
      state: 'available',
      message: `${info.name} at ${info.endpoint}`,
      found: [
        { text: 'container', open: false },
        ...(info.rootless ? [{ text: 'rootless engine', open: false }] : []),
        ...(info.securityOptions.some((option) => option.startsWith('seccomp'))
          ? []
          : [{ text: 'no seccomp', open: true }]),
      ],
    });
    followNeeds();
    removals.settle();
    returns.emit();
    catchUp(reached);
  }

  async function attempt(): Promise<Connected> {
    const found = findEndpoints(sources);
    if (!found.ok) return { ok: false, failure: unavailable(found.problem) };
    let first: EndpointProblem | null = null;
    for (const endpoint of found.endpoints) {
      const result = await openLink(endpoint, host, timing, closed.signal);
      if (closed.signal.aborted) {
        if (result.ok) result.link.end();
        throw closed.signal.reason;
      }
      if (result.ok) {
        const reached = result.link;
        reached.start({
          onHappening: ({ containerId, event }) => emitTo(containerId, event),
          onLost: (problem) => onLost(reached, problem),
          onGap: () => catchUp(reached),
        });
        onReached(reached);
        return { ok: true, client: reached.client, info: reached.info };
      }
      first ??= result.problem;
    }
    return { ok: false, failure: unavailable(first ?? { message: 'No container engine was found.', hint: '' }) };
  }

  function connect(): Promise<Connected> {
    if (closed.signal.aborted) return Promise.resolve(CLOSED);
    if (link !== null) return Promise.resolve({ ok: true, client: link.client, info: link.info });
    connecting ??= attempt()
      .catch((error: unknown): Connected => {
        if (closed.signal.aborted) return CLOSED;
        options.onError(error);
        const reason = error instanceof Error ? oneLine(error.message) : 'no reason given';
        const message = `The container engine cannot be reached: ${reason}.`;
        return { ok: false, failure: unavailable({ message, hint: 'Check DOCKER_HOST and the docker context.' }) };
      })
      .finally(() => {
        connecting = null;
        scheduleRetry();
      });
    return connecting;
  }

  return {
    get status() {
      return status;
    },
    onStatus(listener) {
      const off = statusChanges.on(listener);
      scheduleRetry();
      return () => {
        off();
        scheduleRetry();
      };
    },
    async check() {
      if (link === null) await connect();
      else await link.confirm();
    },
    connect,
    async offers() {
      await connect();
      const asked = link;
      if (asked === null) return NO_OFFERS;
      try {
        return await listOffers(asked.client, asked.info.runtimes, asked.signal);
      } catch (error) {
        if (await asked.confirm()) options.onError(error);
        return NO_OFFERS;
      }
    },
    async image(wanted, onProgress, signal) {
      const connected = await connect();
      if (!connected.ok) return connected;
      // Lost again meanwhile: then the status says why.
      if (link === null) return { ok: false, failure: AWAY };
      pulls += 1;
      followNeeds();
      try {
        return await makeImageReady({ ...link, credentials }, wanted, onProgress, signal);
      } finally {
        pulls -= 1;
        followNeeds();
      }
    },
    watch(containerId, listener) {
      const emitter = watchers.get(containerId) ?? new Emitter<ContainerEvent>(options.onError);
      watchers.set(containerId, emitter);
      const off = emitter.on(listener);
      followNeeds();
      return () => {
        off();
        if (emitter.size === 0 && watchers.get(containerId) === emitter) watchers.delete(containerId);
        followNeeds();
      };
    },
    onLost: (listener) => losses.on(listener),
    onReachable(listener) {
      const off = returns.on(listener);
      scheduleRetry();
      return () => {
        off();
        scheduleRetry();
      };
    },
    onRemoved: (listener) => removed.on(listener),
    async remove(containerId) {
      await connect();
      return removals.remove(containerId);
    },
    close() {
      if (closed.signal.aborted) return;
      closed.abort(new Error('Sandglass is closing'));
      if (retry !== null) clearTimeout(retry.timer);
      retry = null;
      removals.close();
      link?.end();
      link = null;
    },
  };
}

const AWAY = {
  stage: 'engine',
  message: 'The container engine was lost.',
  hint: 'Start it again if it does not come back by itself.',
} as const satisfies StartFailure;

const CLOSED = {
  ok: false,
  failure: { stage: 'engine', message: 'Sandglass is closing.', hint: 'Start it again.' },
} as const satisfies Connected;
