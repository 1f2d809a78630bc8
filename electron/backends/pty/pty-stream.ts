import { ReadStream } from 'node:tty';
import { ReadControl } from '../read-control.ts';
import { PtyInput } from './pty-input.ts';

/**
 * One read's size. Linux gives at most this much of a pseudoterminal at once (its buffer of 4096 less one), and only a
 * read that fills its buffer lets the event loop read again without asking the kernel whether there is more.
 */
const READ_BYTES = 4095;
/** Reads of one turn of the event loop are merged into chunks of at most this size. */
const CHUNK_BYTES = 64 * 1024;
/** Stopped writers: this long without output means that nothing more was on its way. */
const DRY_MS = 10;
/** After the shell has exited: how often is polled whether output still comes. */
const POLL_MS = 25;
/** After the shell has exited: this long without output means that there is no more of it. */
const QUIET_MS = 50;
/** After the shell has exited: a background process that keeps the terminal open is listened to no longer than this. */
const LINGER_MS = 500;

/** Receives a stream's bytes in order, then its end, once. */
export interface PtyStreamListener {
  onData(bytes: Uint8Array): void;
  /** After a `write` that did not take everything: there may be room again. */
  onInputRoom(): void;
  onEnd(): void;
}

/**
 * The controlling side of a Unix pseudoterminal: reads with back-pressure into chunks that belong to the listener, and
 * writes what the kernel takes. Owns the descriptor.
 *
 * It reads until the kernel reports the end (EIO once no process has the terminal open), so that nothing is lost when a
 * shell exits with output still unread. node-pty's own stream is closed 200 ms after the exit, read or not.
 */
export class PtyStream {
  readonly #socket: ReadStream;
  readonly #listener: PtyStreamListener;
  readonly #input: PtyInput;
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #used = 0;
  #merging: NodeJS.Immediate | null = null;
  #lingering: NodeJS.Timeout | null = null;
  readonly #control = new ReadControl(false, () => this.#apply());
  #closed = false;
  #ended = false;
  #bytesSeen = 0;

  constructor(fd: number, listener: PtyStreamListener) {
    this.#listener = listener;
    this.#input = new PtyInput(fd, () => listener.onInputRoom());
    this.#socket = new ReadStream(fd, {
      onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: (count, buffer) => this.#read(count, buffer) },
    });
    // EIO is how Linux reports the end; every error closes the socket, and closing is what counts.
    // Both come before the descriptor is closed, or in the same turn: nothing is written to a number that was reused.
    this.#socket.on('error', () => this.#input.close());
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#input.close();
      this.#deliver();
    });
    this.#socket.resume();
  }

  /** Input, in order. @returns how many of the bytes were accepted; none once the stream has ended. */
  write(bytes: Uint8Array): number {
    return this.isOpen ? this.#input.write(bytes) : 0;
  }

  /** Whether the descriptor is open, so that it may be handed to system calls. */
  get isOpen(): boolean {
    return !this.#closed && !this.#socket.destroyed;
  }

  pause(): void {
    this.#control.pause();
  }

  resume(): void {
    this.#control.resume();
  }

  /**
   * Those who write have been stopped: delivers what was on its way, whatever `pause` says, then rests. Resolves when no
   * more comes, at most `timeoutMs` later.
   */
  drain(timeoutMs: number): Promise<void> {
    const bytesSeen = (): number => this.#bytesSeen;
    return this.#control.drain({ bytesSeen, isOpen: () => this.isOpen, quietMs: DRY_MS, timeoutMs });
  }

  /** Those who wrote are gone: reads on to the end, from now on whatever `pause` says. What is left is little. */
  finish(): void {
    this.#control.finish();
  }

  /**
   * The shell has exited. The kernel now ends the stream after the last byte; where a background process has opened the
   * terminal again it does not, so after a while without output, or with endless output, the stream is ended here.
   */
  shellExited(): void {
    if (this.#closed || this.#lingering !== null) return;
    let listenedMs = 0;
    let quietMs = 0;
    let seen = this.#bytesSeen;
    const check = (): void => {
      quietMs = this.#bytesSeen === seen ? quietMs + POLL_MS : 0;
      seen = this.#bytesSeen;
      listenedMs += POLL_MS;
      if (quietMs >= QUIET_MS || listenedMs >= LINGER_MS) this.close();
    };
    this.#lingering = setInterval(() => {
      // Time without reading does not count: what waits to be read is still to be delivered.
      if (!this.#control.reads) quietMs = 0;
      // Judged after the event loop has read what there is: timers may come late, and several in a row.
      else setImmediate(check);
    }, POLL_MS);
  }

  /** Closes now; bytes that were read already are still delivered, then the end. */
  close(): void {
    this.#input.close();
    this.#socket.destroy();
  }

  #apply(): void {
    if (!this.#control.reads) {
      this.#socket.pause();
      return;
    }
    this.#deliver();
    // The listener may have paused meanwhile.
    if (this.#control.reads && this.isOpen) this.#socket.resume();
  }

  #read(count: number, buffer: Uint8Array): boolean {
    this.#bytesSeen += count;
    if (this.#used + count > CHUNK_BYTES) this.#handOver();
    this.#chunk.set(count === buffer.length ? buffer : buffer.subarray(0, count), this.#used);
    this.#used += count;
    this.#merging ??= setImmediate(() => {
      this.#merging = null;
      this.#deliver();
    });
    return true;
  }

  #deliver(): void {
    if (this.#used > 0 && this.#control.reads) this.#handOver();
    if (!this.#closed || this.#ended || !this.#control.reads) return;
    this.#ended = true;
    if (this.#merging !== null) clearImmediate(this.#merging);
    if (this.#lingering !== null) clearInterval(this.#lingering);
    this.#listener.onEnd();
  }

  #handOver(): void {
    const used = this.#used;
    this.#used = 0;
    // A small chunk is copied out rather than keeping the whole buffer alive in the listener.
    if (used < CHUNK_BYTES / 2) {
      this.#listener.onData(new Uint8Array(this.#chunk.subarray(0, used)));
      return;
    }
    const full = this.#chunk.subarray(0, used);
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#listener.onData(full);
  }
}
