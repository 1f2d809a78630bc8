import { type DesktopBridge, readPortMessage } from '../../shared/handshake.ts';
import type { Transport } from '../../shared/transport.ts';
import { AwayError } from './away.ts';
import { desktopBridge } from './bridge.ts';
import { HostPresence } from './host-presence.ts';
import { PortTransport } from './port-transport.ts';
import { WebSocketTransport } from './websocket-transport.ts';

/** How long the host may take to answer, in milliseconds. */
const TIMEOUT_MS = 10_000;

let requests = 0;
const presence = new HostPresence();

/**
 * Connects this page to its host: by a message port on desktop, by a WebSocket to its own origin in a browser. A transport that
 * closes is not connected again: that is up to its user.
 *
 * @throws AwayError when that fails
 */
export function connect(): Promise<Transport> {
  const bridge = desktopBridge();
  return bridge === undefined ? connectSocket() : connectPort(bridge);
}

async function connectSocket(): Promise<Transport> {
  // Asked first: a refused socket does not say why, and each one is a warning in the host's log.
  await presence.check();
  const url = new URL('/ws', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  const transport = new WebSocketTransport(socket);
  const waiting = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      const { signal } = waiting;
      const timer = setTimeout(() => reject(unreachable('Sandglass does not answer.')), TIMEOUT_MS);
      signal.addEventListener('abort', () => clearTimeout(timer));
      socket.addEventListener('open', () => resolve(), { signal });
      socket.addEventListener('close', () => reject(unreachable('Sandglass cannot be reached.')), { signal });
    });
  } catch (error) {
    transport.close('The connection was not made');
    throw error;
  } finally {
    waiting.abort();
  }
  const connected = new AbortController();
  transport.onClose(() => connected.abort());
  let heardAt = performance.now();
  socket.addEventListener('message', () => {
    heardAt = performance.now();
  });
  presence.watch(
    connected.signal,
    () => heardAt,
    (reason) => transport.close(reason),
  );
  return transport;
}

function unreachable(message: string): AwayError {
  return new AwayError('unreachable', message);
}

async function connectPort(bridge: DesktopBridge): Promise<Transport> {
  requests += 1;
  const request = requests;
  const waiting = new AbortController();
  try {
    return await new Promise<Transport>((resolve, reject) => {
      const { signal } = waiting;
      const timer = setTimeout(() => reject(unreachable('Sandglass does not answer.')), TIMEOUT_MS);
      signal.addEventListener('abort', () => clearTimeout(timer));
      window.addEventListener(
        'message',
        (event) => {
          if (event.source !== window || event.origin !== window.location.origin) return;
          const message = readPortMessage(event.data);
          const [port] = event.ports;
          if (message?.request === request && port !== undefined) {
            resolve(new PortTransport(port));
          }
        },
        { signal },
      );
      bridge.requestPort(request);
    });
  } finally {
    waiting.abort();
  }
}
