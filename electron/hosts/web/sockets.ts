import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { HOST_QUIT } from '../../../shared/presence.ts';
import { MAX_CONTROL_LENGTH, MAX_FRAME_BYTES, type Transport } from '../../../shared/transport.ts';
import { WebSocketTransport } from './websocket-transport.ts';

/** A socket is asked for a sign of life this often, in milliseconds, and ended if it gave none since the last time. */
const PING_INTERVAL_MS = 20_000;
/** Windows that may be open at the same time. */
const MAX_SOCKETS = 64;
/** What is read of a message at most, in bytes: a UTF-16 code unit is at most three bytes of UTF-8. */
const MAX_PAYLOAD_BYTES = Math.max(MAX_FRAME_BYTES, 3 * MAX_CONTROL_LENGTH);

/** The window sockets of the web host. Whether an upgrade may happen at all is decided before it comes here. */
export class Sockets implements Disposable {
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    maxPayload: MAX_PAYLOAD_BYTES,
    perMessageDeflate: false,
  });
  readonly #alive = new WeakSet<WebSocket>();
  readonly #transports = new Set<WebSocketTransport>();
  readonly #timer: NodeJS.Timeout;
  readonly #connect: (transport: Transport) => void;
  readonly #logger: Logger;

  constructor(connect: (transport: Transport) => void, logger: Logger) {
    this.#connect = connect;
    this.#logger = logger;
    this.#timer = setInterval(() => this.#checkAll(), PING_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Whether one more window may connect. */
  get hasRoom(): boolean {
    return this.#server.clients.size < MAX_SOCKETS;
  }

  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, stream, head, (socket) => {
      // Key presses and their echo are small and must not wait for each other (Nagle).
      if (stream instanceof Socket) stream.setNoDelay(true);
      this.#alive.add(socket);
      socket.on('pong', () => this.#alive.add(socket));
      const transport = new WebSocketTransport(socket);
      this.#transports.add(transport);
      transport.onClose((reason) => {
        this.#transports.delete(transport);
        this.#logger.info({ reason }, 'A window disconnected');
      });
      this.#logger.info('A window connected');
      this.#connect(transport);
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const transport of [...this.#transports]) transport.goAway(HOST_QUIT);
    // Whoever does not answer the close is not waited for.
    for (const socket of this.#server.clients) setTimeout(() => socket.terminate(), 1_000).unref();
    this.#server.close();
  }

  #checkAll(): void {
    for (const socket of this.#server.clients) {
      if (this.#alive.delete(socket)) socket.ping();
      else socket.terminate();
    }
  }
}
