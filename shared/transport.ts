/**
 * A message port between the engine and one window: strings are control messages (JSON), byte arrays are terminal
 * frames (see `frames.ts`). Both hosts give the same: a `MessagePort` on desktop, a WebSocket in the browser.
 * Messages arrive in order, each whole, or the transport closes.
 */
export interface Transport {
  send(message: string | Uint8Array): void;
  /** Sets the one receiver; messages that came before are held for it. */
  onMessage(listener: (message: string | Uint8Array) => void): void;
  /** Called once, also when it had been closed before. */
  onClose(listener: (reason: string) => void): void;
  close(reason: string): void;
  /** Bytes accepted by `send` that have not left yet, if the host knows them; else 0. */
  readonly bufferedBytes: number;
}

/** The longest control message either side accepts, in UTF-16 code units. */
export const MAX_CONTROL_LENGTH = 1_048_576;
/** The longest frame either side accepts, its header included, in bytes. */
export const MAX_FRAME_BYTES = 1_048_576;

/** Whether a message is within the limits that hold on every transport and for every channel. */
export function isWithinLimits(message: string | Uint8Array): boolean {
  return typeof message === 'string' ? message.length <= MAX_CONTROL_LENGTH : message.byteLength <= MAX_FRAME_BYTES;
}
/** Requests of one window that may wait for their answer at the same time. */
export const MAX_PENDING_REQUESTS = 256;
