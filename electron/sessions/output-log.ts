import { TerminalModes } from './terminal-modes.ts';

/** Memory is taken in blocks of this many bytes. */
const BLOCK_BYTES = 65_536;
/** The first block starts with this many and doubles: most sessions are quiet, and there may be thousands. */
const FIRST_BYTES = 2_048;

/** What a window that attaches is shown first. */
export interface Replay {
  /** Sequences that put a fresh terminal into the modes it would be in; before the bytes. */
  readonly prefix: Uint8Array;
  /** Where to read on from, as an offset of the whole output. */
  readonly offset: number;
  /** Whether older output is gone. */
  readonly truncated: boolean;
}

/**
 * The last output of a session, addressed by offset in the whole output. It copies what it takes, so that small reads
 * do not keep large buffers alive, and it costs nothing more per byte until the oldest have to go: only those are
 * looked at, for the modes they leave a terminal in.
 */
export class OutputLog {
  readonly #maxBlocks: number;
  #blocks: Uint8Array[] = [];
  /** The offset of the first byte held. */
  #start = 0;
  #end = 0;
  #spare: Uint8Array | null = null;
  readonly #modesAtStart = new TerminalModes();

  /** Holds at least `capacityBytes`, rounded up to whole blocks, and one block more. */
  constructor(capacityBytes: number) {
    this.#maxBlocks = Math.ceil(capacityBytes / BLOCK_BYTES) + 1;
  }

  /** The offset after the last byte. */
  get end(): number {
    return this.#end;
  }

  /** The offset of the oldest byte still held. */
  get start(): number {
    return this.#start;
  }

  append(bytes: Uint8Array): void {
    let taken = 0;
    while (taken < bytes.byteLength) {
      const used = (this.#end - this.#start) % BLOCK_BYTES;
      const last = this.#blocks.at(-1);
      const count = Math.min(BLOCK_BYTES - used, bytes.byteLength - taken);
      const block = used === 0 || last === undefined ? this.#addBlock(count) : this.#withRoom(last, used, used + count);
      block.set(count === bytes.byteLength ? bytes : bytes.subarray(taken, taken + count), used);
      this.#end += count;
      taken += count;
    }
  }

  /**
   * Copies bytes from `offset` on into `target`, as many as there are and fit. Gives their count; −1 when the offset is
   * no longer held.
   */
  copy(offset: number, target: Uint8Array): number {
    if (offset < this.#start) return -1;
    const count = Math.min(target.byteLength, this.#end - offset);
    let copied = 0;
    while (copied < count) {
      const position = offset + copied - this.#start;
      const block = this.#blocks[Math.floor(position / BLOCK_BYTES)];
      if (block === undefined) break;
      const from = position % BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES - from, count - copied);
      target.set(block.subarray(from, from + length), copied);
      copied += length;
    }
    return copied;
  }

  /** Where a window that attaches now begins. */
  replay(): Replay {
    if (this.#start === 0) return { prefix: new Uint8Array(0), offset: 0, truncated: false };
    const modes = this.#modesAtStart.clone();
    const prefix = new TextEncoder().encode(modes.asSequences());
    const first = this.#blocks[0] ?? new Uint8Array(0);
    const skipped = modes.skipToBoundary(first.subarray(0, Math.min(first.byteLength, this.#end - this.#start)));
    return { prefix, offset: this.#start + skipped, truncated: true };
  }

  /** The modes a terminal is in after all output. Reads all that is held. */
  modes(): TerminalModes {
    const modes = this.#modesAtStart.clone();
    let left = this.#end - this.#start;
    for (const block of this.#blocks) {
      modes.scan(block.subarray(0, Math.min(left, BLOCK_BYTES)));
      left -= BLOCK_BYTES;
      if (left <= 0) break;
    }
    return modes;
  }

  /** The last block, in a larger array if it is too small. */
  #withRoom(block: Uint8Array, used: number, needed: number): Uint8Array {
    if (needed <= block.byteLength) return block;
    const larger = new Uint8Array(sizeFor(needed));
    larger.set(block.subarray(0, used));
    this.#blocks[this.#blocks.length - 1] = larger;
    return larger;
  }

  #addBlock(needed: number): Uint8Array {
    if (this.#blocks.length >= this.#maxBlocks) {
      const oldest = this.#blocks.shift();
      if (oldest !== undefined) {
        this.#modesAtStart.scan(oldest);
        this.#start += BLOCK_BYTES;
        this.#spare = oldest;
      }
    }
    const block = this.#spare ?? new Uint8Array(this.#blocks.length === 0 ? sizeFor(needed) : BLOCK_BYTES);
    this.#spare = null;
    this.#blocks.push(block);
    return block;
  }
}

function sizeFor(needed: number): number {
  let size = FIRST_BYTES;
  while (size < needed) size *= 2;
  return Math.min(size, BLOCK_BYTES);
}
