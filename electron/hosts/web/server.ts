import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Metrics } from '../../../shared/metrics.ts';
import { PRESENCE_PATH, type Presence } from '../../../shared/presence.ts';
import type { Transport } from '../../../shared/transport.ts';
import { securityHeaders } from '../../core/content-security.ts';
import { readRendererFile } from '../../core/renderer-files.ts';
import { Access } from './access.ts';
import type { Downloads } from './downloads.ts';
import {
  badTokenPage,
  foreignHostPage,
  messagePage,
  NO_DOWNLOAD_PAGE,
  NOT_FOUND_PAGE,
  notSignedInPage,
  REFUSED_PAGE,
} from './pages.ts';
import {
  type Authority,
  checkFetchSite,
  checkOrigin,
  foreignHost,
  loopbackAuthority,
  type RequestCheck,
} from './request-checks.ts';
import { Sockets } from './sockets.ts';

/** The path of the windows' socket. */
const SOCKET_PATH = '/ws';

export interface WebServerOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** The folder of the built renderer. */
  readonly rendererFolder: string;
  readonly connect: (transport: Transport) => void;
  readonly metrics: () => Metrics;
  readonly downloads: Downloads;
  readonly logger: Logger;
}

export interface WebServer extends AsyncDisposable {
  readonly port: number;
  /** A fresh link that opens Sandglass once; links given before that were not used are void. */
  link(): string;
}

/** The server could not be started; the message says why and what to do. */
export class WebServerError extends Error {
  override readonly name = 'WebServerError';
}

/**
 * Serves the renderer and its socket on the loopback interface.
 *
 * @throws WebServerError when the renderer is not built or the port is taken
 */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  if (!existsSync(join(options.rendererFolder, 'index.html'))) {
    throw new WebServerError(`The window's files are not in ${options.rendererFolder}. Run "npm run build" first.`);
  }
  const server = createServer();
  const port = await listen(server, options.port);
  const host = new WebRequests(options, port);
  server.on('request', (request, response) => host.request(request, response));
  server.on('upgrade', (request, stream, head) => host.upgrade(request, stream, head));
  return {
    port,
    link: () => `http://127.0.0.1:${port}/?token=${host.access.issueToken()}`,
    async [Symbol.asyncDispose]() {
      host[Symbol.dispose]();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 1_000).unref();
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  const advice = 'Choose another one with --port, or leave --port out to use any free port.';
  const options = { cause: error };
  if (error.code === 'EADDRINUSE') {
    return new WebServerError(`Port ${port} is used by another program. ${advice}`, options);
  }
  if (error.code === 'EACCES') {
    return new WebServerError(`Port ${port} may not be used by this user. ${advice}`, options);
  }
  return new WebServerError(`Port ${port} cannot be used: ${error.message}. ${advice}`, options);
}

class WebRequests implements Disposable {
  readonly access = new Access();
  /** Tells pages that were here before a restart that this is another one. */
  readonly #instance = randomUUID();
  readonly #options: WebServerOptions;
  readonly #port: number;
  readonly #sockets: Sockets;
  readonly #logger: Logger;

  constructor(options: WebServerOptions, port: number) {
    this.#options = options;
    this.#port = port;
    this.#logger = options.logger;
    this.#sockets = new Sockets(options.connect, options.logger);
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    this.#answer(request, response).catch((error: unknown) => {
      this.#logger.error({ err: error }, 'A request failed');
      if (response.headersSent) response.destroy();
      else sendPage(response, 500, messagePage('Something went wrong', 'The log file of Sandglass says what.'));
    });
  }

  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const check = this.#checkUpgrade(request);
    if (check.ok) {
      this.#sockets.upgrade(request, stream, head);
      return;
    }
    this.#refused(request, check.why);
    stream.on('error', () => stream.destroy());
    stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  }

  [Symbol.dispose](): void {
    this.#sockets[Symbol.dispose]();
    this.#options.downloads[Symbol.dispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const authority = loopbackAuthority(request.headers);
    for (const [name, value] of Object.entries(securityHeaders(socketSource(authority)))) {
      response.setHeader(name, value);
    }
    if (authority === null) {
      this.#refused(request, foreignHost(request.headers));
      return sendPage(response, 403, foreignHostPage(request.headers.host ?? '', this.#port));
    }
    const readOnly = request.method === 'GET' || request.method === 'HEAD';
    const check = readOnly ? checkFetchSite(request.headers) : checkOrigin(request.headers);
    if (!check.ok) {
      this.#refused(request, check.why);
      return sendPage(response, 403, REFUSED_PAGE);
    }
    if (!readOnly) {
      response.setHeader('Allow', 'GET, HEAD');
      return sendPage(response, 405, NOT_FOUND_PAGE);
    }
    const url = readUrl(request);
    if (url === null) return sendPage(response, 404, NOT_FOUND_PAGE);
    const signedIn = this.access.isSignedIn(request.headers.cookie, authority.port);
    const token = url.pathname === '/' ? url.searchParams.get('token') : null;
    if (token !== null) return this.#signIn(request, response, { token, signedIn, port: authority.port });
    if (url.pathname === PRESENCE_PATH) return this.#sendPresence(response, signedIn);
    if (!signedIn) {
      this.#refused(request, 'no valid cookie');
      return sendPage(response, 403, notSignedInPage({ asked: authority.port, own: this.#port }));
    }
    await this.#serve(url.pathname, request, response);
  }

  #signIn(
    request: IncomingMessage,
    response: ServerResponse,
    { token, signedIn, port }: { token: string; signedIn: boolean; port: number },
  ): void {
    const cookie = this.access.redeem(token, port);
    if (cookie === null && !signedIn) {
      this.#refused(request, 'wrong or used token');
      sendPage(response, 403, badTokenPage({ asked: port, own: this.#port }));
      return;
    }
    if (cookie !== null) response.setHeader('Set-Cookie', cookie);
    response.writeHead(303, { Location: '/', 'Cache-Control': 'no-store' }).end();
  }

  #sendPresence(response: ServerResponse, signedIn: boolean): void {
    const { hasRoom } = this.#sockets;
    sendJson(response, { app: 'sandglass', instance: this.#instance, signedIn, hasRoom } satisfies Presence);
  }

  async #serve(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (pathname === '/health') {
      sendJson(response, this.#options.metrics());
    } else if (pathname.startsWith('/download/')) {
      const served = await this.#options.downloads.serve(pathname, request, response);
      if (!served) sendPage(response, 404, NO_DOWNLOAD_PAGE);
    } else {
      await this.#sendFile(pathname, response);
    }
  }

  async #sendFile(pathname: string, response: ServerResponse): Promise<void> {
    const file = await readRendererFile(this.#options.rendererFolder, pathname);
    if (file === null) return sendPage(response, 404, NOT_FOUND_PAGE);
    response.writeHead(200, {
      'Content-Type': file.mediaType,
      'Content-Length': file.body.byteLength,
      'Cache-Control': file.immutable ? 'private, max-age=31536000, immutable' : 'no-store',
    });
    response.end(file.body);
  }

  #checkUpgrade(request: IncomingMessage): RequestCheck {
    const authority = loopbackAuthority(request.headers);
    if (authority === null) return { ok: false, why: foreignHost(request.headers) };
    const origin = checkOrigin(request.headers);
    if (!origin.ok) return origin;
    if (!this.access.isSignedIn(request.headers.cookie, authority.port)) return { ok: false, why: 'no valid cookie' };
    if (readUrl(request)?.pathname !== SOCKET_PATH) return { ok: false, why: 'no socket at this path' };
    return this.#sockets.hasRoom ? { ok: true } : { ok: false, why: 'too many windows' };
  }

  /** Without the query: it may hold a token. */
  #refused(request: IncomingMessage, why: string): void {
    const path = request.url?.split('?')[0]?.slice(0, 200);
    this.#logger.warn({ method: request.method, path, why }, 'A request was refused');
  }
}

/** The page's own socket for its policy; browsers take no IPv6 address there, and know it by 'self'. */
function socketSource(authority: Authority | null): string | undefined {
  return authority === null || authority.host.startsWith('[') ? undefined : `ws://${authority.host}`;
}

/** Null: what the client sent as a path is none. */
function readUrl(request: IncomingMessage): URL | null {
  const path = request.url ?? '';
  return path.startsWith('/') ? URL.parse(`http://sandglass.invalid${path}`) : null;
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(value));
}

function sendPage(response: ServerResponse, status: number, page: string): void {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(page);
}
