import { writeSync } from 'node:fs';
import { MAX_WAITING_INPUT } from './terminal.ts';

/** First and longest pause before a program that was not reading is tried again, in milliseconds. */
const FIRST_RETRY_MS = 2;
const LONGEST_RETRY_MS = 50;
/** What each waiting write counts on top of its bytes, so that many tiny ones cannot take more memory than is meant. */
const WRITE_COST_BYTES = 128;

/**
 * Input on its way into a pseudoterminal whose descriptor does not block. What the program is not ready to read waits
 * here, within {@link MAX_WAITING_INPUT}.
 *
 * Not written through Node's stream: libuv takes the controlling side of a pseudoterminal for one that blocks when it is
 * written to, and tries for ever, with the event loop standing still, when the program does not read.
 */
export class PtyInput {
  readonly #fd: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #retry: NodeJS.Timeout | null = null;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Input, in order. False: refused, too much is waiting already, or the terminal is closed. */
  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#waitingBytes + bytes.length > MAX_WAITING_INPUT) return false;
    if (bytes.length === 0) return true;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length + WRITE_COST_BYTES;
    // With a retry due, the kernel was full a moment ago.
    if (this.#retry === null) this.#flush();
    return true;
  }

  /** The descriptor is about to be closed: forgets what waits. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }

  #flush(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const written = this.#tryWrite(next);
      if (written === null) {
        this.#retry = setTimeout(() => {
          this.#retry = null;
          this.#flush();
        }, this.#retryMs);
        this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
        return;
      }
      this.#retryMs = FIRST_RETRY_MS;
      this.#waitingBytes -= written;
      if (written < next.length) {
        this.#waiting[0] = next.subarray(written);
      } else {
        this.#waiting.shift();
        this.#waitingBytes -= WRITE_COST_BYTES;
      }
    }
  }

  /** Bytes the kernel took; null: none now. */
  #tryWrite(bytes: Uint8Array): number | null {
    try {
      return writeSync(this.#fd, bytes) || null;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return null;
      // Nobody has the terminal open any more: the input is for no one, and the end of the output is on its way.
      return bytes.length;
    }
  }
}
