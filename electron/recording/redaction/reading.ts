import { MAX_PATTERN, type SecretTrie } from './secret-trie.ts';

/** Characters that a reading remembers while a value may be among them: as far back as a cursor can go. */
const CELLS = 1_024;
const MASK = CELLS - 1;
/** Characters that it remembers of a run in which no value begins. */
const CELLS_OF_RUN = 64;
/** A prefix of a value is remembered if it has at least this many bytes. */
const MIN_PREFIX = 4;
/** How long a prefix is remembered, in characters: as long as a line editor takes to draw its line again. */
const PREFIX_LIFETIME = 256;
/** The largest number of prefixes that are remembered at once. */
const MAX_PREFIXES = 48;
/** A character that is overwritten with itself keeps its first place if that is no further back than this, in bytes. */
const MAX_OVERSTRIKE = 4_096;

/** A range of the output, from its first to its last byte, counted from the start of the session. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A prefix of a value that was not completed. It may still be corrected, or drawn again, until `until`. */
interface Prefix {
  from: number;
  to: number;
  state: number;
  until: number;
}

/**
 * One way to read a terminal's output: follows the characters, a cursor that moves back, and what is overwritten, and finds
 * the values in what results.
 */
export class Reading {
  #trie: SecretTrie;
  readonly #onFound: (range: Range, owner: number) => void;
  /** Each character, and the place in the output at which it was written first. */
  readonly #bytes = new Uint8Array(CELLS);
  readonly #froms = new Float64Array(CELLS);
  /** The automaton's state after each character. Those before the cursor are valid: it moves forward only by writing. */
  readonly #states = new Int32Array(CELLS);
  #state = 0;
  /** The state before the last character. */
  #before = 0;
  /** Where the next character goes, the furthest position so far, and the first position that is remembered. */
  #cursor = 0;
  #end = 0;
  #start = 0;
  #written = 0;
  #last = 0;
  #prefixes: Prefix[] = [];
  /** No prefix expires before this many characters. */
  #nextExpiry = 0;
  readonly #ancestors = new Int32Array(MAX_PATTERN + 1);

  constructor(trie: SecretTrie, onFound: (range: Range, owner: number) => void) {
    this.#trie = trie;
    this.#onFound = onFound;
  }

  /** Whether nothing that was read may be the beginning of a value. */
  get isIdle(): boolean {
    return this.#state === 0 && this.#prefixes.length === 0;
  }

  /** The first byte that may belong to a value that is not complete; infinite if there is none. */
  get heldFrom(): number {
    const depth = this.#trie.depthOf(this.#state);
    let from = depth === 0 ? Number.POSITIVE_INFINITY : this.#fromOf(depth);
    for (const prefix of this.#prefixes) from = Math.min(from, prefix.from);
    return from;
  }

  /** Reads a character, whose place in the output is `at`. */
  write(byte: number, at: number): void {
    const before = this.#state;
    const state = this.#trie.next(before, byte);
    const depth = this.#trie.depthOf(before);
    if (depth >= MIN_PREFIX && this.#trie.depthOf(state) <= depth) this.#rememberPrefix(depth);
    const cell = this.#cursor & MASK;
    const first = this.#froms[cell] ?? at;
    const isOverstruck = this.#cursor < this.#end && this.#bytes[cell] === byte && at - first < MAX_OVERSTRIKE;
    if (!isOverstruck) this.#froms[cell] = at;
    this.#bytes[cell] = byte;
    this.#states[cell] = state;
    this.#before = before;
    this.#state = state;
    this.#cursor += 1;
    if (this.#cursor > this.#end) {
      this.#end = this.#cursor;
      if (this.#end - this.#start > CELLS) this.#start += 1;
    }
    this.#written += 1;
    this.#last = at;
    if (this.#prefixes.length > 0 && this.#written >= this.#nextExpiry) this.#expire();
    const match = this.#trie.matchOf(state);
    if (match !== 0) this.#find(match, at);
  }

  /** Reads characters in which no value begins: those of `bytes` from `start` to before `end`; `at` is the first one's place. */
  skip(bytes: Uint8Array, start: number, end: number, at: number): void {
    const count = end - start;
    const kept = Math.min(count, CELLS_OF_RUN);
    this.#cursor += count - kept;
    if (kept < count) this.#start = this.#cursor;
    for (let index = end - kept; index < end; index += 1) {
      const cell = this.#cursor & MASK;
      this.#bytes[cell] = bytes[index] ?? 0;
      this.#froms[cell] = at + index - start;
      this.#states[cell] = 0;
      this.#cursor += 1;
    }
    this.#end = Math.max(this.#end, this.#cursor);
    this.#start = Math.max(this.#start, this.#end - CELLS);
    this.#written += count;
  }

  /** Moves the cursor back. */
  back(count: number): void {
    const depth = this.#trie.depthOf(this.#state);
    if (depth >= MIN_PREFIX) this.#rememberPrefix(depth);
    this.#cursor = Math.max(this.#start, this.#cursor - count);
    const state = this.#states[(this.#cursor - 1) & MASK] ?? 0;
    // A state is valid only if all that led to it is still remembered.
    this.#state = this.#trie.depthOf(state) <= this.#cursor - this.#start ? state : 0;
  }

  /** Undoes the last `write`: its byte turned out to be part of a control. */
  undo(): void {
    this.#state = this.#before;
    this.#cursor -= 1;
  }

  /** Forgets all that was read. */
  reset(trie: SecretTrie): void {
    this.#trie = trie;
    this.#state = 0;
    this.#start = this.#end;
    this.#cursor = this.#end;
    this.#prefixes = [];
  }

  #fromOf(depth: number): number {
    return this.#froms[(this.#cursor - depth) & MASK] ?? 0;
  }

  #rememberPrefix(depth: number): void {
    // A complete value has been found already.
    if (this.#trie.isComplete(this.#state)) return;
    const from = this.#fromOf(depth);
    const until = this.#written + PREFIX_LIFETIME;
    const latest = this.#prefixes.at(-1);
    this.#trie.ancestors(this.#state, this.#ancestors);
    // An editor that draws a growing line again and again keeps all its earlier drawings alive.
    for (const each of this.#prefixes) if (this.#isAncestor(each.state)) each.until = until;
    const prefix = { from, to: this.#last, state: this.#state, until };
    if (latest?.from === from && this.#isAncestor(latest.state)) Object.assign(latest, prefix);
    else if (this.#prefixes.push(prefix) > MAX_PREFIXES) this.#prefixes.shift();
  }

  #expire(): void {
    this.#prefixes = this.#prefixes.filter(({ until }) => until >= this.#written);
    this.#nextExpiry = Math.min(...this.#prefixes.map(({ until }) => until)) + 1;
  }

  #find(match: number, at: number): void {
    const owner = this.#trie.ownerOf(match);
    this.#onFound({ from: this.#fromOf(this.#trie.depthOf(match)), to: at }, owner);
    if (this.#prefixes.length === 0) return;
    this.#trie.ancestors(match, this.#ancestors);
    this.#prefixes = this.#prefixes.filter((each) => {
      if (!this.#isAncestor(each.state)) return true;
      this.#onFound(each, owner);
      return false;
    });
  }

  /** Whether a state is among the ancestors that were looked up last. */
  #isAncestor(state: number): boolean {
    return this.#ancestors[this.#trie.depthOf(state)] === state;
  }
}
