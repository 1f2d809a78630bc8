import type { Checkpoint, SizeChange, TerminalSize } from '../../terminal/compact.ts';
import { TerminalModes } from '../../terminal/terminal-modes.ts';

/** Memory is taken in blocks of this many bytes. */
const BLOCK_BYTES = 65_536;
/** The first block starts with this many and doubles: most sessions are quiet, and there may be thousands. */
const FIRST_BYTES = 2_048;

/** What a window that attaches is shown first. */
export interface Replay {
  /** The terminal's state, deflated; null: it begins fresh. */
  readonly state: Uint8Array | null;
  /** The size that the bytes begin at. */
  readonly size: TerminalSize;
  /** The number of the first change of size that is still to come. */
  readonly change: number;
  /** Sequences that put a fresh terminal into the modes it would be in; before the bytes. */
  readonly prefix: Uint8Array;
  /** Where to read on from, as an offset of the whole output. */
  readonly offset: number;
  /** Whether older output is gone. */
  readonly truncated: boolean;
}

/** What a change of size counts for, in bytes of output: so many of them make a checkpoint worth while, too. */
const CHANGE_COST = 64;
const NOTHING = new Uint8Array(0);

/** A change of size, where it was in the whole output. */
interface LoggedChange extends TerminalSize {
  readonly offset: number;
}

/**
 * The last output of a session and the sizes it was drawn at, addressed by offset in the whole output, after the last
 * checkpoint of the terminal's state, if there is one: with both, a window shows exactly what another shows. It copies what it takes, so that small reads
 * do not keep large buffers alive, and it costs nothing more per byte until the oldest have to go: only those are
 * scanned, for the modes they leave a terminal in.
 */
export class OutputLog {
  readonly #maxBlocks: number;
  #blocks: Uint8Array[] = [];
  /** The offset of the first byte held. */
  #start = 0;
  #end = 0;
  #spare: Uint8Array | null = null;
  readonly #modesAtStart = new TerminalModes();
  /** Whether nothing is dropped before a checkpoint has taken its place. */
  #keepsAll: boolean;
  #checkpoint: { readonly state: Uint8Array; readonly offset: number } | null = null;
  /** The size at the checkpoint, or at the first byte held. */
  #size: TerminalSize;
  #changes: LoggedChange[] = [];
  /** The number of the first change held. */
  #firstChange = 0;

  /**
   * Holds at least `capacityBytes`, rounded up to whole blocks, and one block more; with `keepsAll`, everything since
   * the last checkpoint.
   */
  constructor(capacityBytes: number, size: TerminalSize = { cols: 80, rows: 24 }, keepsAll = false) {
    this.#maxBlocks = Math.ceil(capacityBytes / BLOCK_BYTES) + 1;
    this.#size = size;
    this.#keepsAll = keepsAll;
  }

  /** What has come since the last checkpoint, in bytes; changes of size count, too. */
  get sinceCheckpoint(): number {
    return this.#end - (this.#checkpoint?.offset ?? 0) + this.#changes.length * CHANGE_COST;
  }

  /** The number of the next change of size. */
  get nextChange(): number {
    return this.#firstChange + this.#changes.length;
  }

  /** A change of size by its number; null: there is none yet. Those before the checkpoint are gone. */
  change(number: number): LoggedChange | null {
    return this.#changes[number - this.#firstChange] ?? null;
  }

  /** The terminal has another size from here on. */
  resize({ cols, rows }: TerminalSize): void {
    this.#changes.push({ offset: this.#end, cols, rows });
  }

  /** All since the last checkpoint, to be made into the next one. */
  uncompacted(): {
    readonly state: Uint8Array | null;
    readonly size: TerminalSize;
    readonly bytes: Uint8Array;
    readonly changes: readonly SizeChange[];
  } {
    const offset = this.#checkpoint?.offset ?? 0;
    const bytes = new Uint8Array(this.#end - offset);
    this.copy(offset, bytes);
    const changes = this.#changes.map((change) => ({ ...change, index: change.offset - offset }));
    return { state: this.#checkpoint?.state ?? null, size: this.#size, bytes, changes };
  }

  /** Takes the state that what {@link uncompacted} gave leaves a terminal in. `needed`: the oldest byte still to be read. */
  compacted({ state, size, bytes, changes }: Checkpoint, needed: number): void {
    const offset = (this.#checkpoint?.offset ?? 0) + bytes;
    this.#checkpoint = { state, offset };
    this.#size = size;
    this.#changes.splice(0, changes);
    this.#firstChange += changes;
    while (this.#blocks.length > 1 && this.#start + BLOCK_BYTES <= Math.min(offset, needed)) this.#dropOldest();
  }

  /** From now on only the last output is kept: there are no more checkpoints. */
  keepLastOnly(): void {
    this.#keepsAll = false;
    while (this.#blocks.length > this.#maxBlocks) this.#dropOldest();
    if (this.#start > (this.#checkpoint?.offset ?? 0)) this.#forgetCheckpoint();
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
    const change = this.#firstChange;
    const size = this.#size;
    if (this.#checkpoint !== null) {
      const { state, offset } = this.#checkpoint;
      return { state, size, change, prefix: NOTHING, offset, truncated: false };
    }
    if (this.#start === 0) return { state: null, size, change, prefix: NOTHING, offset: 0, truncated: false };
    return this.replayOfLast();
  }

  /** The same for what cannot take a state: the bytes that are held, and the modes they begin in. */
  replayOfLast(): Replay {
    if (this.#start === 0) {
      return { state: null, size: this.#size, change: this.#firstChange, prefix: NOTHING, offset: 0, truncated: false };
    }
    const modes = this.#modesAtStart.clone();
    const prefix = new TextEncoder().encode(modes.asSequences());
    const first = this.#blocks[0] ?? new Uint8Array(0);
    const skipped = modes.skipToBoundary(first.subarray(0, Math.min(first.byteLength, this.#end - this.#start)));
    const offset = this.#start + skipped;
    return { state: null, size: this.#size, change: this.#firstChange, prefix, offset, truncated: true };
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

  #dropOldest(): Uint8Array | null {
    const oldest = this.#blocks.shift();
    if (oldest === undefined) return null;
    this.#modesAtStart.scan(oldest);
    this.#start += BLOCK_BYTES;
    return oldest;
  }

  /** What a state continues with is gone: what is left begins at the size it was drawn at. */
  #forgetCheckpoint(): void {
    this.#checkpoint = null;
    const gone = this.#changes.filter(({ offset }) => offset <= this.#start);
    this.#size = gone.at(-1) ?? this.#size;
    this.#changes.splice(0, gone.length);
    this.#firstChange += gone.length;
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
    if (!this.#keepsAll && this.#blocks.length >= this.#maxBlocks) {
      this.#spare = this.#dropOldest();
      this.#forgetCheckpoint();
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
