import { ownsItsBuffer, Receiver } from '../../shared/receiver.ts';
import type { Transport } from '../../shared/transport.ts';

/** The desktop's message port as a transport. */
export class PortTransport implements Transport {
  /** A message port does not report how much is queued in it; acknowledgements of frames bound it. */
  readonly bufferedBytes = 0;
  readonly #port: MessagePort;
  readonly #receiver: Receiver;

  /** Takes over a port that was not started. The port itself holds what comes before `onMessage`. */
  constructor(port: MessagePort) {
    this.#port = port;
    this.#receiver = new Receiver(() => port.start());
    port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string' || data instanceof Uint8Array) this.#receiver.deliver(data);
      else this.close('The other side sent what is neither text nor bytes');
    });
    port.addEventListener('close', () => this.#receiver.end('The connection to Sandglass was lost'));
  }

  send(message: string | Uint8Array): void {
    if (this.#receiver.closed) return;
    this.#port.postMessage(typeof message === 'string' || ownsItsBuffer(message) ? message : new Uint8Array(message));
  }

  onMessage(listener: (message: string | Uint8Array) => void): void {
    this.#receiver.onMessage(listener);
  }

  onClose(listener: (reason: string) => void): void {
    this.#receiver.onClose(listener);
  }

  close(reason: string): void {
    if (this.#receiver.end(reason)) this.#port.close();
  }
}
