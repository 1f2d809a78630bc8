import { createServer, type Server, type Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WebhookAction } from './hook.ts';
import { answerWith, canMakeCertificates, Receiver, selfSigned, webhookHeaders } from './testing/receiver.ts';
import { createWebhookSender, type WebhookResult, type WebhookSender } from './webhook.ts';

const OLD = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const NEW = `whsec_${Buffer.alloc(64, 2).toString('base64')}`;
const STRANGE = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const EVENT_ID = '01JD8J7QXW0000000000000000';
const BODY = '{"specversion":"1.0","data":{"summary":"Ünïcode – 🕰"}}';
const logger = { debug() {}, info() {}, warn() {}, error() {} };

let sender: WebhookSender;
beforeEach(() => {
  sender = createWebhookSender({ logger, wall: Date.now });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await sender.close();
});

interface Changes extends Partial<Omit<WebhookAction, 'kind'>> {
  readonly timeoutMs?: number;
  readonly by?: WebhookSender;
  readonly signal?: AbortSignal;
}

function send(url: string, changes: Changes = {}): Promise<WebhookResult> {
  const { timeoutMs = 15_000, by = sender, signal = new AbortController().signal, ...action } = changes;
  const whole: WebhookAction = { kind: 'webhook', url, headers: {}, secrets: [NEW], ...action };
  return by.send({ action: whole, eventId: EVENT_ID, body: BODY, timeoutMs }, signal);
}

/** A server that does with its connections what it likes. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<AsyncDisposable & { url: string }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a webhook', () => {
  test('is a POST of the event, signed, that a receiver can verify', async () => {
    await using receiver = await Receiver.start();
    const result = await send(receiver.url('/hooks/a?team=7'), {
      headers: { Authorization: 'Bearer abc', 'X-Team': 'seven', 'User-Agent': 'Mine' },
    });
    expect(result).toEqual({
      kind: 'ok',
      words: expect.stringMatching(/^204 No Content in (less than 0\.1|\d\.\d) s$/),
    });
    const [received] = receiver.received;
    if (received === undefined) throw new Error('Nothing arrived');
    expect(received).toMatchObject({ method: 'POST', path: '/hooks/a?team=7', body: BODY });
    expect(received.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'content-length': String(Buffer.byteLength(BODY)),
      authorization: 'Bearer abc',
      'x-team': 'seven',
      'user-agent': 'Mine',
      'webhook-id': EVENT_ID,
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
    });
    expect(new Webhook(NEW).verify(received.body, webhookHeaders(received))).toEqual(JSON.parse(BODY));
    expect(() => new Webhook(STRANGE).verify(received.body, webhookHeaders(received))).toThrow('No matching signature');
    expect(() => new Webhook(NEW).verify(`${received.body} `, webhookHeaders(received))).toThrow();
  });

  test('is accepted by receivers with the old secret and with the new one', async () => {
    await using receiver = await Receiver.start();
    await send(receiver.url(), { secrets: [NEW, OLD] });
    const [received] = receiver.received;
    if (received === undefined) throw new Error('Nothing arrived');
    for (const secret of [OLD, NEW]) new Webhook(secret).verify(received.body, webhookHeaders(received));
    expect(() => new Webhook(STRANGE).verify(received.body, webhookHeaders(received))).toThrow();
    expect(webhookHeaders(received)['webhook-signature']?.split(' ')).toHaveLength(2);
  });

  test('has the same id and the time of the try, each time', async () => {
    await using receiver = await Receiver.start();
    let wall = Date.now() - 100_000;
    await using own = asyncDisposable(createWebhookSender({ logger, wall: () => wall }));
    await send(receiver.url(), { by: own.value });
    wall = Date.now();
    await send(receiver.url(), { by: own.value });
    const [first, second] = receiver.received.map(webhookHeaders);
    expect(first?.['webhook-id']).toBe(second?.['webhook-id']);
    expect(Number(second?.['webhook-timestamp']) - Number(first?.['webhook-timestamp'])).toBeGreaterThanOrEqual(100);
    for (const received of receiver.received) new Webhook(NEW).verify(received.body, webhookHeaders(received));
  });

  test.each([200, 201, 202, 204, 299])('is delivered with %i', async (status) => {
    await using receiver = await Receiver.start(answerWith(status));
    expect(await send(receiver.url())).toMatchObject({ kind: 'ok', words: expect.stringContaining(String(status)) });
  });

  test.each([400, 401, 403, 404, 405, 408, 409, 413, 422, 425, 500, 501, 599])('has failed with %i', async (status) => {
    await using receiver = await Receiver.start(answerWith(status, {}, 'private words'));
    const result = await send(receiver.url());
    expect(result).toMatchObject({ kind: 'failed', retryAfterMs: null, busy: false });
    expect(result.words).toContain(String(status));
    expect(result.words).not.toContain('private');
  });

  test.each([429, 502, 503, 504])('has met a busy receiver with %i', async (status) => {
    await using receiver = await Receiver.start(answerWith(status));
    expect(await send(receiver.url())).toMatchObject({ kind: 'failed', retryAfterMs: null, busy: true });
  });

  test('tells when the receiver wants to be asked again', async () => {
    await using receiver = await Receiver.start(answerWith(503, { 'retry-after': '120' }));
    expect(await send(receiver.url())).toMatchObject({ kind: 'failed', retryAfterMs: 120_000, busy: true });
    receiver.answer = answerWith(500, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() });
    const result = await send(receiver.url());
    expect(result.kind === 'failed' && result.retryAfterMs).toBeGreaterThan(3_500_000);
    receiver.answer = answerWith(503, { 'retry-after': 'later' });
    expect(await send(receiver.url())).toMatchObject({ kind: 'failed', retryAfterMs: null });
  });

  test('is unwanted for good with 410', async () => {
    await using receiver = await Receiver.start(answerWith(410));
    expect(await send(receiver.url())).toMatchObject({ kind: 'gone', words: expect.stringContaining('410 Gone') });
  });

  test.each([301, 302, 303, 307, 308])('is not redirected by %i', async (status) => {
    await using target = await Receiver.start();
    await using receiver = await Receiver.start(answerWith(status, { location: target.url('/secret-place') }));
    const result = await send(receiver.url());
    expect(result).toMatchObject({ kind: 'failed', words: expect.stringContaining('redirects are not followed') });
    expect(result.words).not.toContain('secret-place');
    expect(target.received).toEqual([]);
  });

  test('knows nothing of proxies', async () => {
    await using proxy = await Receiver.start(answerWith(200));
    await using receiver = await Receiver.start();
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) vi.stubEnv(name, proxy.url('/'));
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    expect(await send(receiver.url())).toMatchObject({ kind: 'ok', words: expect.stringContaining('204') });
    expect(proxy.received).toEqual([]);
  });

  test('has a large or endless answer thrown away', async () => {
    await using receiver = await Receiver.start((_received, response) => {
      const chunk = Buffer.alloc(65_536, 'x');
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.writeHead(200).on('drain', pour);
      pour();
    });
    const before = process.memoryUsage().rss;
    expect(await send(receiver.url())).toMatchObject({ kind: 'ok' });
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });

  test('is delivered when the status says so, though the body never ends', async () => {
    await using receiver = await Receiver.start((_received, response) => {
      response.writeHead(200).write('x');
    });
    expect(await send(receiver.url())).toMatchObject({ kind: 'ok' });
  });

  test('uses a connection again', async () => {
    const ports = new Set<number | undefined>();
    await using receiver = await Receiver.start((_received, response, request) => {
      ports.add(request.socket.remotePort);
      response.writeHead(200).end('ok');
    });
    for (let each = 0; each < 5; each += 1) await send(receiver.url());
    expect(ports.size).toBeLessThan(5);
  });
});

describe('a receiver that is not as it should be', () => {
  test('is given up when it never answers', async () => {
    await using receiver = await Receiver.start(() => {});
    expect(await send(receiver.url(), { timeoutMs: 1_000 })).toEqual({
      kind: 'failed',
      words: 'timed out after 1.0 s',
      retryAfterMs: null,
      busy: false,
    });
    expect(receiver.received).toHaveLength(1);
  });

  test('is given up when it answers byte by byte', async () => {
    await using server = await rawServer((socket) => {
      const answer = 'HTTP/1.1 200 OK\r\nX-Long: '.concat('x'.repeat(5_000));
      let at = 0;
      const timer = setInterval(() => socket.write(answer[at++] ?? 'x'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await send(server.url, { timeoutMs: 1_000 })).toMatchObject({ words: 'timed out after 1.0 s' });
  });

  test('is given up when it says “wait” for ever', async () => {
    await using server = await rawServer((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await send(server.url, { timeoutMs: 1_000 })).toMatchObject({ words: 'timed out after 1.0 s' });
  });

  test('is given up when it never reads', async () => {
    await using server = await rawServer((socket) => socket.pause());
    expect(await send(server.url, { timeoutMs: 1_000 })).toMatchObject({ words: 'timed out after 1.0 s' });
  });

  test('is told when it closes the connection', async () => {
    await using server = await rawServer((socket) => socket.once('data', () => socket.destroy()));
    expect(await send(server.url)).toMatchObject({ words: 'the connection was closed before an answer' });
    await using reset = await rawServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await send(reset.url)).toMatchObject({ words: 'the connection was closed before an answer' });
  });

  test('is told when it does not speak HTTP', async () => {
    await using server = await rawServer((socket) => socket.end('SSH-2.0-secret words\r\n\r\n'));
    expect(await send(server.url)).toMatchObject({ kind: 'failed', words: 'the answer was not HTTP' });
  });

  test('is told when its headers are too large', async () => {
    await using server = await rawServer((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`);
    });
    expect(await send(server.url)).toMatchObject({ words: 'the answer’s headers are too large' });
  });

  test('is told when nobody listens', async () => {
    let url: string;
    {
      await using receiver = await Receiver.start();
      url = receiver.url();
    }
    expect(await send(url)).toMatchObject({ kind: 'failed', words: 'the connection was refused' });
  });

  test('is told when there is no such host', async () => {
    const result = await send('https://receiver.invalid/');
    expect(result).toMatchObject({ kind: 'failed', words: expect.stringMatching(/^the host/) });
  });

  test('is left when the try is given up', async () => {
    await using receiver = await Receiver.start(() => {});
    const abort = new AbortController();
    const result = send(receiver.url(), { signal: abort.signal });
    await receiver.arrivals(1);
    abort.abort();
    expect(await result).toMatchObject({
      kind: 'failed',
      words: expect.stringContaining('cancelled because Sandglass was quitting'),
    });
    expect(await send(receiver.url(), { signal: abort.signal })).toMatchObject({ kind: 'failed' });
    expect(receiver.received).toHaveLength(1);
  });

  test('is left when the sender is closed', async () => {
    await using receiver = await Receiver.start(() => {});
    const result = send(receiver.url());
    await receiver.arrivals(1);
    await sender.close();
    expect(await result).toMatchObject({ kind: 'failed' });
    await sender.close();
  });
});

describe.runIf(canMakeCertificates())('a receiver with a certificate', () => {
  const own = selfSigned('IP:127.0.0.1,DNS:localhost');

  test('that nobody has signed is refused, whatever the environment says', async () => {
    await using receiver = await Receiver.start(answerWith(204), own);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect(await send(receiver.url())).toMatchObject({
      kind: 'failed',
      words: 'the certificate is not trusted: it is self-signed',
    });
    expect(receiver.received).toEqual([]);
  });

  test('that is trusted is told the event', async () => {
    await using receiver = await Receiver.start(answerWith(204), own);
    await using trusting = asyncDisposable(
      createWebhookSender({ logger, wall: Date.now, extraCertificates: [own.cert] }),
    );
    expect(await send(receiver.url(), { by: trusting.value })).toMatchObject({ kind: 'ok' });
    expect(await send(receiver.url('/', 'localhost'), { by: trusting.value })).toMatchObject({ kind: 'ok' });
    expect(receiver.received).toHaveLength(2);
  });

  test('for another host is refused', async () => {
    const other = selfSigned('DNS:example.org');
    await using receiver = await Receiver.start(answerWith(204), other);
    await using trusting = asyncDisposable(
      createWebhookSender({ logger, wall: Date.now, extraCertificates: [other.cert] }),
    );
    expect(await send(receiver.url(), { by: trusting.value })).toMatchObject({
      kind: 'failed',
      words: 'the certificate is for another host',
    });
    expect(receiver.received).toEqual([]);
  });

  test('is expected of https, not plain HTTP', async () => {
    await using receiver = await Receiver.start();
    const result = await send(receiver.url().replace('http:', 'https:'));
    expect(result).toMatchObject({ kind: 'failed', words: 'the receiver does not speak TLS there' });
  });
});

function asyncDisposable(value: WebhookSender): AsyncDisposable & { readonly value: WebhookSender } {
  return { value, [Symbol.asyncDispose]: () => value.close() };
}
