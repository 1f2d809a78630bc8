import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHANNELS, readConnectRequest, readPortMessage } from './handshake.ts';

test('a request is read, and nothing else of the message', () => {
  expect(readConnectRequest({ request: 7, path: '/etc/passwd' })).toEqual({ request: 7 });
  expect(readPortMessage({ type: CHANNELS.port, request: 7, more: 1 })).toEqual({ type: CHANNELS.port, request: 7 });
});

test.each([undefined, null, 1, 'x', [], {}, { request: 0 }, { request: -1 }, { request: 1.5 }, { request: '1' }])(
  '%j is no request',
  (message) => {
    expect(readConnectRequest(message)).toBeNull();
    expect(readPortMessage(message)).toBeNull();
  },
);

test('a message of another type is no port message', () => {
  expect(readPortMessage({ type: 'other', request: 1 })).toBeNull();
  expect(readPortMessage({ request: 1 })).toBeNull();
});

test('no message makes reading it throw', () => {
  fc.assert(
    fc.property(fc.anything(), (message) => {
      readConnectRequest(message);
      readPortMessage(message);
    }),
  );
});
