const ESC = 0x1b;
const CTRL_C = 0x03;
const LF = 0x0a;
const CR = 0x0d;

/** What a terminal sends before and after a paste: no key of the user's. */
const PASTE_MARKS: readonly string[] = ['\x1b[200~', '\x1b[201~'];

/** Lines that were submitted, and how many bytes of the input it took. */
export interface Submitted {
  readonly lines: number;
  readonly bytes: number;
}

/**
 * Counts the lines in what a user types that are sent with something in them: at Enter, and at each line end of a paste.
 * Ctrl+C throws a line away.
 */
export class SubmittedLines {
  #hasText = false;
  /** The beginning of what may be a paste mark. */
  #sequence = '';

  /** Takes the next input, up to the end of the line that makes `most`. */
  take(bytes: Uint8Array, most = Number.POSITIVE_INFINITY): Submitted {
    let lines = 0;
    for (const [index, byte] of bytes.entries()) {
      if (this.#isOfPasteMark(byte)) continue;
      if (byte === CR || byte === LF) {
        if (this.#hasText) lines += 1;
        this.#hasText = false;
        if (lines >= most) return { lines, bytes: index + 1 };
      } else this.#hasText = byte !== CTRL_C;
    }
    return { lines, bytes: bytes.byteLength };
  }

  /** Whether this byte may belong to a paste mark. What turns out to belong to none was a key. */
  #isOfPasteMark(byte: number): boolean {
    if (this.#sequence === '' && byte !== ESC) return false;
    const sequence = this.#sequence + String.fromCharCode(byte);
    if (PASTE_MARKS.some((mark) => mark.startsWith(sequence))) {
      this.#sequence = PASTE_MARKS.includes(sequence) ? '' : sequence;
      return true;
    }
    this.#hasText = true;
    this.#sequence = byte === ESC ? '\x1b' : '';
    return byte === ESC;
  }
}
