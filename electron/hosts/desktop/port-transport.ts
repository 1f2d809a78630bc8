import type { MessagePortMain } from 'electron';
import { ownsItsBuffer, Receiver } from '../../../shared/receiver.ts';
import { isWithinLimits, type Transport } from '../../../shared/transport.ts';

/** What a port must be able to do to be a transport. */
export type MainPort = Pick<MessagePortMain, 'postMessage' | 'start' | 'close' | 'on'>;

/** The main process's end of a window's message channel as a transport. */
export class PortTransport implements Transport {
  /** A message port does not tell how much waits in it; acknowledgements of frames bound it. */
  readonly bufferedBytes = 0;
  readonly #port: MainPort;
  readonly #receiver: Receiver;

  /** Takes over a port that was not started. The port itself holds what comes before `onMessage`. */
  constructor(port: MainPort) {
    this.#port = port;
    this.#receiver = new Receiver(() => port.start());
    port.on('message', ({ data }: { data: unknown }) => {
      if (isMessage(data)) this.#receiver.deliver(data);
      else this.close('The window sent what is neither text nor bytes, or too much at once');
    });
    port.on('close', () => this.#receiver.end('The window went away'));
  }

  /** Sends exactly these bytes: a view on a larger buffer is copied, or the clone would take all of the buffer along. */
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

function isMessage(data: unknown): data is string | Uint8Array {
  return (typeof data === 'string' || data instanceof Uint8Array) && isWithinLimits(data);
}
