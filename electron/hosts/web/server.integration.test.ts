import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { Metrics } from '../../../shared/metrics.ts';
import { presenceSchema } from '../../../shared/presence.ts';
import type { Transport } from '../../../shared/transport.ts';
import type { ExportSource } from '../../core/core.ts';
import { Downloads } from './downloads.ts';
import { startWebServer, type WebServer } from './server.ts';

const SOCKET_PATH = '/ws';

const METRICS: Metrics = {
  startedAt: 0,
  total: 3,
  active: 1,
  oldestAgeSeconds: 12,
  newestAgeSeconds: 12,
  averageAgeSeconds: 12,
  endedByReason: { exited: 2 },
  durations: [],
  expired: 0,
  lateness: { count: 0, maxMs: 0 },
  bytesOut: 0,
  bytesIn: 0,
  swept: 0,
  refused: 0,
};

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

let folder: string;
let server: WebServer;
let downloads: Downloads;
let transports: Transport[];
let logLines: string[];

const start = (port = 0): Promise<WebServer> =>
  startWebServer({
    port,
    rendererFolder: folder,
    connect: (transport) => {
      transports.push(transport);
      transport.onMessage((message) => transport.send(message));
    },
    metrics: () => METRICS,
    downloads,
    logger: pino({}, { write: (line: string) => logLines.push(line) }),
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-web-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Sandglass</title>');
  await writeFile(join(folder, 'assets', 'index-1a2b.js'), 'export {};');
  transports = [];
  logLines = [];
  downloads = new Downloads(pino({ enabled: false }));
  server = await start();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function ask(path: string, headers: OutgoingHttpHeaders = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: server.port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Follows a fresh link; gives the cookie. */
async function signIn(): Promise<string> {
  const url = new URL(server.link());
  const answer = await ask(url.pathname + url.search);
  const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0];
  if (cookie === undefined) throw new Error('no cookie was given');
  return cookie;
}

/** The status an upgrade is answered with; 101 when it succeeds. */
function upgrade(headers: Record<string, string>, path = SOCKET_PATH): Promise<number> {
  const { Origin, ...others } = headers;
  const options = Origin === undefined ? {} : { origin: Origin };
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers: others, ...options });
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', reject);
  });
}

const origin = (): string => `http://127.0.0.1:${server.port}`;

describe('signing in', () => {
  test('a link opens once: it becomes a cookie, and reloads work by it', async () => {
    const url = new URL(server.link());
    expect(url.hostname).toBe('127.0.0.1');
    const first = await ask(url.pathname + url.search);
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe('/');
    const [setCookie = ''] = first.headers['set-cookie'] ?? [];
    expect(setCookie).toMatch(/^sandglass_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    const [cookie = ''] = setCookie.split(';');
    for (let reload = 0; reload < 3; reload++) {
      expect((await ask('/', { cookie })).body).toContain('<title>Sandglass</title>');
    }
  });

  test('a used link is refused with a page that says what to do', async () => {
    const { search } = new URL(server.link());
    await ask(`/${search}`);
    const second = await ask(`/${search}`);
    expect(second.status).toBe(403);
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(second.body).toContain('Press Enter in the terminal');
  });

  test('a wrong token, an empty one and none are refused', async () => {
    server.link();
    expect((await ask('/?token=wrong')).status).toBe(403);
    expect((await ask('/?token=')).status).toBe(403);
    expect((await ask('/')).status).toBe(403);
  });

  test('a fresh link makes the one before it void', async () => {
    const old = new URL(server.link());
    const fresh = new URL(server.link());
    expect((await ask(old.pathname + old.search)).status).toBe(403);
    expect((await ask(fresh.pathname + fresh.search)).status).toBe(303);
  });

  test('whoever is signed in already may open a used link', async () => {
    const cookie = await signIn();
    expect((await ask('/?token=used-before', { cookie })).status).toBe(303);
  });

  test('two browsers can be signed in; a made-up cookie is none', async () => {
    const [one, two] = [await signIn(), await signIn()];
    expect((await ask('/health', { cookie: one })).status).toBe(200);
    expect((await ask('/health', { cookie: two })).status).toBe(200);
    expect((await ask('/health', { cookie: `sandglass_${server.port}=${'a'.repeat(43)}` })).status).toBe(403);
  });

  test('no token ends up in the log', async () => {
    const { search } = new URL(server.link());
    await ask(`/${search}`);
    await ask(`/${search}`);
    expect(logLines.join('')).not.toContain(search.slice('?token='.length));
  });
});

describe('a port that is forwarded under another number', () => {
  test.each(['127.0.0.1:9000', 'localhost:9000', '[::1]:9000', '127.0.0.1', 'localhost'])(
    'opens as %s',
    async (host) => {
      const { search } = new URL(server.link());
      const first = await ask(`/${search}`, { host });
      expect(first.status).toBe(303);
      const cookie = first.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
      expect(cookie).toMatch(host.endsWith(':9000') ? /^sandglass_9000=/ : /^sandglass_80=/);
      const page = await ask('/', { host, cookie });
      expect(page.status).toBe(200);
      expect(page.headers['content-security-policy']).toContain(
        host.startsWith('[') ? "connect-src 'self';" : `connect-src 'self' ws://${host};`,
      );
      expect(await upgrade({ Cookie: cookie, Host: host, Origin: `http://${host}` })).toBe(101);
      expect(await upgrade({ Cookie: cookie, Host: host, Origin: origin() })).toBe(403);
      expect(await upgrade({ Cookie: cookie, Host: host, Origin: `https://${host}` })).toBe(403);
    },
  );

  test('says how to sign in there', async () => {
    const words = `put 9000 in place of ${server.port} in the link`;
    expect((await ask('/', { host: 'localhost:9000' })).body).toContain(words);
    expect((await ask('/?token=used', { host: 'localhost:9000' })).body).toContain(words);
    expect((await ask('/')).body).not.toContain('in place of');
  });

  test('its sign-in is one of its own: another forwarded port does not share it', async () => {
    const { search } = new URL(server.link());
    const first = await ask(`/${search}`, { host: 'localhost:9000' });
    const cookie = first.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    expect((await ask('/', { host: 'localhost:9001', cookie })).status).toBe(403);
    // A page of another port of this machine, which a browser shows the cookie too.
    expect(await upgrade({ Cookie: cookie, Host: 'localhost:9000', Origin: 'http://localhost:9001' })).toBe(403);
  });
});

describe('whether it is there', () => {
  const presence = async (headers: OutgoingHttpHeaders = {}) => {
    const { status, body } = await ask('/presence', headers);
    return status === 200 ? presenceSchema.parse(JSON.parse(body)) : status;
  };

  test('is said to a page that is signed in, and to one that no longer is', async () => {
    const before = await presence();
    expect(before).toMatchObject({ signedIn: false, hasRoom: true });
    expect(await presence({ cookie: await signIn() })).toEqual({ ...Object(before), signedIn: true });
  });

  test('is not said to pages of others', async () => {
    expect(await presence({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' })).toBe(403);
    expect(await presence({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(403);
  });

  test('a server that was started again is another one, and knows no sign-in of the one before', async () => {
    const cookie = await signIn();
    const before = await presence({ cookie });
    const { port } = server;
    await server[Symbol.asyncDispose]();
    server = await start(port);
    const after = await presence({ cookie });
    expect(after).toMatchObject({ signedIn: false });
    expect(after).not.toMatchObject({ instance: Object(before).instance });
  });
});

describe('what is behind the cookie', () => {
  test.each(['/', '/health', '/assets/index-1a2b.js', '/download/x/y', '/nothing'])('%s', async (path) => {
    expect((await ask(path)).status).toBe(403);
  });

  test('metrics as JSON at /health', async () => {
    const answer = await ask('/health', { cookie: await signIn() });
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.body)).toEqual(METRICS);
  });

  test('the page is not kept by the browser, hashed files are', async () => {
    const cookie = await signIn();
    expect((await ask('/', { cookie })).headers['cache-control']).toBe('no-store');
    expect((await ask('/assets/index-1a2b.js', { cookie })).headers['cache-control']).toContain('immutable');
  });

  test.each(['/../package.json', '/%2e%2e/package.json', '/..%2f..%2fetc%2fpasswd', '//etc/passwd', '/assets'])(
    '%s is not found',
    async (path) => {
      expect((await ask(path, { cookie: await signIn() })).status).toBe(404);
    },
  );
});

describe('who is refused', () => {
  test('a foreign name for this server (DNS rebinding), also with a cookie', async () => {
    const cookie = await signIn();
    const refused = await ask('/', { cookie, host: `evil.example:${server.port}` });
    expect(refused.status).toBe(403);
    expect(logLines.join('')).toContain('evil.example');
    expect(refused.headers['content-security-policy']).toContain("connect-src 'self';");
    for (const name of [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'evil.example#127.0.0.1',
      'user@127.0.0.1',
      '10.0.0.1',
      '0.0.0.0',
      '[::]',
      '127.0.0.1:0',
      '127.0.0.1:99999',
      '127.0.0.1:',
    ]) {
      expect((await ask('/', { cookie, host: name })).status, name).toBe(403);
      expect((await ask('/presence', { cookie, host: name })).status, name).toBe(403);
    }
  });

  test('a name that is not a loopback one is refused with what is wrong and what to do', async () => {
    const { status, body } = await ask('/', { host: 'devbox<b>:9000' });
    expect(status).toBe(403);
    expect(body).toContain('<h1>Sandglass does not answer to this name</h1>');
    expect(body).toContain('“devbox&#60;b&#62;:9000”');
    expect(body).toContain(`ssh -L 9000:127.0.0.1:${server.port}`);
  });

  test('a foreign or missing origin on anything but reading', async () => {
    const cookie = await signIn();
    expect((await ask('/', { cookie, origin: 'http://evil.example' }, 'POST')).status).toBe(403);
    expect((await ask('/', { cookie }, 'POST')).status).toBe(403);
    expect((await ask('/', { cookie, origin: origin() }, 'POST')).status).toBe(405);
  });

  test('reading by a page of another port of this machine', async () => {
    const cookie = await signIn();
    const headers = { cookie, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
    expect((await ask('/assets/index-1a2b.js', headers)).status).toBe(403);
  });

  test('a socket of a foreign origin, without an origin, by a foreign name, without the cookie, or elsewhere', async () => {
    const Cookie = await signIn();
    expect(await upgrade({ Cookie, Origin: origin() })).toBe(101);
    expect(await upgrade({ Cookie, Origin: 'http://evil.example' })).toBe(403);
    expect(await upgrade({ Cookie, Origin: `http://127.0.0.1:${server.port + 1}` })).toBe(403);
    expect(await upgrade({ Cookie })).toBe(403);
    expect(await upgrade({ Origin: origin() })).toBe(403);
    expect(await upgrade({ Cookie, Origin: origin() }, '/other')).toBe(403);
    const Host = `evil.example:${server.port}`;
    expect(await upgrade({ Cookie, Origin: `http://${Host}`, Host })).toBe(403);
    expect(transports).toHaveLength(1);
    expect(logLines.filter((line) => line.includes('was refused'))).toHaveLength(6);
  });
});

test('every answer carries the strict headers', async () => {
  const cookie = await signIn();
  for (const answer of [await ask('/', { cookie }), await ask('/'), await ask('/health', { cookie })]) {
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${server.port}`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    expect(answer.headers['cross-origin-opener-policy']).toBe('same-origin');
  }
});

describe('downloads', () => {
  const source = (name: string, open = () => Readable.from(['one ', 'two'])): ExportSource => ({
    name,
    mediaType: 'text/plain',
    format: 'text',
    open,
  });

  test('a download is fetched once, as a file', async () => {
    const cookie = await signIn();
    const path = downloads.offer(source('sitzung ä/1.txt'));
    expect(path).toMatch(/^\/download\/[\w-]{32}\/[\w.-]+\.txt$/);
    expect((await ask(path)).status).toBe(403);
    const first = await ask(path, { cookie });
    expect(first.status).toBe(200);
    expect(first.body).toBe('one two');
    expect(first.headers['content-disposition']).toBe(
      `attachment; filename="sitzung-a-1.txt"; filename*=UTF-8''sitzung%20%C3%A4%2F1.txt`,
    );
    expect((await ask(path, { cookie })).status).toBe(404);
  });

  test('one that fails on the way breaks the connection instead of looking complete', async () => {
    const cookie = await signIn();
    const failing = new Readable({
      read() {
        this.push('half');
        this.destroy(new Error('disk gone'));
      },
    });
    const path = downloads.offer(source('a.txt', () => failing));
    await expect(ask(path, { cookie })).rejects.toThrow();
    expect((await ask('/health', { cookie })).status).toBe(200);
  });
});

test('a port in use is said in words', async () => {
  await expect(start(server.port)).rejects.toThrow(
    `Port ${server.port} is used by another program. Choose another one with --port`,
  );
});

test('a renderer that is not built is said in words', async () => {
  await rm(join(folder, 'index.html'));
  await expect(start()).rejects.toThrow('Run "npm run build" first');
});

test('an open socket is told when the server ends', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${SOCKET_PATH}`, {
    origin: origin(),
    headers: { Cookie: await signIn() },
  });
  await new Promise((resolve) => socket.once('open', resolve));
  const closed = new Promise<[number, string]>((resolve) =>
    socket.once('close', (code, reason) => resolve([code, reason.toString()])),
  );
  const ended = server[Symbol.asyncDispose]();
  expect(await closed).toEqual([1001, 'Sandglass was quit']);
  await ended;
  server = await start();
});
