import { expect, test } from 'vitest';
import { RequestError } from '../../shared/errors.ts';
import { encodeBytes } from '../../shared/frames.ts';
import type { Transport } from '../../shared/transport.ts';
import { fakeSession } from '../testing/fake-session.ts';
import { createClient, DisconnectedError } from './core-client.ts';

/** The core's end of a connection, as the test plays it. */
function peer(answer: (message: { m: string; i: string }) => unknown = () => undefined) {
  const seen: unknown[] = [];
  let receive: (message: string | Uint8Array) => void = () => {};
  let closed: (reason: string) => void = () => {};
  const transport: Transport = {
    bufferedBytes: 0,
    send: (message) => {
      if (typeof message !== 'string') return;
      const request = JSON.parse(message);
      const reply = answer(request);
      if (reply !== undefined)
        queueMicrotask(() => receive(JSON.stringify({ t: 's', i: request.i, ...Object(reply) })));
    },
    onMessage: (listener) => {
      receive = listener;
    },
    onClose: (listener) => {
      closed = listener;
    },
    close: (reason) => closed(reason),
  };
  const client = createClient(transport, {
    notify: (name, payload) => seen.push([name, payload]),
    output: (channel, bytes) => seen.push(['output', channel, bytes.byteLength]),
    inputSettled: (channel, count, isAccepted) => seen.push(['input', channel, count, isAccepted]),
    malformed: (detail) => seen.push(['malformed', detail.slice(0, 12)]),
    closed: (reason) => seen.push(['closed', reason]),
  });
  return {
    client,
    seen,
    say: (message: string | Uint8Array) => receive(message),
    drop: (reason: string) => closed(reason),
  };
}

/** Lets what is due now happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('an answer that fits its schema is given, one that does not is refused', async () => {
  const good = peer(() => ({ r: [fakeSession(1)] }));
  expect(await good.client.call('sessions.list', {})).toEqual([fakeSession(1)]);
  const bad = peer(() => ({ r: [{ id: 'x' }] }));
  await expect(bad.client.call('sessions.list', {})).rejects.toThrow('could not be read');
});

test('an error comes back as a refusal with its code and its words', async () => {
  const { client } = peer(() => ({
    e: { code: 'limit_exceeded', message: 'Maximum concurrent sessions (100) exceeded' },
  }));
  const refusal = client.call('sessions.open', { cols: 80, rows: 24 });
  await expect(refusal).rejects.toBeInstanceOf(RequestError);
  await expect(refusal).rejects.toMatchObject({
    code: 'limit_exceeded',
    message: 'Maximum concurrent sessions (100) exceeded',
  });
});

test('notifications and frames arrive in order; malformed ones are dropped and reported', async () => {
  const { seen, say } = peer();
  say(JSON.stringify({ t: 'q', m: 'sessionRemoved', a: [{ id: fakeSession(1).id }] }));
  await settle();
  say(encodeBytes('output', 7, new Uint8Array(3)));
  say(new Uint8Array([9, 9]));
  say(JSON.stringify({ t: 'q', m: 'sessionRemoved', a: [{ id: 'not an id' }] }));
  await settle();
  expect(seen.map((entry) => (Array.isArray(entry) ? entry[0] : entry))).toEqual([
    'sessionRemoved',
    'output',
    'malformed',
    'malformed',
  ]);
});

test('text that is not a message neither throws nor stops what follows', async () => {
  const { seen, say } = peer();
  say('{');
  say('{"t":"x"}');
  await settle();
  say(JSON.stringify({ t: 'q', m: 'sessionEvicted', a: [{ id: fakeSession(1).id }] }));
  await settle();
  expect(seen.at(-1)).toEqual(['sessionEvicted', { id: fakeSession(1).id }]);
});

test('requests under way end with the connection, and later ones are refused at once', async () => {
  const { client, seen, drop } = peer();
  const pending = client.call('app.info', {});
  await settle();
  drop('The connection was closed.');
  await expect(pending).rejects.toBeInstanceOf(DisconnectedError);
  await expect(client.call('app.info', {})).rejects.toBeInstanceOf(DisconnectedError);
  expect(seen).toEqual([['closed', 'The connection was closed.']]);
});
