/** The longest pattern, in bytes. It bounds how many bytes are ever held back, and what one byte can cost. */
export const MAX_PATTERN = 32;

const FIRST_CAPACITY = 256;

/**
 * Patterns as one automaton that finds all of them in one pass (A. V. Aho and M. J. Corasick, “Efficient string matching”,
 * 1975). States are numbers and stay what they are when patterns are added; 0 is the start, where nothing has been seen.
 */
export class SecretTrie {
  #size = 1;
  #byte = new Uint8Array(FIRST_CAPACITY);
  #child = new Int32Array(FIRST_CAPACITY);
  #sibling = new Int32Array(FIRST_CAPACITY);
  #parent = new Int32Array(FIRST_CAPACITY);
  #fail = new Int32Array(FIRST_CAPACITY);
  #depth = new Uint8Array(FIRST_CAPACITY);
  /** The owner of the pattern that ends here; 0: none does. */
  #owner = new Uint8Array(FIRST_CAPACITY);
  /** The state of the longest pattern that ends here, its own or that of a later beginning; 0: none. */
  #match = new Int32Array(FIRST_CAPACITY);
  readonly #first = new Int32Array(256);

  /** How many states there are. */
  get size(): number {
    return this.#size;
  }

  /** How many bytes of a pattern have been seen in this state. */
  depthOf(state: number): number {
    return this.#depth[state] ?? 0;
  }

  /** The state of the longest pattern that is complete in this one; 0 where none is. */
  matchOf(state: number): number {
    return this.#match[state] ?? 0;
  }

  /** Whose pattern it is that is complete in this state; from 1. */
  ownerOf(state: number): number {
    return this.#owner[state] ?? 0;
  }

  /** Whether all that has been seen in this state is a complete pattern. */
  isComplete(state: number): boolean {
    return (this.#owner[state] ?? 0) !== 0;
  }

  /** Whether a pattern begins with this byte. */
  isFirst(byte: number): boolean {
    return (this.#first[byte] ?? 0) !== 0;
  }

  /** Calls back with each byte that a pattern begins with, and each that comes after it there. */
  forFirstPairs(callback: (first: number, second: number) => void): void {
    for (let first = 0; first < 256; first += 1) {
      let child = this.#child[this.#first[first] ?? 0] ?? 0;
      if (this.#first[first] === 0) child = 0;
      for (; child !== 0; child = this.#sibling[child] ?? 0) callback(first, this.#byte[child] ?? 0);
    }
  }

  /** Writes the states that lead to this one into `to`, each at the place of its depth; those beyond it are left as they are. */
  ancestors(state: number, to: Int32Array): void {
    for (let at = state; at !== 0; at = this.#parent[at] ?? 0) to[this.depthOf(at)] = at;
  }

  /** Where one more byte leads. */
  next(state: number, byte: number): number {
    for (let at = state; at !== 0; at = this.#fail[at] ?? 0) {
      const child = this.#find(at, byte);
      if (child !== 0) return child;
    }
    return this.#first[byte] ?? 0;
  }

  /** Adds patterns of one owner (1 to 63), each of {@link MAX_PATTERN} bytes at most. */
  add(patterns: Iterable<Uint8Array>, owner: number): void {
    for (const pattern of patterns) {
      let state = 0;
      for (const byte of pattern.subarray(0, MAX_PATTERN)) state = this.#find(state, byte) || this.#grow(state, byte);
      if (state !== 0 && !this.isComplete(state)) this.#owner[state] = owner;
    }
    this.#link();
  }

  /** Overwrites everything. */
  clear(): void {
    for (const part of [this.#byte, this.#depth, this.#owner]) part.fill(0);
    for (const part of [this.#child, this.#sibling, this.#parent, this.#fail, this.#match, this.#first]) part.fill(0);
    this.#size = 1;
  }

  #find(state: number, byte: number): number {
    if (state === 0) return this.#first[byte] ?? 0;
    let child = this.#child[state] ?? 0;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#sibling[child] ?? 0;
    return child;
  }

  #grow(parent: number, byte: number): number {
    if (this.#size === this.#byte.length) this.#widen();
    const state = this.#size++;
    this.#byte[state] = byte;
    this.#parent[state] = parent;
    this.#depth[state] = this.depthOf(parent) + 1;
    if (parent === 0) this.#first[byte] = state;
    this.#sibling[state] = this.#child[parent] ?? 0;
    this.#child[parent] = state;
    return state;
  }

  #widen(): void {
    const length = this.#size * 2;
    const bytes = (from: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => moved(from, new Uint8Array(length));
    const numbers = (from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => moved(from, new Int32Array(length));
    this.#byte = bytes(this.#byte);
    this.#depth = bytes(this.#depth);
    this.#owner = bytes(this.#owner);
    this.#child = numbers(this.#child);
    this.#sibling = numbers(this.#sibling);
    this.#parent = numbers(this.#parent);
    this.#fail = numbers(this.#fail);
    this.#match = numbers(this.#match);
  }

  /** Computes the state to fall back to where no byte fits, from the shortest to the longest. */
  #link(): void {
    const queue = new Int32Array(this.#size);
    let end = 1;
    for (let at = 0; at < end; at += 1) {
      const parent = queue[at] ?? 0;
      for (let state = this.#child[parent] ?? 0; state !== 0; state = this.#sibling[state] ?? 0) {
        const fail = parent === 0 ? 0 : this.next(this.#fail[parent] ?? 0, this.#byte[state] ?? 0);
        this.#fail[state] = fail;
        this.#match[state] = this.isComplete(state) ? state : (this.#match[fail] ?? 0);
        queue[end++] = state;
      }
    }
    queue.fill(0);
  }
}

/** What `from` holds, in the wider array; `from` is overwritten. */
function moved<A extends Uint8Array | Int32Array>(from: A, to: A): A {
  to.set(from);
  from.fill(0);
  return to;
}
