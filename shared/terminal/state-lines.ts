import { CELL_SIZE, HAS_EXTENDED, IS_COMBINED, newCells, uniformCells, WIDTH_ONE } from './cells.ts';
import type { Attributes, ExtendedAttributes, Line, Lines, ScreenBuffer } from './core.ts';
import { giveCells, setCombined, setExtended, share } from './rows.ts';
import type { StateReader } from './state-reader.ts';

/** Before a content that is not one ASCII character of width 1. */
const WIDE_CONTENT = 0xff;
const BLANK = { content: WIDTH_ONE, fg: 0, bg: 0 };

/**
 * Writes a terminal's rows, compactly: for each row its length, flags, how many cells differ from blank ones, runs of
 * equal attributes, contents (one byte for an ASCII character), and the underlines, links and joined characters of
 * those that have them.
 */
export class StateWriter {
  #bytes = new Uint8Array(65_536);
  #length = 0;

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** An unsigned number of up to 32 bits, in 1 to 5 bytes. */
  number(value: number): void {
    this.#room(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A text, one number for each UTF-16 unit. */
  text(value: string): void {
    this.number(value.length);
    for (let index = 0; index < value.length; index++) this.number(value.charCodeAt(index));
  }

  /** All that was written, behind `header`. */
  finish(header: string): Uint8Array {
    const head = new StateWriter();
    head.text(header);
    const whole = new Uint8Array(head.#length + this.#length);
    whole.set(head.#bytes.subarray(0, head.#length));
    whole.set(this.#bytes.subarray(0, this.#length), head.#length);
    return whole;
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.byteLength) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.byteLength, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** `linkOf` gives the number of a link that a state knows it by; −1: none. */
export function writeLines(writer: StateWriter, lines: Lines, linkOf: (urlId: number) => number): void {
  for (let index = 0; index < lines.length; index++) {
    const line = lines.get(index);
    if (line !== undefined) writeLine(writer, line, linkOf);
  }
}

function writeLine(writer: StateWriter, line: Line, linkOf: (urlId: number) => number): void {
  const { _data: data, length } = line;
  let used = length;
  while (used > 0 && isBlank(data, used - 1)) used--;
  writer.number(length);
  writer.byte(line.isWrapped ? 1 : 0);
  writer.number(used);
  for (let start = 0; start < used; ) {
    const [fg, bg] = [data[start * CELL_SIZE + 1] ?? 0, data[start * CELL_SIZE + 2] ?? 0];
    let end = start + 1;
    while (end < used && data[end * CELL_SIZE + 1] === fg && data[end * CELL_SIZE + 2] === bg) end++;
    writer.number(end - start);
    writer.number(fg);
    writer.number(bg);
    start = end;
  }
  for (let column = 0; column < used; column++) writeCell(writer, line, column, linkOf);
}

function writeCell(writer: StateWriter, line: Line, column: number, linkOf: (urlId: number) => number): void {
  const content = line._data[column * CELL_SIZE] ?? 0;
  const plain = content - WIDTH_ONE;
  if (plain >= 0 && plain < 0x80) writer.byte(plain);
  else {
    writer.byte(WIDE_CONTENT);
    writer.number(content);
    if ((content & IS_COMBINED) !== 0) writer.text(line._combined[column] ?? '');
  }
  if (((line._data[column * CELL_SIZE + 2] ?? 0) & HAS_EXTENDED) === 0) return;
  const extended = line._extendedAttrs[column];
  writer.number(extended?.ext ?? 0);
  writer.number(linkOf(extended?.urlId ?? 0) + 1);
}

function isBlank(data: Uint32Array, column: number): boolean {
  const at = column * CELL_SIZE;
  return data[at] === WIDTH_ONE && data[at + 1] === 0 && data[at + 2] === 0;
}

/** Puts rows that {@link writeLines} wrote into a buffer, in place of its own; the first `skipped` are left out. */
export function readLines(
  reader: StateReader,
  buffer: ScreenBuffer,
  options: {
    readonly count: number;
    readonly skipped: number;
    readonly pen: Attributes;
    linkOf(index: number): number;
  },
): void {
  const { lines } = buffer;
  const blank = buffer.getBlankLine({ fg: 0, bg: 0, extended: options.pen.extended });
  const extendedOf = sharedExtended(options.pen, options.linkOf);
  lines.length = 0;
  for (let index = 0; index < options.count; index++) {
    const line: Line = blank.clone();
    readLine(reader, line, extendedOf);
    if (index >= options.skipped) lines.push(line);
  }
}

/** Cells of the same underline and link share them, as they do where they were drawn. */
function sharedExtended(
  { extended }: Attributes,
  linkOf: (index: number) => number,
): (ext: number, link: number) => ExtendedAttributes {
  const known = new Map<string, ExtendedAttributes>();
  return (ext, link) => {
    const key = `${ext};${link}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = extended.clone();
    made.ext = ext;
    made.urlId = linkOf(link);
    known.set(key, made);
    return made;
  };
}

function readLine(
  reader: StateReader,
  line: Line,
  extendedOf: (ext: number, link: number) => ExtendedAttributes,
): void {
  const length = reader.number();
  const isWrapped = reader.byte() === 1;
  const used = reader.number();
  if (length > MAX_LINE || used > length) throw new Error('A row of the terminal state is too long');
  line.length = length;
  line.isWrapped = isWrapped;
  if (used === 0) {
    share(line, uniformCells(BLANK, length));
    return;
  }
  const data = newCells(length);
  for (let column = used; column < length; column++) data[column * CELL_SIZE] = WIDTH_ONE;
  for (let start = 0; start < used; ) {
    const end = Math.min(used, start + Math.max(1, reader.number()));
    const [fg, bg] = [reader.number(), reader.number()];
    for (; start < end; start++) {
      data[start * CELL_SIZE + 1] = fg;
      data[start * CELL_SIZE + 2] = bg;
    }
  }
  giveCells(line, data);
  for (let column = 0; column < used; column++) readCell(reader, line, column, extendedOf);
}

/** No terminal of Sandglass is wider; rows of the alternate screen keep the width they once had. */
const MAX_LINE = 4_096;

function readCell(
  reader: StateReader,
  line: Line,
  column: number,
  extendedOf: (ext: number, link: number) => ExtendedAttributes,
): void {
  const first = reader.byte();
  let content = WIDTH_ONE + first;
  if (first === WIDE_CONTENT) {
    content = reader.number();
    if ((content & IS_COMBINED) !== 0) setCombined(line, column, reader.text());
  }
  line._data[column * CELL_SIZE] = content;
  if (((line._data[column * CELL_SIZE + 2] ?? 0) & HAS_EXTENDED) === 0) return;
  const ext = reader.number();
  setExtended(line, column, extendedOf(ext | 0, reader.number() - 1));
}
