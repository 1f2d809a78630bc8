import { Agent as HttpAgent, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type Docker from 'dockerode';
import type { Endpoint } from './endpoint-sources.ts';

/** Requests to the engine that are bounded in time and size, over dockerode's connection. */
export interface Answer {
  readonly status: number;
  /** Parsed where it is JSON, the text otherwise. Not validated. */
  readonly body: unknown;
}

/** One request of the engine's API. */
export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without a query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The most that is read of one answer, in bytes: some thousand images or containers. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Every status is an answer; what it means is the caller's to say. */
const ANY_STATUS: Readonly<Record<number, true>> = Object.fromEntries(
  Array.from({ length: 500 }, (_, index) => [index + 100, true]),
);

/** The part of docker-modem that is used here; dockerode's types leave it open. */
interface Modem {
  dial(options: object, callback: (error: Error | null, response: unknown) => void): void;
}

/** dockerode for this endpoint and nothing else, with what ends its connections. It is loaded when it is first needed. */
export async function createClient(endpoint: Endpoint): Promise<{ docker: Docker; end(): void }> {
  const { default: Client } = await import('dockerode');
  // No connection is kept: a kept one that the engine's restart has cut would fail the next request.
  const agent =
    endpoint.kind === 'tcp' && endpoint.tls !== null
      ? new HttpsAgent({ keepAlive: false })
      : new HttpAgent({ keepAlive: false });
  // docker-modem takes from the environment what is not given here, so all of it is given.
  const nothing = {
    socketPath: undefined,
    host: undefined,
    port: undefined,
    pathPrefix: '/',
    username: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: undefined,
    sshOptions: {},
    agent,
  };
  const options =
    endpoint.kind === 'socket'
      ? { ...nothing, socketPath: endpoint.path, protocol: 'http' as const }
      : {
          ...nothing,
          host: endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host,
          port: endpoint.port,
          pathPrefix: endpoint.pathPrefix,
          protocol: endpoint.tls === null ? ('http' as const) : ('https' as const),
          ...(endpoint.tls ?? {}),
        };
  return { docker: new Client(options), end: () => agent.destroy() };
}

/** Asks, and reads the whole answer. Rejects when there is none within `timeoutMs`, or when `signal` aborts. */
export async function ask(
  docker: Docker,
  request: EngineRequest,
  bounds: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Answer> {
  const abort = new AbortController();
  const pass = (): void => abort.abort(bounds.signal.reason);
  const timer = setTimeout(
    () => abort.abort(new EngineTimeout(`no answer within ${bounds.timeoutMs / 1_000} s`)),
    bounds.timeoutMs,
  );
  bounds.signal.addEventListener('abort', pass);
  if (bounds.signal.aborted) pass();
  try {
    const response = await open(docker, request, abort.signal);
    const body = await read(response);
    return { status: response.statusCode ?? 0, body };
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    clearTimeout(timer);
    bounds.signal.removeEventListener('abort', pass);
  }
}

/** The engine did not answer in time. */
export class EngineTimeout extends Error {
  override readonly name = 'EngineTimeout';
}

/**
 * Asks, and gives the answer as a stream. Rejects when `signal` aborts first; afterwards an abort ends the stream with
 * an error. The stream is the caller's to read or to destroy.
 */
export function open(docker: Docker, request: EngineRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const modem: Modem = docker.modem;
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) return fail();
    signal.addEventListener('abort', fail, { once: true });
    const query = new URLSearchParams(request.query).toString();
    modem.dial(
      {
        path: query === '' ? request.path : `${request.path}?${query}&`,
        method: request.method,
        ...(request.headers === undefined ? {} : { headers: { ...request.headers } }),
        abortSignal: signal,
        isStream: true,
        statusCodes: ANY_STATUS,
      },
      (error, response) => {
        signal.removeEventListener('abort', fail);
        if (error !== null) return reject(error);
        if (!(response instanceof IncomingMessage)) return reject(new TypeError('not an HTTP response'));
        // An abort after this destroys it, and somebody has to take the error.
        response.on('error', () => undefined);
        if (signal.aborted) response.destroy();
        resolve(response);
      },
    );
  });
}

/** Reads a whole answer of bounded size. Rejects when it breaks off, or is longer. */
export async function readBytes(response: IncomingMessage, maxBytes = MAX_ANSWER_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('not bytes');
    bytes += chunk.length;
    // Leaving the loop destroys the response.
    if (bytes > maxBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads a whole answer: parsed where it is JSON, the text otherwise. Rejects like {@link readBytes}. */
export async function read(response: IncomingMessage): Promise<unknown> {
  const text = (await readBytes(response)).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
