import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { temporaryFolder } from '../../../storage/testing/temporary-folder.ts';
import { createEngineClient, type EngineClient, noBody } from './engine-client.ts';
import { EngineRefusal, EngineTimeout } from './engine-errors.ts';
import type { Transport } from './transport.ts';

const SOON = { timeoutMs: 20_000 };
const NOW = { timeoutMs: 50 };

interface Served {
  readonly client: EngineClient;
  readonly path: string;
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
}

/** A server on a socket whose upgrades answer with `101`, “head”, and then what they are sent. */
async function serve(listener: RequestListener): Promise<Served> {
  const server = createServer(listener);
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhead');
    socket.pipe(socket);
  });
  const path = process.platform === 'win32' ? `//./pipe/sandglass-${process.pid}` : join(temporaryFolder(), 'e.sock');
  server.listen(path);
  await once(server, 'listening');
  const client = createEngineClient({ kind: 'socket', path });
  onTestFinished(() => {
    client.close();
    server.close();
    server.closeAllConnections();
  });
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) => {
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  return { client, path, idle: () => expect.poll(connections, { timeout: 10_000 }).toBe(0) };
}

/** Resolves with this many characters of the stream, which stays open. */
async function read(stream: Duplex, length: number): Promise<string> {
  let found = '';
  for (;;) {
    const chunk: unknown = stream.read();
    if (chunk === null) await once(stream, 'readable');
    else found += String(chunk);
    if (found.length >= length) return found;
  }
}

test('a request carries its query and its body, and its answer is validated', async () => {
  const { client, idle } = await serve((request, response) => {
    void text(request).then((body) =>
      response.end(JSON.stringify({ url: request.url, type: request.headers['content-type'], body })),
    );
  });
  const schema = z.object({ url: z.string(), type: z.string(), body: z.string() });
  const request = { method: 'POST', path: '/containers/create', query: { name: 'ä b' }, body: { Tty: true } } as const;
  expect(await client.call(request, schema, SOON)).toEqual({
    url: '/containers/create?name=%C3%A4+b',
    type: 'application/json',
    body: '{"Tty":true}',
  });
  await expect(client.call(request, z.object({ Id: z.string() }), SOON)).rejects.toThrow(z.ZodError);
  await idle();
});

test('a body may be a stream, and a query may be sent as it is', async () => {
  const { client } = await serve((request, response) => {
    void text(request).then((body) => response.end(JSON.stringify({ url: request.url, body })));
  });
  const body = Readable.from([Buffer.from('a tar'), Buffer.from(' archive')]);
  const answer = await client.request({ method: 'POST', path: '/images/load', query: 'keys=%FF,%FE', body }, SOON);
  expect(answer).toEqual({ status: 200, body: { url: '/images/load?keys=%FF,%FE', body: 'a tar archive' } });
});

test('a refusal has the status and the engine’s reason', async () => {
  const { client } = await serve((_, response) => response.writeHead(409).end('{"message":"in\\nuse"}'));
  const refused = client.call({ method: 'DELETE', path: '/x' }, noBody, SOON);
  await expect(refused).rejects.toThrow(EngineRefusal);
  await expect(refused).rejects.toMatchObject({ status: 409, reason: 'in use' });
  expect(await client.request({ method: 'DELETE', path: '/x' }, SOON)).toMatchObject({ status: 409 });
});

test('an engine that does not answer, or not to the end, is given up in time', async () => {
  const { client, idle } = await serve(({ url }, response) => {
    if (url === '/half') response.write('[');
  });
  for (const path of ['/none', '/half']) {
    await expect(client.request({ method: 'GET', path }, NOW)).rejects.toThrow(EngineTimeout);
  }
  await idle();
});

test('an abort ends a request with its reason, at any stage', async () => {
  const { client, idle } = await serve((_, response) => response.write('['));
  const request = { method: 'GET', path: '/events' } as const;
  const reason = new Error('enough');
  await expect(client.request(request, { ...SOON, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const abort = new AbortController();
  const response = await client.stream(request, abort.signal);
  abort.abort(reason);
  await expect(text(response)).rejects.toBe(reason);
  await idle();
});

test('an answer without end is not read without end', async () => {
  const { client, idle } = await serve((_, response) => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
      response.once('drain', more);
    };
    more();
  });
  await expect(client.request({ method: 'GET', path: '/x' }, SOON)).rejects.toThrow('too long');
  await idle();
});

test('a hijacked stream outlives its bounds and the client, and loses no byte', async () => {
  const { client, idle } = await serve((_, response) => response.end());
  const bounds = new AbortController();
  const request = { method: 'POST', path: '/exec/1/start', body: { Tty: false } } as const;
  const stream = await client.hijack(request, { ...SOON, signal: bounds.signal });
  bounds.abort();
  client.close();
  stream.write('more');
  expect(await read(stream, 8)).toBe('headmore');
  stream.destroy();
  await idle();
});

test('a stream that is refused leaves no connection', async () => {
  const server = createServer((request, response) =>
    response.writeHead(request.url === '/200' ? 200 : 404).end('{"message":"no such container"}'),
  );
  const path = join(temporaryFolder(), 'e.sock');
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const client = createEngineClient({ kind: 'socket', path });
  await expect(client.hijack({ method: 'POST', path: '/404' }, SOON)).rejects.toMatchObject({ status: 404 });
  await expect(client.hijack({ method: 'POST', path: '/200' }, SOON)).rejects.toThrow('does not let streams through');
  const closed = once(server, 'close');
  server.close();
  await closed;
});

test('a closed client asks nothing any more, and ends what it asks', async () => {
  const asked = Promise.withResolvers<void>();
  const { client, idle } = await serve(() => asked.resolve());
  const request = { method: 'GET', path: '/x' } as const;
  const pending = client.request(request, SOON);
  await asked.promise;
  client.close();
  await expect(pending).rejects.toThrow('has ended');
  await expect(client.request(request, SOON)).rejects.toThrow('has ended');
  await idle();
});

test('a path that HTTP cannot carry is refused, and leaves no connection', async () => {
  const { client, idle } = await serve((_, response) => response.end());
  await expect(client.request({ method: 'GET', path: '/images/ä b/json' }, SOON)).rejects.toThrow('unescaped');
  await idle();
});

test('requests and streams go over the standard streams of a program, as over SSH', async () => {
  const { path } = await serve((_, response) => response.end('{"ok":true}'));
  // Plays `ssh HOST docker system dial-stdio`.
  const relay = `const s = require('node:net').connect(${JSON.stringify(path)}); process.stdin.pipe(s).pipe(process.stdout)`;
  const ended: Promise<unknown>[] = [];
  const transport: Transport = async () => {
    const child = spawn(process.execPath, ['-e', relay], { stdio: ['pipe', 'pipe', 'inherit'] });
    ended.push(once(child, 'exit'));
    return Duplex.from({ writable: child.stdin, readable: child.stdout });
  };
  const client = createEngineClient({ kind: 'socket', path }, transport);
  expect(await client.request({ method: 'GET', path: '/x' }, SOON)).toEqual({ status: 200, body: { ok: true } });
  const stream = await client.hijack({ method: 'POST', path: '/attach' }, SOON);
  stream.write(' and tail');
  expect(await read(stream, 13)).toBe('head and tail');
  stream.destroy();
  await Promise.all(ended);
  expect(ended).toHaveLength(2);
});

test('an address behind a proxy has its prefix before each path, and its own host', async () => {
  const server = createServer((request, response) => response.end(`"${request.headers.host} ${request.url}"`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port }: Partial<AddressInfo> = Object(server.address());
  const address = { kind: 'tcp', host: 'localhost', port: port ?? 0, pathPrefix: '/engine/', tls: null } as const;
  const { body } = await createEngineClient(address).request({ method: 'GET', path: '/_ping' }, SOON);
  expect(body).toBe(`localhost:${port} /engine/_ping`);
});
