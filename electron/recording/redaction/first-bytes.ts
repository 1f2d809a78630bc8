import type { SecretTrie } from './secret-trie.ts';

const ESC = 0x1b;
const CSI_INTRODUCER = 0x5b;
/** SGR: colours and the like. */
const SGR = 0x6d;
const DELETE = 0x7f;
/** In UTF-8 it may begin a control character of two bytes. */
const C1_LEAD = 0xc2;

/** Finds quickly where in a terminal's output a value might begin, or something comes that is no text. */
export class FirstBytes {
  /** Bytes that are shown. */
  readonly #isText = Uint8Array.from({ length: 256 }, (_value, byte) =>
    byte >= 0x20 && byte !== DELETE && byte !== C1_LEAD ? 1 : 0,
  );
  /** Those of them with which no value begins. */
  readonly #isPlain = this.#isText.slice();
  /** Pairs with which one does. */
  readonly #pairs = new Uint8Array(65_536);

  /** More values may be there. */
  learn(trie: SecretTrie): void {
    this.#pairs.fill(0);
    this.#isPlain.set(this.#isText);
    for (let byte = 0; byte < 256; byte += 1) if (trie.isFirst(byte)) this.#isPlain[byte] = 0;
    trie.forFirstPairs((first, second) => {
      this.#pairs[(first << 8) | second] = 1;
    });
  }

  /** The first place from `start` on that has to be read closely; the length if there is none. */
  find(bytes: Uint8Array, start: number): number {
    let index = start;
    for (; index < bytes.length; index += 1) {
      const byte = bytes[index] ?? 0;
      if (this.#isPlain[byte] === 1) continue;
      if (this.#isText[byte] === 0 || index + 1 === bytes.length) break;
      const next = bytes[index + 1] ?? 0;
      if (this.#isText[next] === 0 || this.#pairs[(byte << 8) | next] === 1) break;
    }
    return index;
  }

  /** The place after a change of colours that begins at `start`, and in which no value does; `start` where there is none. */
  endOfColour(bytes: Uint8Array, start: number): number {
    if (bytes[start] !== ESC || bytes[start + 1] !== CSI_INTRODUCER) return start;
    for (let index = start + 1; index < bytes.length; index += 1) {
      const byte = bytes[index] ?? 0;
      if (this.#isPlain[byte] === 0) {
        const next = bytes[index + 1] ?? 0;
        if (index + 1 === bytes.length || this.#isText[next] === 0 || this.#pairs[(byte << 8) | next] === 1) break;
      }
      if (byte === SGR) return index + 1;
      const isParameter = (byte >= 0x30 && byte <= 0x3b) || index === start + 1;
      if (!isParameter) break;
    }
    return start;
  }
}
