import { expect, test } from 'vitest';
import { listenForSocket, openSocket, socketPeer } from '../../../shared/testing/peers.ts';
import { describeTransport } from '../../../shared/testing/transport-contract.ts';
import { WebSocketTransport } from './websocket-transport.ts';

const CLOSE_CODES = { normal: 1000, goingAway: 1001, tooBig: 1009, tooSlow: 1013 } as const;

const MAX_BUFFERED_BYTES = 32 * 1_048_576;

async function connect() {
  const { url, accepted, release } = await listenForSocket();
  const client = await openSocket(url);
  const transport = new WebSocketTransport(await accepted);
  return { transport, client, peer: socketPeer(client, release) };
}

describeTransport('the web host’s socket', connect);

test('a window that does not read is cut off before much waits for it', async () => {
  const { transport, client, peer } = await connect();
  client.pause();
  transport.onMessage(() => {});
  let reason = '';
  transport.onClose((why) => {
    reason = why;
  });
  const frame = new Uint8Array(1_048_576);
  let sent = 0;
  while (reason === '' && sent < 1_000) {
    transport.send(frame);
    sent += 1;
  }
  expect(reason).toBe('The window is too slow');
  expect(sent * frame.byteLength).toBeLessThan(MAX_BUFFERED_BYTES + 16 * frame.byteLength);
  const code = new Promise<number>((resolve) => client.once('close', resolve));
  client.resume();
  expect(await code).toBe(CLOSE_CODES.tooSlow);
  await peer.release();
});
