const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const SEMICOLON = 0x3b;
const CLOSING_BRACKET = 0x5d;

/** What begins a mark: OSC. */
const OSC = Buffer.from('\x1b]');
/** Outside a sequence that may be a mark. */
const OUTSIDE = -1;
/** What is written before the letter: `133;`. */
const LETTER_AT = 4;

/**
 * Who sends a mark: FinalTerm's set (https://gitlab.freedesktop.org/Per_Bothner/specifications, semantic-prompts) or that
 * of VS Code (https://code.visualstudio.com/docs/terminal/shell-integration).
 */
export type MarkFamily = '133' | '633';
/** Prompt begins, prompt ends, command begins, command is done, text of the command. */
export type MarkKind = 'A' | 'B' | 'C' | 'D' | 'E';

const FAMILIES: Readonly<Partial<Record<number, MarkFamily>>> = { 49: '133', 54: '633' };
const KINDS: Readonly<Partial<Record<number, MarkKind>>> = { 65: 'A', 66: 'B', 67: 'C', 68: 'D', 69: 'E' };

/**
 * Finds the marks of shell integration in output, split anyhow: `ESC ] 133 ; C`, perhaps with parameters, up to BEL or
 * ESC \. A sequence that is cancelled is none. Nothing of a sequence is kept, however long it is; whatever it holds, ESC
 * ends it, as in a terminal, so that none hides the next one.
 */
export class CommandMarks {
  readonly #onMark: (family: MarkFamily, kind: MarkKind) => void;
  /** How many bytes of a sequence that may be a mark have come. */
  #position = OUTSIDE;
  #family: MarkFamily = '133';
  #kind: MarkKind | undefined;
  /** The last byte was an ESC, which may begin a sequence. */
  #escaped = false;

  constructor(onMark: (family: MarkFamily, kind: MarkKind) => void) {
    this.#onMark = onMark;
  }

  /** Takes the next output. */
  scan(bytes: Uint8Array): void {
    const { byteLength } = bytes;
    if (byteLength === 0) return;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, byteLength);
    let index = 0;
    if (this.#escaped && buffer[0] === CLOSING_BRACKET) {
      this.#position = 0;
      index = 1;
    }
    for (;;) {
      while (this.#position !== OUTSIDE && index < byteLength) {
        this.#take(buffer[index] ?? 0);
        // An ESC may begin the next sequence.
        if (this.#position !== OUTSIDE) index += 1;
      }
      index = buffer.indexOf(OSC, index);
      if (index === -1) break;
      index += OSC.byteLength;
      this.#position = 0;
    }
    this.#escaped = buffer[byteLength - 1] === ESC;
  }

  /** The next byte of a sequence: it continues, or it ends. */
  #take(byte: number): void {
    const position = this.#position;
    if (byte === BEL || byte === ESC) {
      this.#position = OUTSIDE;
      if (position > LETTER_AT && this.#kind !== undefined) this.#onMark(this.#family, this.#kind);
    } else if (byte === CAN || byte === SUB || !this.#belongs(byte, position)) this.#position = OUTSIDE;
    else this.#position = position + 1;
  }

  /** Whether a mark can continue with this byte. */
  #belongs(byte: number, position: number): boolean {
    switch (position) {
      case 0: {
        const family = FAMILIES[byte];
        this.#family = family ?? this.#family;
        return family !== undefined;
      }
      case 1:
      case 2:
        return byte === 0x33;
      case 3:
      case 5:
        return byte === SEMICOLON;
      case LETTER_AT:
        this.#kind = KINDS[byte];
        return this.#kind !== undefined;
      default:
        return true;
    }
  }
}
