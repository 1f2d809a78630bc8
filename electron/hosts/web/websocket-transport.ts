import type { RawData, WebSocket } from 'ws';
import { Receiver } from '../../../shared/receiver.ts';
import { isWithinLimits, type Transport } from '../../../shared/transport.ts';

/** A window that lets more than this wait, in bytes, is too slow and cut off; it can connect anew. */
const MAX_BUFFERED_BYTES = 32 * 1_048_576;

/** Close codes, RFC 6455 section 7.4.1 and its registry. */
const CLOSE_CODES = { normal: 1000, goingAway: 1001, tooBig: 1009, tooSlow: 1013 } as const;

/** One browser tab's socket as a transport: text messages are control messages, binary ones are frames. */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #receiver: Receiver;

  /** Takes over an open socket. It reads nothing before `onMessage`, so that nothing has to be held. */
  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#receiver = new Receiver(() => socket.resume());
    socket.pause();
    socket.on('message', (data, isBinary) => {
      const message = isBinary ? bytesOf(data) : textOf(data);
      // A text that is too long is delivered: it is answered with an error that its sender can read.
      if (!isBinary || isWithinLimits(message)) this.#receiver.deliver(message);
      else this.#close(CLOSE_CODES.tooBig, 'The window sent too much at once');
    });
    socket.on('error', (error) => {
      this.#receiver.end(`The connection broke: ${error.message}`);
      socket.terminate();
    });
    socket.on('close', (code, reason) => this.#receiver.end(reason.toString() || `The connection closed (${code})`));
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Bytes go to the socket as they are, without a copy: they must not be changed afterwards. */
  send(message: string | Uint8Array): void {
    if (this.#receiver.closed) return;
    this.#socket.send(message);
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#close(CLOSE_CODES.tooSlow, 'The window is too slow');
  }

  onMessage(listener: (message: string | Uint8Array) => void): void {
    this.#receiver.onMessage(listener);
  }

  onClose(listener: (reason: string) => void): void {
    this.#receiver.onClose(listener);
  }

  close(reason: string): void {
    this.#close(CLOSE_CODES.normal, reason);
  }

  /** Closes because the host itself goes away. */
  goAway(reason: string): void {
    this.#close(CLOSE_CODES.goingAway, reason);
  }

  #close(code: number, reason: string): void {
    if (!this.#receiver.end(reason)) return;
    // A paused socket would not see the other side's answer.
    this.#socket.resume();
    this.#socket.close(code, closeReason(reason));
  }
}

/** A close frame carries at most 123 bytes of reason. */
function closeReason(reason: string): string {
  let short = reason;
  while (Buffer.byteLength(short) > 123) short = short.slice(0, -1);
  return short;
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function textOf(data: RawData): string {
  return Buffer.from(bytesOf(data)).toString('utf8');
}
