import type { MethodInput, MethodName, MethodOutput } from '../../shared/contract.ts';
import { messageOf } from '../../shared/error-message.ts';
import { HOST_QUIT } from '../../shared/presence.ts';
import type { Transport } from '../../shared/transport.ts';
import { AwayError, type AwayReason, nextReason } from './away.ts';
import { type ClientHandlers, type CoreClient, createClient, DisconnectedError } from './core-client.ts';

/** No connection: what the window shows is how things were at `since`. */
export interface LostLink {
  state: 'lost';
  why: AwayReason;
  /** For people; a sentence. */
  reason: string;
  /** When the connection was lost, or the first attempt to make one failed; a time of `performance.now()`. */
  since: number;
  attempt: number;
  /** When the next attempt is made, a time of `performance.now()`. */
  retryAt: number;
}

/** Whether there is a core to talk to. */
export type LinkState = { state: 'connecting' } | { state: 'open' } | LostLink;

/** Pause before the attempt-th try to reconnect (from 1), in milliseconds: 0.25 s, doubling, at most 5 s. */
function retryDelayMs(attempt: number): number {
  return Math.min(5_000, 250 * 2 ** Math.max(0, attempt - 1));
}

export interface LinkOptions {
  connect(): Promise<Transport>;
  handlers: Omit<ClientHandlers, 'closed'>;
  /** A connection is there, the first or a new one: list and attach. A rejection counts as a lost connection. */
  opened(client: CoreClient): Promise<void>;
  changed(state: LinkState): void;
  now(): number;
}

/** A client that outlives its connections: it reconnects with growing pauses until it is stopped. */
export class CoreLink {
  readonly #options: LinkOptions;
  #client: CoreClient | null = null;
  #attempt = 0;
  #lostSince: number | null = null;
  #why: AwayReason | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.changed({ state: 'connecting' });
    void this.#open();
  }

  /** Tries again at once instead of when the pause is over. */
  retryNow(): void {
    if (this.#client !== null || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#open();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#client?.close('The window closed.');
    this.#client = null;
  }

  /** @throws RequestError, or {@link DisconnectedError} without a connection. */
  async call<M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>> {
    if (this.#client === null) throw new DisconnectedError('Sandglass is not connected.');
    return this.#client.call(method, input);
  }

  sendFrame(frame: Uint8Array): void {
    this.#client?.sendFrame(frame);
  }

  async #open(): Promise<void> {
    try {
      const transport = await this.#options.connect();
      if (this.#stopped) {
        transport.close('The window closed.');
        return;
      }
      const client = createClient(transport, {
        ...this.#options.handlers,
        closed: (reason) => {
          if (this.#client !== client) return;
          this.#client = null;
          this.#lost(reason === HOST_QUIT ? 'quit' : 'unreachable', reason);
        },
      });
      this.#client = client;
      await this.#options.opened(client);
      if (this.#client !== client) return;
      this.#attempt = 0;
      this.#lostSince = null;
      this.#why = null;
      this.#options.changed({ state: 'open' });
    } catch (error) {
      const client = this.#client;
      this.#client = null;
      client?.close('It could not be set up.');
      const why = error instanceof AwayError ? error.why : 'failed';
      if (this.#timer === undefined) this.#lost(why, messageOf(error));
    }
  }

  #lost(why: AwayReason, reason: string): void {
    if (this.#stopped) return;
    const { changed, now } = this.#options;
    this.#attempt += 1;
    this.#lostSince ??= now();
    this.#why = nextReason(this.#why, why);
    const delay = retryDelayMs(this.#attempt);
    changed({
      state: 'lost',
      why: this.#why,
      reason,
      since: this.#lostSince,
      attempt: this.#attempt,
      retryAt: now() + delay,
    });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#open();
    }, delay);
  }
}
