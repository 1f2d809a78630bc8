import { Receiver } from '../../shared/receiver.ts';
import type { Transport } from '../../shared/transport.ts';

/** An open WebSocket to the host as a transport. */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #receiver = new Receiver();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') this.#receiver.deliver(data);
      else if (data instanceof ArrayBuffer) this.#receiver.deliver(new Uint8Array(data));
    });
    socket.addEventListener('close', ({ code, reason }) =>
      this.#receiver.end(reason || `The connection to Sandglass was lost (${code})`),
    );
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: string | Uint8Array): void {
    if (this.#receiver.closed) return;
    if (typeof message === 'string') this.#socket.send(message);
    else this.#socket.send(isUnshared(message) ? message : new Uint8Array(message));
  }

  onMessage(listener: (message: string | Uint8Array) => void): void {
    this.#receiver.onMessage(listener);
  }

  onClose(listener: (reason: string) => void): void {
    this.#receiver.onClose(listener);
  }

  close(reason: string): void {
    if (this.#receiver.end(reason)) this.#socket.close(1000);
  }
}

/** A socket takes no bytes of memory that another thread could change meanwhile. */
function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
