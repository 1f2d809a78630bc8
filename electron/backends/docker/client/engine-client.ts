import { addAbortListener } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Duplex, type Readable } from 'node:stream';
import type { EngineAddress } from '../../../processes/tracker.ts';
import { EngineRefusal, EngineTimeout } from './engine-errors.ts';
import { reasonIn } from './engine-text.ts';
import { type Transport, transportTo } from './transport.ts';

/** One request of the engine's API. */
export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Without a query. */
  readonly path: string;
  /** Parameters; or the query as it is sent, for what is not text. */
  readonly query?: Readonly<Record<string, string>> | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or, where it is a stream, as it is. */
  readonly body?: object | Readable;
}

/** How long a request may take. */
interface Bounds {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** The whole answer to a request, whatever its status. */
interface EngineAnswer {
  readonly status: number;
  /** Parsed where it is JSON, the text otherwise. Not validated. */
  readonly body: unknown;
}

/** What checks a value that an engine has sent; schemas of zod and of zod/mini do. It throws what does not fit. */
export interface Schema<T> {
  parse(value: unknown): T;
}

/** For answers whose body does not matter. */
export const noBody: Schema<void> = { parse: () => undefined };

/** HTTP to one container engine. All requests reject when the engine cannot be reached, or when the client is closed. */
export interface EngineClient {
  /** Resolves with the whole answer, of any status. Rejects with {@link EngineTimeout}, or when `bounds.signal` aborts. */
  request(request: EngineRequest, bounds: Bounds): Promise<EngineAnswer>;
  /** Like `request`, with the body validated. Rejects with {@link EngineRefusal} for any status but a success. */
  call<T>(request: EngineRequest, schema: Schema<T>, bounds: Bounds): Promise<T>;
  /**
   * Resolves with the answer as a stream, of any status. An abort afterwards ends it with an error. The stream is the
   * caller's to read or to destroy.
   */
  stream(request: EngineRequest, signal: AbortSignal): Promise<IncomingMessage>;
  /**
   * Turns a connection into a stream of bytes in both directions, as attach and exec do. `bounds` are those of the turn: the
   * stream outlives them, and the client. Rejects like `call`.
   */
  hijack(request: EngineRequest, bounds: Bounds): Promise<Duplex>;
  /** Ends its requests and their connections, but for hijacked ones. */
  close(): void;
}

/** The most that is read of one answer, in bytes: some thousand images or containers. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * The client of the engine at this address. It connects with the first request.
 *
 * @param transport How connections are opened, where not directly.
 */
export function createEngineClient(address: EngineAddress, transport: Transport = transportTo(address)): EngineClient {
  return new HttpEngineClient(address, transport);
}

/** What a request has led to. */
type Outcome =
  | { readonly kind: 'response'; readonly response: IncomingMessage }
  | { readonly kind: 'upgrade'; readonly connection: Duplex };

/**
 * Over Node's own HTTP: it takes any duplex stream for a connection, and sends a body with a request to upgrade, which exec
 * needs. Each request has a connection of its own: a kept one that the engine's restart has cut would fail the next request.
 */
class HttpEngineClient implements EngineClient {
  readonly #transport: Transport;
  readonly #host: string;
  readonly #prefix: string;
  readonly #closed = new AbortController();

  constructor(address: EngineAddress, transport: Transport) {
    this.#transport = transport;
    const isSocket = address.kind === 'socket';
    this.#host = isSocket ? 'localhost' : hostHeader(address.host, address.port);
    this.#prefix = isSocket ? '' : address.pathPrefix.replace(/\/$/, '');
  }

  async request(request: EngineRequest, bounds: Bounds): Promise<EngineAnswer> {
    return within(bounds, async (signal) => {
      const response = await this.stream(request, signal);
      return { status: response.statusCode ?? 0, body: await readBody(response) };
    });
  }

  async call<T>(request: EngineRequest, schema: Schema<T>, bounds: Bounds): Promise<T> {
    const { status, body } = await this.request(request, bounds);
    if (!isSuccess(status)) throw new EngineRefusal(status, reasonIn(body));
    return schema.parse(body);
  }

  async stream(request: EngineRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const outcome = await this.#send(request, {}, signal);
    if (outcome.kind === 'response') return outcome.response;
    outcome.connection.destroy();
    throw new Error('the container engine switched protocols without being asked to');
  }

  async hijack(request: EngineRequest, bounds: Bounds): Promise<Duplex> {
    return within(bounds, async (signal) => {
      const outcome = await this.#send(request, { Connection: 'Upgrade', Upgrade: 'tcp' }, signal);
      if (outcome.kind === 'upgrade') return outcome.connection;
      const { response } = outcome;
      const { socket, statusCode = 0 } = response;
      try {
        if (!isSuccess(statusCode)) throw new EngineRefusal(statusCode, reasonIn(await readBody(response)));
        throw new Error('the connection to the container engine does not let streams through');
      } finally {
        // A connection that was to be kept for an upgrade does not end with the answer.
        socket.destroy();
      }
    });
  }

  close(): void {
    this.#closed.abort(new Error('the connection to the container engine has ended'));
  }

  async #send(
    { method, path, query = '', headers, body }: EngineRequest,
    protocol: Readonly<Record<string, string>>,
    given: AbortSignal,
  ): Promise<Outcome> {
    const signal = AbortSignal.any([given, this.#closed.signal]);
    signal.throwIfAborted();
    // Loaded with the first request: the reaper, which rarely makes one, does without.
    const { request } = await import('node:http');
    const search = typeof query === 'string' ? query : new URLSearchParams(query).toString();
    const isJson = body !== undefined && !isStream(body);
    const connection = await this.#transport();
    let sent: ClientRequest;
    try {
      sent = request({
        method,
        path: `${this.#prefix}${path}${search === '' ? '' : `?${search}`}`,
        headers: {
          Host: this.#host,
          ...protocol,
          ...(isJson ? { 'Content-Type': 'application/json' } : {}),
          ...headers,
        },
        createConnection: () => connection,
      });
    } catch (error) {
      // A path or a header that HTTP cannot carry.
      connection.on('error', () => undefined).destroy();
      throw error;
    }
    const outcome = outcomeOf(sent, signal);
    if (body === undefined) sent.end();
    else if (isStream(body)) body.on('error', (error) => sent.destroy(error)).pipe(sent);
    else sent.end(JSON.stringify(body));
    return outcome;
  }
}

/** Resolves with what becomes of the request. An abort ends it, and the response's stream too, but no upgraded connection. */
function outcomeOf(sent: ClientRequest, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | null = null;
    const aborting = addAbortListener(signal, () => {
      const error = signal.reason instanceof Error ? signal.reason : new Error('aborted');
      reject(error);
      if (response === null) sent.destroy(error);
      else response.destroy(error);
    });
    sent.on('error', reject);
    sent.once('close', () => {
      reject(new Error('the container engine closed the connection'));
      aborting[Symbol.dispose]();
    });
    sent.once('response', (received) => {
      response = received;
      // What breaks it off may come before anyone reads it; the reader finds it incomplete.
      received.on('error', () => undefined);
      resolve({ kind: 'response', response: received });
    });
    sent.once('upgrade', (_, connection, head) => {
      aborting[Symbol.dispose]();
      if (!(connection instanceof Duplex)) return reject(new TypeError('not a stream in both directions'));
      // It may break before anyone reads it; the reader finds it closed.
      connection.on('error', () => undefined);
      if (head.length > 0) connection.unshift(head);
      resolve({ kind: 'upgrade', connection });
    });
  });
}

/** Does something within these bounds. Rejects with {@link EngineTimeout} when it takes longer. */
async function within<T>({ timeoutMs, signal }: Bounds, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new EngineTimeout(`the container engine did not answer within ${timeoutMs / 1_000} s`)),
    timeoutMs,
  );
  const both = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    return await work(both);
  } catch (error) {
    throw both.aborted ? both.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

function hostHeader(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isStream(body: object | Readable): body is Readable {
  return 'pipe' in body;
}

/** Reads a whole answer of bounded size. Rejects when it breaks off, or is longer. */
export async function readBytes(response: IncomingMessage, maxBytes = MAX_ANSWER_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('not bytes');
    bytes += chunk.length;
    // Leaving the loop destroys the response.
    if (bytes > maxBytes) throw new Error('the answer of the container engine is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads a whole answer: parsed where it is JSON, the text otherwise. Rejects like {@link readBytes}. */
export async function readBody(response: IncomingMessage): Promise<unknown> {
  const text = (await readBytes(response)).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
