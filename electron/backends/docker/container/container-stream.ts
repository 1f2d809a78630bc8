import type { Duplex } from 'node:stream';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';

/** Stopped writers: this long without output means that nothing more was on its way through the engine. */
const DRY_MS = 30;
/** Input that waits to be sent to the engine at most, in bytes; beyond it, the caller waits. */
const MAX_SENDING_BYTES = 64 * 1024;
/**
 * The most that is taken over at once when the program has exited and nobody reads, in bytes. An engine holds about one
 * MiB on its way; more than this is left with it.
 */
const MAX_HELD_BYTES = 8 * 1024 * 1024;
/**
 * How much of what programs write while they are being ended is kept, in bytes. A local terminal has room for a few KiB,
 * after which a flood blocks; an engine takes a MiB, which would bury what the session has said last.
 */
const LAST_WORDS_BYTES = 64 * 1024;

/**
 * Who decides about reading. `open`: the listener, by pausing. `drain`: everything is read, because those who write have
 * been stopped. `rest`: nothing is read. `finish`: everything is read, because those who wrote are gone.
 */
type Phase = 'open' | 'drain' | 'rest' | 'finish';

/** What a stream tells: bytes in order, then its end, once. */
export interface ContainerStreamListener {
  onData(bytes: Uint8Array): void;
  /** After a `write` that did not take everything: there may be room again. */
  onInputRoom(): void;
  /** Everything has been delivered. An error: the connection broke, rather than the output coming to its end. */
  onEnd(error: Error | null): void;
}

/**
 * A container's terminal at this end of the engine's connection: reads and writes with back-pressure. It
 * begins paused. Not reading fills the connection, then the engine's own buffer, then the terminal, and then the program
 * that writes blocks.
 */
export class ContainerStream {
  readonly #socket: Duplex;
  readonly #listener: ContainerStreamListener;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #sendingBytes = 0;
  #isFull = false;
  #paused = true;
  #phase: Phase = 'open';
  /** Read on although nobody listens: the program has exited, and the engine does not keep its output for long. */
  #hoards = false;
  /** Bytes that may still be delivered; null: all. */
  #allowance: number | null = null;
  #bytesSeen = 0;
  #droppedBytes = 0;
  #closed = false;
  #error: Error | null = null;
  #ended = false;

  constructor(socket: Duplex, listener: ContainerStreamListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.pause();
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', (error) => {
      this.#error = error;
    });
    // The engine sends nothing more; what is written now is for no one.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.#closed = true;
      this.#deliver();
    });
    // A program that ended at once without a word: the connection may be closed already.
    this.#closed = socket.closed;
  }

  /** Output that was not delivered, because it came after a `settle` in endless amounts; in bytes. */
  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /**
   * Input, in order. @returns how many of the bytes were taken; none once the stream has ended. The engine has taken what
   * was taken before those that do not fit; what it holds itself is not known here.
   */
  write(bytes: Uint8Array): number {
    if (this.#closed || this.#socket.destroyed || this.#hoards) return 0;
    const count = Math.min(bytes.length, MAX_SENDING_BYTES - this.#sendingBytes);
    this.#isFull = count < bytes.length;
    if (count <= 0) return 0;
    this.#sendingBytes += count;
    this.#socket.write(bytes.subarray(0, count), () => {
      this.#sendingBytes -= count;
      if (!this.#isFull) return;
      this.#isFull = false;
      this.#listener.onInputRoom();
    });
    return count;
  }

  pause(): void {
    this.#paused = true;
    this.#apply();
  }

  resume(): void {
    this.#paused = false;
    this.#apply();
  }

  /** The program has exited: takes over what the engine still holds, delivered or not. What is written is for no one. */
  hoard(): void {
    this.#hoards = true;
    this.#apply();
  }

  /**
   * Those who write have been stopped: delivers what was on its way, whatever `pause` says, then rests. Resolves when no
   * more comes, at most `timeoutMs` later. What comes after that is delivered within a bound.
   */
  async drain(timeoutMs: number): Promise<void> {
    if (this.#phase !== 'open') return;
    this.#phase = 'drain';
    this.#apply();
    let seen = -1;
    for (let waitedMs = 0; !this.#ended && this.#bytesSeen !== seen && waitedMs < timeoutMs; waitedMs += DRY_MS) {
      seen = this.#bytesSeen;
      await delay(DRY_MS);
      // A late timer comes before the reads of its turn.
      await turn();
    }
    if (this.#phase !== 'drain') return;
    this.#phase = 'rest';
    this.#allowance = LAST_WORDS_BYTES;
    this.#apply();
  }

  /** Those who wrote are gone: reads on to the end, from now on whatever `pause` says. */
  finish(): void {
    this.#phase = 'finish';
    this.#apply();
  }

  /** Closes now; bytes that were read already are still delivered, then the end. */
  close(): void {
    this.#socket.destroy();
  }

  get #delivers(): boolean {
    return this.#phase === 'open' ? !this.#paused : this.#phase !== 'rest';
  }

  #apply(): void {
    this.#deliver();
    // The listener may have paused meanwhile.
    if (this.#delivers || (this.#hoards && this.#heldBytes < MAX_HELD_BYTES)) this.#socket.resume();
    else this.#socket.pause();
  }

  #read(bytes: Uint8Array): void {
    this.#bytesSeen += bytes.length;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#delivers) this.#deliver();
    else if (!this.#hoards || this.#heldBytes >= MAX_HELD_BYTES) this.#socket.pause();
  }

  #deliver(): void {
    while (this.#delivers) {
      const bytes = this.#held.shift();
      if (bytes === undefined) break;
      this.#heldBytes -= bytes.length;
      this.#hand(bytes);
    }
    if (!this.#closed || this.#ended || this.#held.length > 0 || !this.#delivers) return;
    this.#ended = true;
    this.#listener.onEnd(this.#error);
  }

  #hand(bytes: Uint8Array): void {
    const allowed = this.#allowance === null ? bytes : bytes.subarray(0, this.#allowance);
    if (this.#allowance !== null) this.#allowance -= allowed.length;
    this.#droppedBytes += bytes.length - allowed.length;
    if (allowed.length > 0) this.#listener.onData(allowed);
  }
}
