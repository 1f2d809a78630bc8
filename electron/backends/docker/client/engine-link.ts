import type { IncomingMessage } from 'node:http';
import type { Endpoint, EndpointProblem } from './endpoint-sources.ts';
import type { EngineInfo } from './engine.ts';
import { createEngineClient, type EngineClient } from './engine-client.ts';
import { explainUnreachable, isGone } from './engine-failures.ts';
import { eventsQuery, type Happening, readEvent } from './events.ts';
import { jsonLines } from './json-lines.ts';
import { type HostFacts, probe } from './probe.ts';

/** How long an engine is waited for. */
export interface LinkTiming {
  /** How often an engine is asked whether it is still there, while something is watched, in milliseconds. */
  readonly heartbeatMs: number;
  /** How long one question may take, in milliseconds. */
  readonly pingTimeoutMs: number;
  /** An engine that ends the connection for events sooner than this is not asked for another, in milliseconds. */
  readonly shortestStreamMs: number;
}

/** What a link reports; nothing after `end`, and nothing after `onLost`. */
interface LinkListener {
  onHappening(happening: Happening): void;
  /** The engine is gone. The link has ended. */
  onLost(problem: EndpointProblem): void;
  /** Events may have been missed. */
  onGap(): void;
}

/** A reachable engine, with the connection that its events come over. */
export interface Link {
  readonly client: EngineClient;
  readonly info: EngineInfo;
  /** Aborts when the link ends; its reason is an error. */
  readonly signal: AbortSignal;
  /** Asks the engine whether it is there; false: it is not, and `onLost` has been called. */
  confirm(): Promise<boolean>;
  /** Whether to ask regularly. */
  setWatched(isWatched: boolean): void;
  /** Begins to listen. Called once, first. */
  start(listener: LinkListener): void;
  end(): void;
}

export type LinkResult =
  | { readonly ok: true; readonly link: Link }
  | { readonly ok: false; readonly problem: EndpointProblem };

/** How many questions in a row an engine may leave without an answer: a machine that is busy or wakes up is not gone. */
const MISSES = 2;

/** Connects to the engine at this endpoint. Rejects when `signal` aborts. */
export async function openLink(
  endpoint: Endpoint,
  host: HostFacts,
  timing: LinkTiming,
  signal: AbortSignal,
): Promise<LinkResult> {
  const client = createEngineClient(endpoint);
  try {
    const probed = await probe(client, endpoint, host, { timeoutMs: timing.pingTimeoutMs, signal });
    if (!probed.ok) {
      client.close();
      return probed;
    }
    return { ok: true, link: createLink(client, endpoint, host, probed, timing) };
  } catch (error) {
    client.close();
    throw error;
  }
}

function createLink(
  client: EngineClient,
  endpoint: Endpoint,
  host: HostFacts,
  { info, engineTimeMs }: { info: EngineInfo; engineTimeMs: number | null },
  timing: LinkTiming,
): Link {
  const ended = new AbortController();
  const { signal } = ended;
  let beat: NodeJS.Timeout | null = null;
  let isWatched = false;
  let asking: Promise<boolean> | null = null;
  let waiting: Happening[] = [];
  let isDelivering = false;
  let listener: LinkListener | null = null;

  const end = (): void => {
    if (signal.aborted) return;
    if (beat !== null) clearTimeout(beat);
    ended.abort(new Error('the connection to the container engine has ended'));
    client.close();
  };
  const lose = (problem: EndpointProblem): void => {
    if (signal.aborted) return;
    end();
    listener?.onLost(problem);
  };

  const ping = async (): Promise<boolean> => {
    let error: unknown;
    for (let turn = 0; turn < MISSES; turn += 1) {
      try {
        const ping = { method: 'GET', path: '/_ping' } as const;
        const answer = await client.request(ping, { timeoutMs: timing.pingTimeoutMs, signal });
        if (answer.status === 200) return true;
        error = new Error(`it answered ${answer.status}`);
      } catch (caught) {
        error = caught;
      }
      if (signal.aborted) return false;
      if (isGone(error)) break;
    }
    lose(explainUnreachable(error, endpoint, host.platform));
    return false;
  };
  const confirm = (): Promise<boolean> => {
    if (signal.aborted) return Promise.resolve(false);
    asking ??= ping().finally(() => {
      asking = null;
    });
    return asking;
  };

  const schedule = (): void => {
    if (beat !== null) clearTimeout(beat);
    beat = null;
    if (!isWatched || signal.aborted) return;
    beat = setTimeout(() => void confirm().then(schedule), timing.heartbeatMs);
  };

  /**
   * An engine that is shut down ends its containers while its events still come, and takes no more connections by
   * then. So a listener gets the engine's own end before that of a container.
   */
  const deliver = async (): Promise<void> => {
    if (isDelivering) return;
    isDelivering = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      if (batch.some(({ event }) => event.kind === 'die')) {
        // A question that is under way already may have been heard before.
        if (asking !== null) await asking;
        if (!(await confirm())) break;
      }
      for (const happening of batch) {
        if (!signal.aborted) listener?.onHappening(happening);
      }
    }
    isDelivering = false;
  };

  const follow = async (sinceMs: number | null): Promise<void> => {
    const openedAt = performance.now();
    let isComplete = false;
    try {
      const response = await client.stream({ method: 'GET', path: '/events', query: eventsQuery(sinceMs) }, signal);
      if (response.statusCode !== 200) throw new Error(`events: it answered ${response.statusCode}`);
      isComplete = await readEvents(response, (happening) => {
        waiting.push(happening);
        void deliver();
      });
    } catch (error) {
      return lose(explainUnreachable(error, endpoint, host.platform));
    }
    if (signal.aborted) return;
    // A connection that breaks off is the engine's death. One that was ended in good order need not be.
    if (!isComplete || performance.now() - openedAt < timing.shortestStreamMs) {
      return lose({
        message: `${info.name} at ${info.endpoint} has stopped or was restarted.`,
        hint: 'Start it if it does not come back by itself.',
      });
    }
    if (!(await confirm())) return;
    void follow(null);
    listener?.onGap();
  };
  return {
    client,
    info,
    signal,
    confirm,
    setWatched(value) {
      if (isWatched === value) return;
      isWatched = value;
      schedule();
    },
    start(given) {
      listener = given;
      // Podman sends no answer before the first event, so the answer is not waited for.
      void follow(engineTimeMs);
    },
    end,
  };
}

/** Reads events until the connection ends. @returns whether it was ended in good order. */
function readEvents(response: IncomingMessage, onHappening: (happening: Happening) => void): Promise<boolean> {
  const take = jsonLines((value) => {
    const happening = readEvent(value);
    if (happening !== null) onHappening(happening);
  });
  return new Promise((resolve) => {
    response.on('data', take);
    response.once('close', () => resolve(response.complete));
  });
}
