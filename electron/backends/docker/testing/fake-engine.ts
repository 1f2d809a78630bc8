import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { hostname, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointSources } from '../client/endpoint-sources.ts';

/** Answers one request; `path` is without the query. */
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What plays an engine, for faults that a real one cannot be made to have. */
export interface FakeEngine extends AsyncDisposable {
  /** What finds this engine and no other. */
  readonly sources: EndpointSources;
  /** Each request so far, as `GET /_ping`, without queries. */
  readonly requests: readonly string[];
  /** Each open connection for events. */
  readonly streams: ReadonlySet<ServerResponse>;
  /** Answers this path so from now on; null: never answers. */
  answer(path: string, handler: Handler | object | null): void;
  /** Resolves when there has been such a request `count` times. */
  asked(request: string, count?: number): Promise<void>;
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
  /** Sends an event about a container of the app. */
  emit(action: string, containerId: string, attributes?: Readonly<Record<string, string>>): void;
  /** Sends these bytes to all streams of events. */
  emitRaw(text: string): void;
  /** Cuts all connections and takes no more. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const VERSION = { Version: '99.1', ApiVersion: '1.41', Os: 'linux', Components: [{ Name: 'Engine' }] };
const INFO = {
  Name: hostname(),
  OSType: 'linux',
  KernelVersion: release(),
  CgroupVersion: '2',
  SecurityOptions: ['name=seccomp,profile=builtin'],
  Runtimes: { runc: {}, runsc: {}, 'io.containerd.runc.v2': {}, 'not a name': {} },
  SystemTime: '2026-01-01T00:00:00.5Z',
};

/** How it is reached: by a socket, or on a port of this machine, with TLS if there are certificates. */
export interface FakeEngineOptions {
  /** It is to be started later. */
  readonly isStopped?: boolean;
  readonly isTcp?: boolean;
  readonly tls?: ServerOptions;
}

/** Starts it; its socket is in a folder for temporary files. */
export async function startFakeEngine({ isStopped, isTcp, tls }: FakeEngineOptions = {}): Promise<FakeEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-fake-engine-'));
  const path =
    process.platform === 'win32' ? `//./pipe/sandglass-fake-${process.pid}-${Date.now()}` : join(folder, 'engine.sock');
  const requests: string[] = [];
  const streams = new Set<ServerResponse>();
  const changes = new Set<() => void>();
  const handlers = new Map<string, Handler | object | null>([
    ['/_ping', { ok: true }],
    ['/version', VERSION],
    ['/info', INFO],
    [
      '/events',
      (_request: IncomingMessage, response: ServerResponse) => {
        response.flushHeaders();
        streams.add(response);
        response.once('close', () => streams.delete(response));
      },
    ],
  ]);
  let connections = 0;
  let port = 0;
  let server: Server | null = null;

  const changed = (): void => {
    for (const listener of [...changes]) listener();
  };
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        changes.delete(check);
        resolve();
      };
      changes.add(check);
      check();
    });

  const start = async (): Promise<void> => {
    const listener: RequestListener = (request, response) => {
      const [route = ''] = (request.url ?? '').split('?');
      const handler = handlers.get(route);
      if (typeof handler === 'function') handler(request, response);
      else if (handler === undefined) response.writeHead(404).end('{"message":"no such thing"}');
      else if (handler !== null) response.end(JSON.stringify(handler));
      requests.push(`${request.method} ${route}`);
      changed();
    };
    const next = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    next.on('connection', (socket) => {
      connections += 1;
      socket.once('close', () => {
        connections -= 1;
        changed();
      });
    });
    server = isTcp === true ? next.listen(port, '127.0.0.1') : next.listen(path);
    await once(next, 'listening');
    const address = next.address();
    if (address !== null && typeof address !== 'string') port = address.port;
  };
  const stop = async (): Promise<void> => {
    const last = server;
    server = null;
    if (last === null) return;
    const closed = once(last, 'close');
    last.close();
    last.closeAllConnections();
    await closed;
  };
  const emitRaw = (text: string): void => {
    for (const stream of streams) stream.write(text);
  };

  if (isStopped !== true) await start();
  const socket = process.platform === 'win32' ? `npipe://${path}` : `unix://${path}`;
  return {
    sources: {
      env: { DOCKER_HOST: isTcp === true ? `tcp://localhost:${port}` : socket },
      platform: process.platform,
      home: folder,
      files: { exists: () => false, read: () => null },
    },
    requests,
    streams,
    answer: (route, handler) => void handlers.set(route, handler),
    asked: (request, count = 1) => until(() => requests.filter((made) => made === request).length >= count),
    idle: () => until(() => connections === 0),
    emit(action, containerId, attributes = {}) {
      const event = { Type: 'container', Action: action, Actor: { ID: containerId, Attributes: attributes } };
      emitRaw(`${JSON.stringify(event)}\n`);
    },
    emitRaw,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
