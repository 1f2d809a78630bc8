import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { portPeer } from '../../../shared/testing/peers.ts';
import { describeTransport } from '../../../shared/testing/transport-contract.ts';
import { MAX_CONTROL_LENGTH, MAX_FRAME_BYTES } from '../../../shared/transport.ts';
import { PortTransport } from './port-transport.ts';

/** A real message port with the events as Electron's main process has them. */
function mainPort() {
  const { port, peer } = portPeer();
  const events = new EventEmitter();
  port.addEventListener('close', () => events.emit('close'));
  const main = Object.assign(events, {
    postMessage: (message: unknown) => port.postMessage(message),
    start: () => {
      port.addEventListener('message', ({ data }) => events.emit('message', { data }));
      port.start();
    },
    close: () => port.close(),
  });
  return { main, peer };
}

async function connect() {
  const { main, peer } = mainPort();
  return { transport: new PortTransport(main), peer };
}

describeTransport('the desktop’s port', connect);

test.each([
  ['an object', { t: 'q' }],
  ['null', null],
  ['a number', 1],
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['too long a text', 'x'.repeat(MAX_CONTROL_LENGTH + 1)],
  ['too long a frame', new Uint8Array(MAX_FRAME_BYTES + 1)],
])('%s from the window closes its transport', (_name, data) => {
  const { main } = mainPort();
  const transport = new PortTransport(main);
  const received: unknown[] = [];
  const reasons: string[] = [];
  transport.onMessage((message) => received.push(message));
  transport.onClose((reason) => reasons.push(reason));
  main.emit('message', { data });
  expect(received).toEqual([]);
  expect(reasons).toEqual(['The window sent what is neither text nor bytes, or too much at once']);
});
