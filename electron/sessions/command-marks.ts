const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;

/** What begins a mark: OSC. */
const OSC = Buffer.from('\x1b]');
/** How much of a sequence is looked at: `633;E;`. */
const PREFIX_BYTES = 6;
const PREFIX = /^(133|633);([A-E])(?:;|$)/;

/**
 * Who sends a mark: FinalTerm's set (https://gitlab.freedesktop.org/Per_Bothner/specifications, semantic-prompts) or that
 * of VS Code (https://code.visualstudio.com/docs/terminal/shell-integration).
 */
export type MarkFamily = '133' | '633';
/** Prompt begins, prompt ends, command begins, command is done, text of the command. */
export type MarkKind = 'A' | 'B' | 'C' | 'D' | 'E';

/**
 * Finds the marks of shell integration in output, split anyhow: `ESC ] 133 ; C` up to BEL or ESC \. A sequence that is
 * cancelled is none. Of an endless one only the beginning is kept, and ESC ends it, as in a terminal.
 */
export class CommandMarks {
  readonly #onMark: (family: MarkFamily, kind: MarkKind) => void;
  /** Null: outside a sequence. */
  #prefix: string | null = null;
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
    if (this.#escaped && buffer[0] === 0x5d) {
      this.#prefix = '';
      index = 1;
    }
    for (;;) {
      if (this.#prefix !== null) {
        index = this.#read(buffer, index, this.#prefix);
        if (index === byteLength) break;
      }
      index = buffer.indexOf(OSC, index);
      if (index === -1) break;
      index += OSC.byteLength;
      this.#prefix = '';
    }
    this.#escaped = buffer[byteLength - 1] === ESC;
  }

  /** Reads on in a sequence. Gives where it ended: at its terminator, or at the end of what there is. */
  #read(buffer: Buffer, from: number, before: string): number {
    let prefix = before;
    for (let index = from; index < buffer.byteLength; index += 1) {
      const byte = buffer[index] ?? 0;
      if (byte === BEL || byte === ESC || byte === CAN || byte === SUB) {
        this.#prefix = null;
        if (byte === BEL || byte === ESC) this.#tell(prefix);
        return index;
      }
      if (prefix.length < PREFIX_BYTES) prefix += String.fromCharCode(byte);
    }
    this.#prefix = prefix;
    return buffer.byteLength;
  }

  #tell(prefix: string): void {
    const [, family, kind] = PREFIX.exec(prefix) ?? [];
    if ((family === '133' || family === '633') && isKind(kind)) this.#onMark(family, kind);
  }
}

function isKind(kind: string | undefined): kind is MarkKind {
  return kind === 'A' || kind === 'B' || kind === 'C' || kind === 'D' || kind === 'E';
}
