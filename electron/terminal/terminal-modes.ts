/** Private modes (DECSET) that change what a terminal does with the output and input that follow. */
const TRACKED_MODES: ReadonlySet<number> = new Set([
  1, 5, 6, 7, 9, 25, 45, 47, 66, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049, 2004, 2026, 9001,
]);
/** Those that are on in a fresh terminal: autowrap and the visible cursor. */
const ON_BY_DEFAULT: ReadonlySet<number> = new Set([7, 25]);
/** Those that xterm.js puts back on a soft reset (DECSTR); mouse modes and the screen stay. */
const SOFT_RESET_MODES: readonly number[] = [1, 6, 7, 25, 45, 66, 1004, 2004, 2026, 9001];
const ALTERNATE_SCREENS: readonly number[] = [47, 1047, 1049];

const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;

/** The longest run of CSI parameters that is parsed; a longer one is no mode switch. */
const MAX_PARAMETERS = 64;

/** How far the next ESC is searched byte by byte. */
const NEAR_BYTES = 32;

type ParserState = 'ground' | 'escape' | 'csi' | 'string' | 'string-escape' | 'intermediate';

/**
 * Follows which modes a terminal is in, from the bytes it was sent, split anyhow. It reads only as much of ECMA-48 as
 * that takes (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html).
 */
export class TerminalModes {
  #state: ParserState = 'ground';
  #parameters = '';
  /** Modes that differ from a fresh terminal's. */
  readonly #changed = new Map<number, boolean>();
  /** Continuation bytes still missing from a UTF-8 character. */
  #utf8Missing = 0;

  /** Whether the terminal shows the alternate screen, as full-screen programs do. */
  get alternateScreen(): boolean {
    return ALTERNATE_SCREENS.some((mode) => this.#changed.get(mode) === true);
  }

  /** Whether the next byte starts something new: not inside a sequence or a character. */
  get atBoundary(): boolean {
    return this.#state === 'ground' && this.#utf8Missing === 0;
  }

  /** A follower of its own that has seen the same. */
  clone(): TerminalModes {
    const copy = new TerminalModes();
    copy.#state = this.#state;
    copy.#parameters = this.#parameters;
    copy.#utf8Missing = this.#utf8Missing;
    for (const [mode, on] of this.#changed) copy.#changed.set(mode, on);
    return copy;
  }

  isSet(mode: number): boolean {
    return this.#changed.get(mode) ?? ON_BY_DEFAULT.has(mode);
  }

  /** The sequences that put a fresh terminal into the same modes. */
  asSequences(): string {
    return [...this.#changed].map(([mode, on]) => `\x1b[?${mode}${on ? 'h' : 'l'}`).join('');
  }

  /** Takes the next bytes. */
  scan(bytes: Uint8Array): void {
    let index = 0;
    while (index < bytes.length) {
      if (this.#state === 'ground') {
        const next = nextEscape(bytes, index);
        if (next === -1) {
          this.#trackUtf8(bytes, index, bytes.length);
          return;
        }
        this.#utf8Missing = 0;
        index = afterPlainSequence(bytes, next + 1);
        if (index === 0) {
          this.#state = 'escape';
          index = next + 1;
        }
      } else {
        this.#step(bytes[index] ?? 0);
        index += 1;
      }
    }
  }

  /**
   * Counts how many bytes from the start of `bytes` still belong to what was cut before them, having scanned those:
   * a reader that begins there begins cleanly.
   */
  skipToBoundary(bytes: Uint8Array): number {
    let index = 0;
    while (index < bytes.length && !this.atBoundary) {
      const byte = bytes[index] ?? 0;
      if (this.#state === 'ground') {
        if ((byte & 0xc0) !== 0x80) {
          this.#utf8Missing = 0;
          break;
        }
        this.#utf8Missing -= 1;
      } else {
        this.#step(byte);
      }
      index += 1;
    }
    return index;
  }

  #step(byte: number): void {
    if (byte === CAN || byte === SUB) {
      this.#state = 'ground';
      return;
    }
    switch (this.#state) {
      case 'escape':
        this.#afterEscape(byte);
        return;
      case 'intermediate':
        if (byte >= 0x30 && byte <= 0x7e) this.#state = 'ground';
        return;
      case 'csi':
        this.#inCsi(byte);
        return;
      case 'string':
        if (byte === BEL) this.#state = 'ground';
        else if (byte === ESC) this.#state = 'string-escape';
        return;
      case 'string-escape':
        if (byte === 0x5c) this.#state = 'ground';
        else this.#afterEscape(byte);
        return;
      case 'ground':
        return;
    }
  }

  #afterEscape(byte: number): void {
    if (byte === 0x5b) {
      this.#state = 'csi';
      this.#parameters = '';
    } else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) {
      this.#state = 'string';
    } else if (byte >= 0x20 && byte <= 0x2f) {
      this.#state = 'intermediate';
    } else if (byte === ESC) {
      this.#state = 'escape';
    } else {
      if (byte === 0x63) this.#changed.clear();
      this.#state = 'ground';
    }
  }

  #inCsi(byte: number): void {
    if (byte === ESC) {
      this.#state = 'escape';
    } else if (byte >= 0x40 && byte <= 0x7e) {
      this.#state = 'ground';
      this.#control(this.#parameters, byte);
    } else if (byte >= 0x20 && this.#parameters.length < MAX_PARAMETERS) {
      this.#parameters += String.fromCharCode(byte);
    }
  }

  #control(parameters: string, final: number): void {
    if (parameters === '!' && final === 0x70) {
      for (const mode of SOFT_RESET_MODES) this.#changed.delete(mode);
      return;
    }
    if (!parameters.startsWith('?') || (final !== 0x68 && final !== 0x6c)) return;
    for (const text of parameters.slice(1).split(';')) {
      const mode = Number(text);
      if (!TRACKED_MODES.has(mode)) continue;
      const on = final === 0x68;
      if (ALTERNATE_SCREENS.includes(mode)) for (const each of ALTERNATE_SCREENS) this.#changed.delete(each);
      if (on === ON_BY_DEFAULT.has(mode)) this.#changed.delete(mode);
      else this.#changed.set(mode, on);
    }
  }

  #trackUtf8(bytes: Uint8Array, start: number, end: number): void {
    const last = bytes[end - 1] ?? 0;
    if (last < 0x80) {
      this.#utf8Missing = 0;
      return;
    }
    for (let back = 1; back <= 4 && end - back >= start; back += 1) {
      const byte = bytes[end - back] ?? 0;
      if (byte >= 0xc0) {
        const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
        this.#utf8Missing = Math.max(0, length - back);
        return;
      }
      if (byte < 0x80) break;
    }
    this.#utf8Missing = Math.max(0, this.#utf8Missing - (end - start));
  }
}

/**
 * The index after a whole CSI sequence of numbers alone, which switches no mode: colours and cursor movements, by far the
 * most frequent. 0: it has to be parsed. @param start the index after its ESC
 */
function afterPlainSequence(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== 0x5b) return 0;
  for (let index = start + 1; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte >= 0x30 && byte <= 0x3b) continue;
    return byte >= 0x40 && byte <= 0x7e ? index + 1 : 0;
  }
  return 0;
}

/** The index of the next ESC; −1: none. A call into the engine costs more than a look at the few bytes between colours. */
function nextEscape(bytes: Uint8Array, start: number): number {
  const near = Math.min(bytes.length, start + NEAR_BYTES);
  for (let index = start; index < near; index += 1) if (bytes[index] === ESC) return index;
  return bytes.indexOf(ESC, near);
}
