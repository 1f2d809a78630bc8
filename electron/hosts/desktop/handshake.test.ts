import { EventEmitter } from 'node:events';
import type { MessageChannelMain, MessagePortMain } from 'electron';
import pino from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { CHANNELS } from '../../../shared/handshake.ts';
import type { Transport } from '../../../shared/transport.ts';
import { answerHandshakes, type Handshakes } from './handshake.ts';
import type { SenderEvent } from './sender.ts';

const PAGE = { url: 'app://sandglass/', parent: null };

/** A port as the main process has it; only its events and its close matter here. */
class FakePort extends EventEmitter implements MessagePortMain {
  postMessage(): void {}
  start(): void {}
  close(): void {
    this.emit('close');
  }
}

let send: (event: SenderEvent, message: unknown) => void;
let posted: { channel: string; message: unknown; ports: readonly unknown[] }[];
let transports: Transport[];
let logLines: string[];
let window: { id: number; postMessage: (channel: string, message: unknown, ports?: MessagePortMain[]) => void } | null;
let handshakes: Handshakes;

beforeEach(() => {
  posted = [];
  transports = [];
  logLines = [];
  window = { id: 1, postMessage: (channel, message, ports = []) => posted.push({ channel, message, ports }) };
  handshakes = answerHandshakes({
    onRequest: (listener) => {
      send = listener;
    },
    window: () => window,
    createChannel: (): MessageChannelMain => ({ port1: new FakePort(), port2: new FakePort() }),
    core: {
      connect: (transport) => {
        transports.push(transport);
        let closed = false;
        transport.onClose(() => {
          closed = true;
        });
        return {
          command: () => {},
          get closed() {
            return closed;
          },
        };
      },
    },
    logger: pino({}, { write: (line: string) => logLines.push(line) }),
  });
});

function ask(event: SenderEvent, message: unknown = { request: 5 }): void {
  send(event, message);
}

test('our page gets a port, numbered as it asked', () => {
  ask({ sender: { id: 1 }, senderFrame: PAGE });
  expect(posted).toMatchObject([{ channel: CHANNELS.port, message: { request: 5 } }]);
  expect(posted[0]?.ports).toHaveLength(1);
  expect(handshakes.connection).not.toBeNull();
});

test.each([
  ['a foreign window', { sender: { id: 2 }, senderFrame: PAGE }],
  ['a foreign page', { sender: { id: 1 }, senderFrame: { url: 'https://evil.example/', parent: null } }],
  ['a frame in our page', { sender: { id: 1 }, senderFrame: { url: 'app://sandglass/', parent: PAGE } }],
  ['a frame that is gone', { sender: { id: 1 }, senderFrame: null }],
])('%s is refused, and that is logged', (_name, event) => {
  ask(event);
  expect(posted).toEqual([]);
  expect(transports).toEqual([]);
  expect(logLines.join('')).toContain('A request to connect was refused');
});

test('a malformed request is refused', () => {
  ask({ sender: { id: 1 }, senderFrame: PAGE }, { request: 'one' });
  expect(transports).toEqual([]);
  expect(logLines.join('')).toContain('malformed');
});

test('without a window nobody is answered', () => {
  window = null;
  ask({ sender: { id: 1 }, senderFrame: PAGE });
  expect(transports).toEqual([]);
});

test('a page that was loaded anew gets a new port, and the old transport closes', () => {
  ask({ sender: { id: 1 }, senderFrame: PAGE }, { request: 1 });
  const reasons: string[] = [];
  transports[0]?.onClose((reason) => reasons.push(reason));
  ask({ sender: { id: 1 }, senderFrame: PAGE }, { request: 1 });
  expect(reasons).toEqual(['The window connected anew']);
  expect(posted).toHaveLength(2);
  expect(handshakes.connection?.closed).toBe(false);
});

test('after the close there is no connection', () => {
  ask({ sender: { id: 1 }, senderFrame: PAGE });
  handshakes.close('Sandglass was quit');
  expect(handshakes.connection).toBeNull();
});
