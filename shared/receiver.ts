import type { Transport } from './transport.ts';

/**
 * The receiving half that every {@link Transport} shares: one message listener, and a close that is reported once, or at once to
 * a listener that is added after it has happened.
 */
export class Receiver implements Pick<Transport, 'onMessage' | 'onClose'> {
  #listener: ((message: string | Uint8Array) => void) | null = null;
  readonly #closeListeners: ((reason: string) => void)[] = [];
  readonly #held: (string | Uint8Array)[] = [];
  readonly #started: () => void;
  #closeReason: string | null = null;

  /** @param started called at the first `onMessage`: until then a source that can should hold its messages itself. */
  constructor(started: () => void = () => {}) {
    this.#started = started;
  }

  get closed(): boolean {
    return this.#closeReason !== null;
  }

  /** A message has arrived; after the close it is dropped. */
  deliver(message: string | Uint8Array): void {
    if (this.closed) return;
    if (this.#listener === null) this.#held.push(message);
    else this.#listener(message);
  }

  /** Nothing more will arrive. Only the first reason counts; gives whether this was the first. */
  end(reason: string): boolean {
    if (this.closed) return false;
    this.#closeReason = reason;
    for (const listener of this.#closeListeners.splice(0)) listener(reason);
    return true;
  }

  onMessage(listener: (message: string | Uint8Array) => void): void {
    const first = this.#listener === null;
    this.#listener = listener;
    for (const message of this.#held.splice(0)) listener(message);
    if (first) this.#started();
  }

  onClose(listener: (reason: string) => void): void {
    if (this.#closeReason === null) this.#closeListeners.push(listener);
    else listener(this.#closeReason);
  }
}

/** Whether the bytes are all of their buffer. A structured clone takes the whole buffer along, not only the view. */
export function ownsItsBuffer(bytes: Uint8Array): boolean {
  return bytes.byteLength === bytes.buffer.byteLength;
}
