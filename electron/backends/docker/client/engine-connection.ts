import type { BackendStatus } from '../../../../shared/backends.ts';
import type { StartFailure } from '../../../../shared/session.ts';
import { Emitter } from '../../../base/emitter.ts';
import { findEndpoints } from './endpoint.ts';
import type { EndpointProblem, EndpointSources } from './endpoint-sources.ts';
import type { Connected, EngineInfo } from './engine.ts';
import { type Link, type LinkTiming, openLink } from './engine-link.ts';
import { oneLine } from './engine-text.ts';
import type { Happening } from './events.ts';
import type { HostFacts } from './probe.ts';
import { RetryTimer } from './retry-timer.ts';

/** How often things are tried and how long they may take, in milliseconds. */
export interface EngineTiming extends LinkTiming {
  /** How often an engine that is away is polled while its state is shown. */
  readonly pollMs: number;
  /** The first wait before the engine is tried again when something depends on it; doubled up to `pollMs`. */
  readonly retryMs: number;
}

/** What a connection takes from outside. */
export interface ConnectionOptions {
  readonly sources: EndpointSources;
  readonly host: HostFacts;
  readonly timing: EngineTiming;
  /** Something would miss an event of the engine: it is pinged regularly. */
  isWatched(): boolean;
  /** Something waits for an engine that is away. */
  isAwaited(): boolean;
  onHappening(happening: Happening): void;
  /** The engine can be reached, for the first time or again. */
  onReached(): void;
  /** Events may have been missed: before this link's start, or in a gap between two streams of events. */
  onMissed(link: Link): void;
  readonly onError: (error: unknown) => void;
}

/** Finds the engine, connects to it, and connects again after it was lost, for as long as something needs it. */
export class EngineConnection {
  readonly #options: ConnectionOptions;
  readonly #statusChanges: Emitter<void>;
  readonly #losses: Emitter<string>;
  readonly #returns: Emitter<void>;
  readonly #retry = new RetryTimer(() => void this.connect());
  readonly #closed = new AbortController();
  #status: BackendStatus = { kind: 'docker', state: 'checking' };
  #link: Link | null = null;
  #connecting: Promise<Connected> | null = null;
  /** Attempts in a row that did not reach it. */
  #failures = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#statusChanges = new Emitter(options.onError);
    this.#losses = new Emitter(options.onError);
    this.#returns = new Emitter(options.onError);
  }

  get status(): BackendStatus {
    return this.#status;
  }

  /** The engine, while it can be reached. */
  get link(): Link | null {
    return this.#link;
  }

  onStatus(listener: () => void): () => void {
    return this.#withRetry(this.#statusChanges.on(listener));
  }

  onLost(listener: (message: string) => void): () => void {
    return this.#losses.on(listener);
  }

  onReachable(listener: () => void): () => void {
    return this.#withRetry(this.#returns.on(listener));
  }

  /** Connects, or makes sure that the engine still answers. Never rejects. */
  async check(): Promise<void> {
    if (this.#link === null) await this.connect();
    else await this.#link.confirm();
  }

  connect(): Promise<Connected> {
    if (this.#closed.signal.aborted) return Promise.resolve(CLOSED);
    const link = this.#link;
    if (link !== null) return Promise.resolve({ ok: true, client: link.client, info: link.info });
    this.#connecting ??= this.#attempt()
      .catch((error: unknown): Connected => this.#failed(error))
      .finally(() => {
        this.#connecting = null;
        this.#scheduleRetry();
      });
    return this.#connecting;
  }

  /** Called after `isWatched` or `isAwaited` may have changed. */
  needsChanged(): void {
    this.#link?.setWatched(this.#options.isWatched());
    this.#scheduleRetry();
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(new Error('Sandglass is closing'));
    this.#retry.cancel();
    this.#link?.end();
    this.#link = null;
  }

  async #attempt(): Promise<Connected> {
    const { sources, host, timing } = this.#options;
    const found = findEndpoints(sources);
    if (!found.ok) return { ok: false, failure: this.#unavailable(found.problem) };
    const { signal } = this.#closed;
    let first: EndpointProblem | null = null;
    for (const endpoint of found.endpoints) {
      const result = await openLink(endpoint, host, timing, signal);
      if (signal.aborted) {
        if (result.ok) result.link.end();
        throw signal.reason;
      }
      if (result.ok) return this.#reached(result.link);
      first ??= result.problem;
    }
    return { ok: false, failure: this.#unavailable(first ?? { message: 'No container engine was found.', hint: '' }) };
  }

  #reached(link: Link): Connected {
    const { onHappening, onReached, onMissed } = this.#options;
    link.start({
      onHappening,
      onLost: (problem) => this.#lost(link, problem),
      onGap: () => onMissed(link),
    });
    this.#link = link;
    this.#failures = 0;
    this.#setStatus(statusOf(link.info));
    this.needsChanged();
    onReached();
    this.#returns.emit();
    onMissed(link);
    return { ok: true, client: link.client, info: link.info };
  }

  #lost(link: Link, problem: EndpointProblem): void {
    if (this.#link !== link) return;
    this.#link = null;
    this.#failures = 0;
    this.#unavailable(problem);
    this.#losses.emit(problem.message);
    this.#scheduleRetry();
  }

  #failed(error: unknown): Connected {
    if (this.#closed.signal.aborted) return CLOSED;
    this.#options.onError(error);
    const reason = error instanceof Error ? oneLine(error.message) : 'no reason given';
    const message = `The container engine cannot be reached: ${reason}.`;
    return { ok: false, failure: this.#unavailable({ message, hint: 'Check DOCKER_HOST and the docker context.' }) };
  }

  #unavailable(problem: EndpointProblem): StartFailure {
    this.#failures += 1;
    this.#setStatus({ kind: 'docker', state: 'unavailable', ...problem });
    return { stage: 'engine', ...problem };
  }

  #setStatus(status: BackendStatus): void {
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
    this.#status = status;
    this.#statusChanges.emit();
  }

  /** An engine that is away is tried again soon while something depends on it, now and then while its state is shown, else not. */
  #scheduleRetry(): void {
    const { pollMs, retryMs } = this.#options.timing;
    const isIdle =
      this.#link !== null ||
      this.#connecting !== null ||
      this.#closed.signal.aborted ||
      this.#status.state === 'checking';
    const isShown = this.#statusChanges.size > 0 || this.#returns.size > 0;
    if (isIdle) this.#retry.cancel();
    else if (this.#options.isAwaited())
      this.#retry.schedule(Math.min(pollMs, retryMs * 2 ** Math.min(this.#failures, 16)));
    else this.#retry.schedule(isShown ? pollMs : null);
  }

  /** Listeners decide whether an engine that is away is polled. */
  #withRetry(off: () => void): () => void {
    this.#scheduleRetry();
    return () => {
      off();
      this.#scheduleRetry();
    };
  }
}

function statusOf({ name, endpoint, rootless, securityOptions }: EngineInfo): BackendStatus {
  const hasSeccomp = securityOptions.some((option) => option.startsWith('seccomp'));
  return {
    kind: 'docker',
    state: 'available',
    message: `${name} at ${endpoint}`,
    found: [
      { text: 'container', open: false },
      ...(rootless ? [{ text: 'rootless engine', open: false }] : []),
      ...(hasSeccomp ? [] : [{ text: 'no seccomp', open: true }]),
    ],
  };
}

const CLOSED = {
  ok: false,
  failure: { stage: 'engine', message: 'Sandglass is closing.', hint: 'Start it again.' },
} as const satisfies Connected;
