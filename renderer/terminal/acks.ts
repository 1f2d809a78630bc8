/** Bytes after which an acknowledgement is sent although more are waiting. */
const ACK_AFTER_BYTES = 65_536;

/**
 * Counts output in and out of the parser, and decides when to acknowledge: after {@link ACK_AFTER_BYTES} under load, at
 * once when nothing waits any more, so that the last bytes are never left unacknowledged.
 */
export class AckBatch {
  #waiting = 0;
  #parsed = 0;

  /** Bytes were handed to the parser. */
  queued(bytes: number): void {
    this.#waiting += bytes;
  }

  /** Bytes were parsed. Gives the count to acknowledge now; 0: not yet. */
  parsed(bytes: number): number {
    this.#waiting -= bytes;
    this.#parsed += bytes;
    if (this.#parsed < ACK_AFTER_BYTES && this.#waiting > 0) return 0;
    const count = this.#parsed;
    this.#parsed = 0;
    return count;
  }
}
