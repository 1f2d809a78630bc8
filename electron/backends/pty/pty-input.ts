import { writeSync } from 'node:fs';

/** First and longest pause before a program that was not reading is tried again, in milliseconds. */
const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 50;
/** Attempts in the next turns of the event loop before there is a pause: a program that reads needs no more than these. */
const QUICK_RETRIES = 4;

/**
 * Input on its way into a pseudoterminal whose descriptor does not block. It holds nothing back itself: what the kernel
 * does not take stays with the caller, who hears when to try again.
 *
 * Not written through Node's stream: libuv takes the controlling side of a pseudoterminal for one that blocks when it is
 * written to, and tries forever, with the event loop stopped, when the program does not read.
 */
export class PtyInput {
  readonly #fd: number;
  readonly #onRoom: () => void;
  #immediate: NodeJS.Immediate | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Attempts in a row in which the kernel took nothing. */
  #failures = 0;
  #closed = false;

  /** @param onRoom there may be room again, after a `write` that did not take everything. */
  constructor(fd: number, onRoom: () => void) {
    this.#fd = fd;
    this.#onRoom = onRoom;
  }

  /** Input, in order. @returns how many of the bytes the kernel took, from the first on. */
  write(bytes: Uint8Array): number {
    // With a retry due, the kernel was full a moment ago.
    if (this.#closed || this.#immediate !== null || this.#timer !== null) return 0;
    let taken = 0;
    while (taken < bytes.length) {
      const count = this.#tryWrite(bytes.subarray(taken));
      if (count === 0) {
        this.#retryLater(taken > 0);
        break;
      }
      taken += count;
    }
    return taken;
  }

  /** The descriptor is about to be closed: nothing is taken any more. */
  close(): void {
    this.#closed = true;
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#immediate = null;
    this.#timer = null;
  }

  #retryLater(hasProgress: boolean): void {
    this.#failures = hasProgress ? 0 : this.#failures + 1;
    if (this.#failures < QUICK_RETRIES) {
      this.#immediate = setImmediate(() => {
        this.#immediate = null;
        this.#onRoom();
      });
      return;
    }
    const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - QUICK_RETRIES), LONGEST_RETRY_MS);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#onRoom();
    }, pauseMs);
  }

  /** Bytes the kernel took; 0: none now, or no process has the terminal open at this moment. */
  #tryWrite(bytes: Uint8Array): number {
    try {
      return writeSync(this.#fd, bytes);
    } catch {
      // EAGAIN: full. EIO: no process has it open; another may open it again, else the end of the output is on its way.
      return 0;
    }
  }
}
