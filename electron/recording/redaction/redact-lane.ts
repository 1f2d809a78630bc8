import { MAX_PATTERN, type SecretTrie } from './secret-trie.ts';

/** How many characters a lane remembers, at least of those that could matter: as far back as a cursor can go. */
const CELLS = 1_024;
const MASK = CELLS - 1;
/** The same of a run of characters with which no value begins. */
const CELLS_OF_RUN = 64;
/** This much of a value, in bytes, is kept back for a while although something else came after it. */
const MIN_BEGINNING = 4;
/** How long, in characters: as long as an editor takes to draw a line again. */
const PATIENCE = 256;
/** More beginnings than this are not kept at once. */
const MAX_BEGINNINGS = 48;
/** A character that is written over by the same one counts from its first place if that is not further back, in bytes. */
const OVERSTRIKE = 4_096;

/** Part of the output, from its first to its last byte, counted from the start of the session. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

/** A value that was not completed: what was typed may be corrected, and what an editor had drawn it draws again. */
interface Beginning {
  from: number;
  to: number;
  state: number;
  until: number;
}

/**
 * One way to read the output: follows the characters that are seen, with the cursor moving back and what was there being
 * written over, and finds values among them.
 */
export class RedactLane {
  #trie: SecretTrie;
  readonly #onFound: (place: Place, owner: number) => void;
  /** For each character: which it is, and where it was written first. */
  readonly #bytes = new Uint8Array(CELLS);
  readonly #froms = new Float64Array(CELLS);
  /** The state after it. Those before the cursor are right: the cursor comes forward by writing only. */
  readonly #states = new Int32Array(CELLS);
  #state = 0;
  /** The state before the last character. */
  #before = 0;
  /** Where the next character goes, the furthest that one was, and from where on they are known. */
  #cursor = 0;
  #end = 0;
  #start = 0;
  #written = 0;
  #last = 0;
  #beginnings: Beginning[] = [];
  /** Not before so many characters is one of them given up. */
  #soonest = 0;
  readonly #ancestors = new Int32Array(MAX_PATTERN + 1);

  constructor(trie: SecretTrie, onFound: (place: Place, owner: number) => void) {
    this.#trie = trie;
    this.#onFound = onFound;
  }

  /** Nothing that has been seen may be the beginning of a value. */
  get isIdle(): boolean {
    return this.#state === 0 && this.#beginnings.length === 0;
  }

  /** Where what may be the beginning of a value starts; infinite without one. */
  get heldFrom(): number {
    const depth = this.#trie.depthOf(this.#state);
    let from = depth === 0 ? Number.POSITIVE_INFINITY : this.#fromOf(depth);
    for (const beginning of this.#beginnings) from = Math.min(from, beginning.from);
    return from;
  }

  /** A character is seen; `at` is its place. */
  write(byte: number, at: number): void {
    const before = this.#state;
    const state = this.#trie.next(before, byte);
    const depth = this.#trie.depthOf(before);
    if (depth >= MIN_BEGINNING && this.#trie.depthOf(state) <= depth) this.#keepBeginning(depth);
    const cell = this.#cursor & MASK;
    const first = this.#froms[cell] ?? at;
    const isOverstruck = this.#cursor < this.#end && this.#bytes[cell] === byte && at - first < OVERSTRIKE;
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
    if (this.#beginnings.length > 0 && this.#written >= this.#soonest) this.#expire();
    const match = this.#trie.matchOf(state);
    if (match !== 0) this.#find(match, at);
  }

  /** Characters are seen with which no value begins: those of `bytes` from `start` to before `end`; `at` is the first one's place. */
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

  /** The cursor goes back. */
  back(count: number): void {
    const depth = this.#trie.depthOf(this.#state);
    if (depth >= MIN_BEGINNING) this.#keepBeginning(depth);
    this.#cursor = Math.max(this.#start, this.#cursor - count);
    const state = this.#states[(this.#cursor - 1) & MASK] ?? 0;
    // As far as what it has seen is still known.
    this.#state = this.#trie.depthOf(state) <= this.#cursor - this.#start ? state : 0;
  }

  /** What was written last had not been a character. */
  takeBack(): void {
    this.#state = this.#before;
    this.#cursor -= 1;
  }

  /** Forgets what has been seen. */
  reset(trie: SecretTrie): void {
    this.#trie = trie;
    this.#state = 0;
    this.#start = this.#end;
    this.#cursor = this.#end;
    this.#beginnings = [];
  }

  #fromOf(depth: number): number {
    return this.#froms[(this.#cursor - depth) & MASK] ?? 0;
  }

  #keepBeginning(depth: number): void {
    // What was found completely needs no more care.
    if (this.#trie.isComplete(this.#state)) return;
    const from = this.#fromOf(depth);
    const until = this.#written + PATIENCE;
    const latest = this.#beginnings.at(-1);
    this.#trie.ancestors(this.#state, this.#ancestors);
    // Whoever draws a growing line again and again is not done with it.
    for (const each of this.#beginnings) if (this.#isAncestor(each.state)) each.until = until;
    const beginning = { from, to: this.#last, state: this.#state, until };
    if (latest?.from === from && this.#isAncestor(latest.state)) Object.assign(latest, beginning);
    else if (this.#beginnings.push(beginning) > MAX_BEGINNINGS) this.#beginnings.shift();
  }

  #expire(): void {
    this.#beginnings = this.#beginnings.filter(({ until }) => until >= this.#written);
    this.#soonest = Math.min(...this.#beginnings.map(({ until }) => until)) + 1;
  }

  #find(match: number, at: number): void {
    const owner = this.#trie.ownerOf(match);
    this.#onFound({ from: this.#fromOf(this.#trie.depthOf(match)), to: at }, owner);
    if (this.#beginnings.length === 0) return;
    this.#trie.ancestors(match, this.#ancestors);
    this.#beginnings = this.#beginnings.filter((each) => {
      if (!this.#isAncestor(each.state)) return true;
      this.#onFound(each, owner);
      return false;
    });
  }

  /** Whether a state is among those that were looked up last. */
  #isAncestor(state: number): boolean {
    return this.#ancestors[this.#trie.depthOf(state)] === state;
  }
}
