import { WebSocket, WebSocketServer } from 'ws';
import type { Peer } from './transport-contract.ts';

/** A `ws` socket as a peer. */
export function socketPeer(socket: WebSocket, release: () => Promise<void>): Peer {
  return {
    send: (message) => socket.send(message),
    onMessage: (listener) =>
      socket.on('message', (data, isBinary) => {
        if (!Buffer.isBuffer(data)) throw new Error('expected one buffer');
        listener(isBinary ? new Uint8Array(data) : data.toString());
      }),
    onClose: (listener) => socket.on('close', () => listener()),
    close: () => socket.close(),
    release,
  };
}

/** A WebSocket server on loopback that takes one socket. */
export async function listenForSocket(): Promise<{
  url: string;
  accepted: Promise<WebSocket>;
  release: () => Promise<void>;
}> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return {
    url: `ws://127.0.0.1:${address.port}`,
    accepted,
    release: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A `ws` client, open. */
export async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}

/** A message port as a peer, and the port at its other end. */
export function portPeer(): { port: MessagePort; peer: Peer } {
  const { port1, port2 } = new MessageChannel();
  return {
    port: port1,
    peer: {
      send: (message) => port2.postMessage(message),
      onMessage: (listener) => {
        port2.addEventListener('message', ({ data }) => listener(data));
        port2.start();
      },
      onClose: (listener) => {
        port2.addEventListener('close', () => listener());
        port2.start();
      },
      close: () => port2.close(),
      release: async () => {
        port1.close();
        port2.close();
      },
    },
  };
}
