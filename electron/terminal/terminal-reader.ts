/** What a byte of a terminal's output is. Two bits, so that it can be kept with another number. */
export const TEXT = 0;
/** A control character, which is executed wherever it comes. */
export const CONTROL = 1;
/** Part of an escape sequence. */
export const SEQUENCE = 2;
/** The text of a control string: a title, a link, a marker for the terminal. */
export const PAYLOAD = 3;

/** Where the reader is (ECMA-48, 5th edition, and the parser of https://vt100.net/emu/dec_ansi_parser). */
const GROUND = 0;
const ESCAPE = 1;
const INTERMEDIATE = 2;
const CSI = 3;
const STRING = 4;

const BEL = 0x07;
const BACKSPACE = 0x08;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const DELETE = 0x7f;
/** In UTF-8, the first byte of the controls from 0x80 to 0x9f. */
const C1 = 0xc2;
/** After ESC, or 0x40 less than the control: `[`, and what begins a control string (DCS, SOS, OSC, PM, APC). */
const CSI_INTRODUCER = 0x5b;
const STRING_INTRODUCERS = new Set([0x50, 0x58, 0x5d, 0x5e, 0x5f]);
const STRING_TERMINATOR = 0x5c;
/** CUB: the cursor goes back. */
const CURSOR_BACK = 0x44;

/** Follows a terminal's output byte by byte, and classifies each. */
export class TerminalReader {
  #state = GROUND;
  #previous = 0;
  #parameter = 0;
  #hasOneParameter = true;
  /** How far the byte that was read last moves the cursor back, in columns. */
  back = 0;
  /** The byte before the one that was read last was taken for text, but with that it is a control. */
  wasControl = false;

  /** Whether a character would be shown, whatever it is. */
  get isShowing(): boolean {
    return this.#state === GROUND && this.#previous !== C1;
  }

  read(byte: number): number {
    const previous = this.#previous;
    this.#previous = byte;
    this.back = 0;
    this.wasControl = false;
    if (byte < 0x20) return this.#control(byte);
    if (byte === DELETE) return this.#state === STRING ? PAYLOAD : CONTROL;
    if (previous === C1 && byte >= 0x80 && byte < 0xa0) {
      if (this.#state === GROUND) {
        this.wasControl = true;
        this.#introduce(byte - 0x40);
        return CONTROL;
      }
      if (this.#state === STRING && byte - 0x40 === STRING_TERMINATOR) {
        this.#state = GROUND;
        return SEQUENCE;
      }
    }
    switch (this.#state) {
      case GROUND:
        return TEXT;
      case STRING:
        return PAYLOAD;
      case ESCAPE:
        if (byte < 0x30) this.#state = INTERMEDIATE;
        else this.#introduce(byte);
        return SEQUENCE;
      case INTERMEDIATE:
        if (byte >= 0x30) this.#state = GROUND;
        return SEQUENCE;
      default:
        return this.#inCsi(byte);
    }
  }

  #control(byte: number): number {
    if (byte === ESC) {
      this.#state = ESCAPE;
      return CONTROL;
    }
    if (byte === CAN || byte === SUB || (byte === BEL && this.#state === STRING)) this.#state = GROUND;
    else if (byte === BACKSPACE && this.#state !== STRING) this.back = 1;
    return CONTROL;
  }

  /** What follows ESC, or the control that stands for both. */
  #introduce(byte: number): void {
    this.#parameter = 0;
    this.#hasOneParameter = true;
    if (byte === CSI_INTRODUCER) this.#state = CSI;
    else this.#state = STRING_INTRODUCERS.has(byte) ? STRING : GROUND;
  }

  #inCsi(byte: number): number {
    if (byte >= 0x30 && byte <= 0x39) this.#parameter = Math.min(this.#parameter * 10 + byte - 0x30, 65_535);
    else if (byte < 0x40) this.#hasOneParameter = false;
    else {
      this.#state = GROUND;
      if (byte === CURSOR_BACK && this.#hasOneParameter) this.back = Math.max(1, this.#parameter);
    }
    return SEQUENCE;
  }
}
