import { describe, expect, test } from 'vitest';
import type { Transport } from '../transport.ts';

/** The other end of a transport under test, without any of our code. */
export interface Peer {
  send(message: string | Uint8Array): void;
  onMessage(listener: (message: string | Uint8Array) => void): void;
  onClose(listener: () => void): void;
  close(): void;
  /** Is called when the test is over. */
  release(): Promise<void>;
}

/** What both hosts' transports promise, at either end; `connect` gives one and its peer, connected. */
export function describeTransport(name: string, connect: () => Promise<{ transport: Transport; peer: Peer }>): void {
  describe(`${name} as a transport`, () => {
    test('delivers text and bytes in the order they were sent, both ways', async () => {
      const { transport, peer } = await connect();
      peer.onMessage((message) => peer.send(message));
      const sent = Array.from({ length: 200 }, (_, index) =>
        index % 3 === 0 ? `text ${index} äöü 🙂` : new Uint8Array(index).fill(index),
      );
      const received = collect(transport, sent.length);
      for (const message of sent) transport.send(message);
      expect(await received).toEqual(sent);
      await peer.release();
    });

    test('carries a mebibyte in one message', async () => {
      const { transport, peer } = await connect();
      peer.onMessage((message) => peer.send(message));
      const big = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 31) % 251);
      const received = collect(transport, 1);
      transport.send(big);
      const [echo] = await received;
      expect(echo).toBeInstanceOf(Uint8Array);
      expect(Buffer.compare(bytes(echo), big)).toBe(0);
      await peer.release();
    });

    test('sends a view as its own bytes only', async () => {
      const { transport, peer } = await connect();
      const received = new Promise<string | Uint8Array>((resolve) => peer.onMessage(resolve));
      const secrets = new TextEncoder().encode('secret hello secret');
      transport.send(secrets.subarray(7, 12));
      const view = bytes(await received);
      expect(new TextDecoder().decode(view)).toBe('hello');
      expect(new TextDecoder().decode(view.buffer)).not.toContain('secret');
      await peer.release();
    });

    test('keeps what comes before the first listener', async () => {
      const { transport, peer } = await connect();
      peer.onMessage((message) => peer.send(message));
      transport.send('first');
      transport.send('second');
      await new Promise(setImmediate);
      expect(await collect(transport, 2)).toEqual(['first', 'second']);
      await peer.release();
    });

    test('reports its close once, with the reason, also to later listeners', async () => {
      const { transport, peer } = await connect();
      const reasons: string[] = [];
      transport.onMessage(() => {});
      transport.onClose((reason) => reasons.push(reason));
      transport.close('no longer needed');
      transport.close('again');
      transport.onClose((reason) => reasons.push(reason));
      expect(reasons).toEqual(['no longer needed', 'no longer needed']);
      await peer.release();
    });

    test('the peer sees a close', async () => {
      const { transport, peer } = await connect();
      const closed = new Promise<void>((resolve) => peer.onClose(resolve));
      transport.onMessage(() => {});
      transport.close('done');
      await closed;
      await peer.release();
    });

    test('sees that the peer is gone', async () => {
      const { transport, peer } = await connect();
      transport.onMessage(() => {});
      const closed = new Promise<string>((resolve) => transport.onClose(resolve));
      peer.close();
      expect(await closed).not.toBe('');
      await peer.release();
    });

    test('sending after the close does nothing', async () => {
      const { transport, peer } = await connect();
      transport.onMessage(() => {});
      transport.close('done');
      transport.send('too late');
      transport.send(new Uint8Array(3));
      await peer.release();
    });
  });
}

function collect(transport: Transport, count: number): Promise<(string | Uint8Array)[]> {
  const received: (string | Uint8Array)[] = [];
  return new Promise((resolve, reject) => {
    transport.onClose((reason) => reject(new Error(reason)));
    transport.onMessage((message) => {
      received.push(typeof message === 'string' ? message : new Uint8Array(message));
      if (received.length === count) resolve(received);
    });
  });
}

function bytes(message: string | Uint8Array | undefined): Uint8Array {
  if (!(message instanceof Uint8Array)) throw new Error('expected bytes');
  return message;
}
