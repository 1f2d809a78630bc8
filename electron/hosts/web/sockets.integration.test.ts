import { createServer } from 'node:http';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { MAX_FRAME_BYTES, type Transport } from '../../../shared/transport.ts';
import { Sockets } from './sockets.ts';

const PING_INTERVAL_MS = 20_000;

let sockets: Sockets;
let url: string;
let connected: (transport: Transport) => void;
const server = createServer();

beforeEach(async () => {
  // Time stands still for the sign of life; everything else runs on real time.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  sockets = new Sockets((transport) => connected(transport), pino({ enabled: false }));
  server.on('upgrade', (request, stream, head) => sockets.upgrade(request, stream, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  url = `ws://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  sockets[Symbol.dispose]();
  vi.useRealTimers();
  server.removeAllListeners('upgrade');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function connect(options: WebSocket.ClientOptions = {}): Promise<{ client: WebSocket; transport: Transport }> {
  const accepted = new Promise<Transport>((resolve) => {
    connected = resolve;
  });
  const client = new WebSocket(url, options);
  const transport = await accepted;
  transport.onMessage(() => {});
  await new Promise((resolve) => (client.readyState === WebSocket.OPEN ? resolve(null) : client.once('open', resolve)));
  return { client, transport };
}

const nextPing = (client: WebSocket): Promise<unknown> => new Promise((resolve) => client.once('ping', resolve));

test('a window that gives no sign of life is ended', async () => {
  const { client, transport } = await connect({ autoPong: false });
  const closed = new Promise<string>((resolve) => transport.onClose(resolve));
  const ping = nextPing(client);
  vi.advanceTimersByTime(PING_INTERVAL_MS);
  await ping;
  vi.advanceTimersByTime(PING_INTERVAL_MS);
  expect(await closed).toContain('1006');
});

test('a window that answers stays', async () => {
  const { client, transport } = await connect();
  let closed = false;
  transport.onClose(() => {
    closed = true;
  });
  for (let round = 0; round < 4; round++) {
    const ping = nextPing(client);
    vi.advanceTimersByTime(PING_INTERVAL_MS);
    await ping;
    // An echo after the pong: by then the pong has arrived.
    const echo = new Promise((resolve) => client.once('message', resolve));
    transport.onMessage((message) => transport.send(message));
    client.send('still here');
    await echo;
  }
  expect(closed).toBe(false);
  client.terminate();
});

test('a message above the limit closes the socket instead of being read', async () => {
  const { client, transport } = await connect();
  const received: unknown[] = [];
  transport.onMessage((message) => received.push(message));
  const code = new Promise<number>((resolve) => client.once('close', resolve));
  client.on('error', () => {});
  client.send(new Uint8Array(MAX_FRAME_BYTES + 1));
  expect(await code).not.toBe(1000);
  expect(received).toEqual([]);
});
