import type { Duplex } from 'node:stream';
import { ReadControl } from '../../read-control.ts';

/** Stopped writers: this long without output means that nothing more was on its way through the engine. */
const DRY_MS = 30;
/** Input that waits to be sent to the engine at most, in bytes; beyond it, the caller waits. */
const MAX_SENDING_BYTES = 64 * 1024;
/**
 * The most that is taken over at once when the program has exited and its output is not read, in bytes. An engine holds about one
 * MiB on its way; more than this is left with it.
 */
const MAX_HELD_BYTES = 8 * 1024 * 1024;
/**
 * How much of what programs write while they are being ended is kept, in bytes. A local terminal has room for a few KiB,
 * after which a flood blocks; an engine takes a MiB, which would bury the session's last output.
 */
const MAX_TRAILING_BYTES = 64 * 1024;

/** Receives a stream's bytes in order, then its end, once. */
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
  readonly #control = new ReadControl(true, (phase) => {
    if (phase === 'rest') this.#allowance = MAX_TRAILING_BYTES;
    this.#apply();
  });
  /** Reading continues although nothing is delivered: the program has exited, and the engine does not keep its output for long. */
  #drainsRemaining = false;
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
    if (this.#closed || this.#socket.destroyed || this.#drainsRemaining) return 0;
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
    this.#control.pause();
  }

  resume(): void {
    this.#control.resume();
  }

  /** The program has exited: takes over what the engine still holds, delivered or not. What is written is for no one. */
  drainRemaining(): void {
    this.#drainsRemaining = true;
    this.#apply();
  }

  /**
   * Those who write have been stopped: delivers what was on its way, whatever `pause` says, then rests. Resolves when no
   * more comes, at most `timeoutMs` later. What comes after that is delivered within a bound.
   */
  drain(timeoutMs: number): Promise<void> {
    const bytesSeen = (): number => this.#bytesSeen;
    return this.#control.drain({ bytesSeen, isOpen: () => !this.#ended, quietMs: DRY_MS, timeoutMs });
  }

  /** Those who wrote are gone: reads on to the end, from now on whatever `pause` says. */
  finish(): void {
    this.#control.finish();
  }

  /** Closes now; bytes that were read already are still delivered, then the end. */
  close(): void {
    this.#socket.destroy();
  }

  #apply(): void {
    this.#deliver();
    // The listener may have paused meanwhile.
    if (this.#control.reads || (this.#drainsRemaining && this.#heldBytes < MAX_HELD_BYTES)) this.#socket.resume();
    else this.#socket.pause();
  }

  #read(bytes: Uint8Array): void {
    this.#bytesSeen += bytes.length;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#control.reads) this.#deliver();
    else if (!this.#drainsRemaining || this.#heldBytes >= MAX_HELD_BYTES) this.#socket.pause();
  }

  #deliver(): void {
    while (this.#control.reads) {
      const bytes = this.#held.shift();
      if (bytes === undefined) break;
      this.#heldBytes -= bytes.length;
      this.#hand(bytes);
    }
    if (!this.#closed || this.#ended || this.#held.length > 0 || !this.#control.reads) return;
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
