import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** One request, whole. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers a request whose body has arrived. */
export type Answer = (received: Received, response: ServerResponse, request: IncomingMessage) => void;

/** A receiver of webhooks on this machine. */
export class Receiver implements AsyncDisposable {
  readonly received: Received[] = [];
  answer: Answer;
  readonly #server: Server;
  readonly #scheme: string;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  private constructor(server: Server, scheme: string, answer: Answer) {
    this.#server = server;
    this.#scheme = scheme;
    this.answer = answer;
    server.on('request', (request, response) => {
      request.on('error', () => {});
      response.on('error', () => {});
      void this.#take(request, response).catch(() => request.destroy());
    });
  }

  /** Listens on a port of its own; answers 204 by default. */
  static async start(answer: Answer = answerWith(204), identity: Identity | null = null): Promise<Receiver> {
    const server = identity === null ? createServer() : createSecureServer(identity);
    const receiver = new Receiver(server, identity === null ? 'http' : 'https', answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The receiver does not listen');
    return address.port;
  }

  url(path = '/hooks', host = '127.0.0.1'): string {
    return `${this.#scheme}://${host}:${this.port}${path}`;
  }

  /** Resolves when so many requests have arrived since the start. */
  async arrivals(count: number): Promise<void> {
    if (this.received.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const received = { method, path: url, headers, body: await text(request) };
    this.received.push(received);
    this.answer(received, response, request);
    for (const each of this.#waiting) if (each.count <= this.received.length) each.resolve();
    this.#waiting = this.#waiting.filter((each) => each.count > this.received.length);
  }
}

export function answerWith(status: number, headers: Record<string, string> = {}, body = ''): Answer {
  return (_received, response) => {
    response.writeHead(status, headers).end(body);
  };
}

/** The headers that a webhook is verified by. */
export function webhookHeaders({ headers }: Received): Record<string, string> {
  const header = (name: string): string => {
    const value = headers[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    'webhook-id': header('webhook-id'),
    'webhook-timestamp': header('webhook-timestamp'),
    'webhook-signature': header('webhook-signature'),
  };
}

/** A key and a certificate that it has signed itself, in PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** Whether certificates can be made here. */
export function canMakeCertificates(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Makes a self-signed certificate. @param names what it is for, such as `IP:127.0.0.1`. */
export function selfSigned(names: string, days = 2): Identity {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const where = ['-keyout', key, '-out', cert, '-subj', '/CN=receiver', '-addext', `subjectAltName=${names}`];
    execFileSync('openssl', [...request, ...where, '-days', String(days)], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
