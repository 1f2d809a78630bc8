import { formsOf } from './secret-forms.ts';
import { MAX_PATTERN, SecretTrie } from './secret-trie.ts';

/** The shortest value that can be kept out of a recording, in characters that are seen: a shorter one is part of too much else. */
export const MIN_SECRET = 6;
/** Lines of a value that are at least this long are secrets by themselves, in bytes. */
const MIN_LINE = 8;
/** Parts of a value that are made of fewer different characters, such as a line of dashes, are none. */
const MIN_VARIETY = 4;
/** More states than this take too much memory: the values that were added first are forgotten, at the latest after this many. */
const MAX_STATES = 2_000_000;
/** As many names as a flag has room for. */
const MAX_NAMES = 63;

/** Whether a value has enough that is seen to be found among other output. */
export function isLongEnough(value: string): boolean {
  return [...value.replaceAll(/[\p{Cc}\s]/gu, '')].length >= MIN_SECRET;
}

/** Values that must not be recorded, by name: all that a session has ever had. */
export class Secrets {
  readonly #names: string[] = [];
  readonly #known: { readonly name: string; readonly value: string }[] = [];
  #trie = new SecretTrie();
  #listeners = new Set<() => void>();

  /** What finds them. Another one after {@link onReplaced}. */
  get trie(): SecretTrie {
    return this.#trie;
  }

  get isEmpty(): boolean {
    return this.#known.length === 0;
  }

  /** What is written in place of the values of this owner. */
  label(owner: number): string {
    const name = this.#names[owner - 1];
    return name === undefined ? '[redacted]' : `[redacted ${name}]`;
  }

  /** The values that are replaced, by name. */
  get known(): readonly { readonly name: string; readonly value: string }[] {
    return this.#known;
  }

  /** Adds a value. Gives whether it is a new one. */
  add(name: string, value: string): boolean {
    if (this.#known.some((each) => each.value === value) || value === '') return false;
    this.#known.push({ name, value });
    this.#trie.add(patternsOf(value), this.#ownerOf(name));
    if (this.#trie.size > MAX_STATES && this.#known.length > 1) this.#forgetHalf();
    return true;
  }

  /** Calls back when the automaton is another one; gives the function that ends it. */
  onReplaced(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#known.length = 0;
    this.#trie.clear();
    this.#replace();
  }

  #ownerOf(name: string): number {
    const known = this.#names.indexOf(name);
    if (known >= 0) return known + 1;
    return this.#names.length < MAX_NAMES - 1 ? this.#names.push(name) : MAX_NAMES;
  }

  #forgetHalf(): void {
    this.#known.splice(0, Math.floor(this.#known.length / 2));
    this.#trie.clear();
    this.#replace();
    for (const { name, value } of this.#known) this.#trie.add(patternsOf(value), this.#ownerOf(name));
  }

  #replace(): void {
    this.#trie = new SecretTrie();
    for (const listener of this.#listeners) listener();
  }
}

/** What a value is found by: its forms without control characters, each in parts that overlap only at the end, and its lines. */
function* patternsOf(value: string): Generator<Uint8Array> {
  for (const form of formsOf(value)) {
    const whole = seen(form);
    const parts = partsOf(whole);
    const varied = parts.filter(isVaried);
    // A value that is nothing but a line of dashes has no other parts.
    yield* varied.length > 0 ? varied : parts;
    const lines = form.split(/[\r\n]+/);
    if (lines.length === 1) continue;
    for (const line of lines) {
      const bytes = seen(line.trim());
      if (bytes.length >= MIN_LINE) yield* partsOf(bytes).filter(isVaried);
    }
  }
}

function partsOf(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length <= MAX_PATTERN) return [bytes];
  return Array.from({ length: Math.ceil(bytes.length / MAX_PATTERN) }, (_value, index) => {
    const from = Math.min(index * MAX_PATTERN, bytes.length - MAX_PATTERN);
    return bytes.subarray(from, from + MAX_PATTERN);
  });
}

/** Without control characters: terminals and line ends put others among them. */
function seen(text: string): Uint8Array {
  return Buffer.from(text).filter((byte) => byte >= 0x20 && byte !== 0x7f);
}

function isVaried(bytes: Uint8Array): boolean {
  return new Set(bytes).size >= MIN_VARIETY;
}
