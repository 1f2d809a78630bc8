import type { AckBatch } from './acks.ts';

/** Output is handed to the parser in pieces of at most about this many bytes, so that a key is never far behind. */
const MAX_WRITE_BYTES = 262_144;
/** A piece this large means a flood; after it, the next piece gathers up to this much before it is handed on. */
const FLOOD_BYTES = 65_536;
const GATHER_BYTES = 196_608;
/** The longest that output is gathered under a flood, in milliseconds: about 30 paints a second are left. */
const GATHER_MS = 30;

/** Where output goes; `done` is called when it is parsed. */
export type Write = (bytes: Uint8Array, done: () => void) => void;

/** What is done once bytes are parsed; those after them wait until it has resolved. */
export type Then = () => unknown;

interface Entry {
  bytes: Uint8Array;
  then: Then | undefined;
}

/**
 * Hands output to the terminal, one piece at a time. What arrives while a piece is parsed is joined to the next: under a
 * flood the terminal then paints once per large piece instead of once per frame, and at rest nothing waits or is copied.
 */
export class WriteQueue {
  readonly #write: Write;
  readonly #gathers: () => boolean;
  readonly #acks: AckBatch;
  readonly #acknowledge: (bytes: number) => void;
  #entries: Entry[] = [];
  #busy = false;
  #waiting = 0;
  #gathering: ReturnType<typeof setTimeout> | undefined;

  /**
   * `acknowledge` gets counts of parsed bytes, as often as `acks` finds right. `gathers`: whether joining pays now; a
   * hidden terminal paints nothing, and its small pieces leave room for the one that is shown.
   */
  constructor(write: Write, acks: AckBatch, acknowledge: (bytes: number) => void, gathers: () => boolean) {
    this.#gathers = gathers;
    this.#write = write;
    this.#acks = acks;
    this.#acknowledge = acknowledge;
  }

  /** `then` is called once these bytes, and not yet any after them, are parsed. */
  push(bytes: Uint8Array, then?: Then): void {
    this.#acks.queued(bytes.byteLength);
    this.#entries.push({ bytes, then });
    this.#waiting += bytes.byteLength;
    if (this.#busy) return;
    if (this.#gathering === undefined || this.#waiting >= GATHER_BYTES) this.#next();
  }

  /** Drops what was not handed on yet. */
  dispose(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#entries = [];
    this.#waiting = 0;
  }

  #next(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const taken = this.#take();
    const [first] = taken;
    if (first === undefined) return;
    this.#busy = true;
    const bytes = taken.length === 1 ? first.bytes : join(taken);
    this.#waiting -= bytes.byteLength;
    const then = taken.at(-1)?.then;
    this.#write(bytes, () => {
      this.#busy = false;
      const count = this.#acks.parsed(bytes.byteLength);
      if (count > 0) this.#acknowledge(count);
      const pending = then?.();
      if (pending instanceof Promise) {
        this.#busy = true;
        void pending.finally(() => {
          this.#busy = false;
          this.#next();
        });
        return;
      }
      if (this.#busy) return;
      // Frames that came while this one was parsed are still to be delivered: wait for them, and paint once for all.
      if (this.#gathers() && bytes.byteLength >= FLOOD_BYTES && this.#waiting < GATHER_BYTES) {
        this.#gathering = setTimeout(() => this.#next(), GATHER_MS);
      } else this.#next();
    });
  }

  #take(): Entry[] {
    let size = 0;
    let count = 0;
    for (const { bytes, then } of this.#entries) {
      if (count > 0 && (!this.#gathers() || size + bytes.byteLength > MAX_WRITE_BYTES)) break;
      size += bytes.byteLength;
      count += 1;
      if (then !== undefined) break;
    }
    return this.#entries.splice(0, count);
  }
}

function join(entries: readonly Entry[]): Uint8Array {
  const joined = new Uint8Array(entries.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
  let offset = 0;
  for (const { bytes } of entries) {
    joined.set(bytes, offset);
    offset += bytes.byteLength;
  }
  return joined;
}
