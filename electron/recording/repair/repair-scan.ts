import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type CastHeader, MAX_LINE_BYTES, parseHeader } from '../exports/cast-reader.ts';

/** More damaged places than this are not mended one by one: such a file is left as it is. */
const MAX_HOLES = 1_000;
/** The longest line that a hole is filled with, in bytes. */
const FILLING_BYTES = 1_048_576;
const NEWLINE = 0x0a;
const SPACE = 0x20;

/** A damaged place with readable lines on both sides; whole lines. */
export interface Hole {
  readonly start: number;
  readonly length: number;
}

/** An event of asciicast v3, with what repairs need of it. */
export interface ScannedEvent {
  readonly intervalMicros: number;
  readonly code: string;
  readonly data: string;
}

/** What a scan found. */
export interface Scan {
  /** Null: the first line is no header, so that nothing can be played. Then the rest means nothing. */
  readonly header: CastHeader | null;
  /** Bytes of the file. */
  readonly size: number;
  /** Where what can be read ends; what comes after it is torn. */
  readonly goodEnd: number;
  /** Whether the last readable line lacks its line end. */
  readonly lacksNewline: boolean;
  readonly holes: readonly Hole[];
  /** Whether there is not even one whole line: all that was written is a part of the header, if anything. */
  readonly isEmpty: boolean;
  /** Damaged in more places than can be mended. */
  readonly riddled: boolean;
  /** The sum of all intervals, in microseconds. */
  readonly endMicros: number;
  readonly last: ScannedEvent | null;
  /** The size after the last resize. */
  readonly cols: number;
  readonly rows: number;
  /** The label of the first marker that tells of a gap; null: none does. */
  readonly gap: string | null;
}

/**
 * What stands in place of a hole, as long as it is: a marker, where that fits, and comments. In lines that are short
 * enough to be read.
 */
export function* holeFilling(length: number): Generator<Buffer, void, undefined> {
  const marker = `[0.000, "m", "gap: ${length} bytes of the recording are damaged"]`;
  let text = marker.length < length ? marker : '#';
  for (let left = length; left > 0; text = '#') {
    // The last line has to have room for its beginning.
    const lineBytes = left > FILLING_BYTES + 1 ? FILLING_BYTES : left;
    const line = Buffer.alloc(lineBytes, SPACE);
    line.write(text, 'latin1');
    line[lineBytes - 1] = NEWLINE;
    left -= lineBytes;
    yield line;
  }
}

/** The event of a line; null when it is none. */
export function parseEvent(line: string): ScannedEvent | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null;
  }
  if (!Array.isArray(json) || json.length !== 3) return null;
  const [interval, code, data]: unknown[] = json;
  if (typeof interval !== 'number' || !(interval >= 0) || typeof code !== 'string' || typeof data !== 'string')
    return null;
  return { intervalMicros: Math.round(interval * 1_000_000), code, data };
}

/**
 * Reads an asciicast v3 file (https://docs.asciinema.org/manual/asciicast/v3/) as a crash may have left it, piece by piece
 * and in bounded memory: how far it can be read, and what is damaged before that. It hashes what can be read, with holes
 * as {@link holeFilling} fills them.
 */
export class RecordingScan {
  readonly #hash = createHash('sha256');
  /** The part of the current line that came with earlier pieces; null: it is too long to be one. */
  #line: Buffer[] | null = [];
  #lineBytes = 0;
  #lineStart = 0;
  #lines = 0;
  #size = 0;
  #goodEnd = 0;
  #hashed = 0;
  #header: CastHeader | null = null;
  #holes: Hole[] = [];
  #endMicros = 0;
  #last: ScannedEvent | null = null;
  #cols = 0;
  #rows = 0;
  #gap: string | null = null;

  /** Whether reading on is of no use: no recording, or one that is damaged all over. */
  get hopeless(): boolean {
    return (this.#lines > 0 && this.#header === null) || this.#holes.length > MAX_HOLES;
  }

  /** Takes the next piece of the file. It may be used again after the call. */
  push(piece: Buffer): void {
    const pieceStart = this.#size;
    this.#size += piece.length;
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      this.#endLine(piece, start, end, pieceStart);
      start = end + 1;
      if (this.hopeless) return;
    }
    this.#hashTo(piece, pieceStart);
    this.#keep(piece.subarray(start));
  }

  /** Ends the reading. `hash` goes on from what can be read. */
  finish(): { readonly scan: Scan; readonly hash: ReturnType<typeof createHash> } {
    let lacksNewline = false;
    if (this.#lineBytes > 0 && !this.hopeless) {
      const rest = this.#line === null ? null : Buffer.concat(this.#line);
      if (rest !== null && this.#accepts(rest)) {
        this.#closeHole();
        this.#hash.update(rest);
        this.#goodEnd = this.#lineStart + rest.length;
        lacksNewline = true;
      }
    }
    const scan = {
      header: this.#header,
      size: this.#size,
      goodEnd: this.#goodEnd,
      lacksNewline,
      holes: this.#holes,
      isEmpty: this.#lines === 0 && this.#header === null,
      riddled: this.#holes.length > MAX_HOLES,
      endMicros: this.#endMicros,
      last: this.#last,
      cols: this.#cols,
      rows: this.#rows,
      gap: this.#gap,
    };
    return { scan, hash: this.#hash };
  }

  /** The current line ends at `end` of this piece. */
  #endLine(piece: Buffer, start: number, end: number, pieceStart: number): void {
    const isWhole = this.#lineBytes === 0;
    const rest = piece.subarray(start, end);
    const line = this.#line === null ? null : isWhole ? rest : Buffer.concat([...this.#line, rest]);
    const lineEnd = pieceStart + end + 1;
    if (line !== null && this.#accepts(line)) {
      if (!isWhole || this.#goodEnd < this.#lineStart) {
        // It began in an earlier piece, or behind a hole.
        this.#hashTo(piece, pieceStart);
        this.#closeHole();
        this.#hash.update(line).update('\n');
        this.#hashed = lineEnd;
      }
      this.#goodEnd = lineEnd;
    }
    this.#lines += 1;
    this.#line = [];
    this.#lineBytes = 0;
    this.#lineStart = lineEnd;
  }

  /** Hashes what can be read of this piece and is not hashed yet. */
  #hashTo(piece: Buffer, pieceStart: number): void {
    if (this.#goodEnd <= this.#hashed) return;
    this.#hash.update(piece.subarray(this.#hashed - pieceStart, this.#goodEnd - pieceStart));
    this.#hashed = this.#goodEnd;
  }

  /** A line can be read: what could not be before it is a hole. */
  #closeHole(): void {
    if (this.#goodEnd === this.#lineStart) return;
    const hole = { start: this.#goodEnd, length: this.#lineStart - this.#goodEnd };
    this.#holes.push(hole);
    if (this.#holes.length <= MAX_HOLES) for (const line of holeFilling(hole.length)) this.#hash.update(line);
    this.#goodEnd = this.#lineStart;
    this.#hashed = this.#lineStart;
  }

  #keep(part: Buffer): void {
    this.#lineBytes += part.length;
    if (this.#line === null) return;
    if (this.#lineBytes > MAX_LINE_BYTES) this.#line = null;
    else if (part.length > 0) this.#line.push(Buffer.from(part));
  }

  /** Whether a line is what may stand there; takes from it what is to be known. */
  #accepts(bytes: Buffer): boolean {
    if (!isUtf8(bytes)) return false;
    const line = bytes.toString('utf8');
    if (this.#lines === 0) {
      this.#header = parseHeader(line);
      this.#cols = this.#header?.term.cols ?? 0;
      this.#rows = this.#header?.term.rows ?? 0;
      return this.#header !== null;
    }
    if (line === '' || (line.startsWith('#') && !line.includes('\0'))) return true;
    const event = parseEvent(line);
    if (event === null || !Number.isSafeInteger(this.#endMicros + event.intervalMicros)) return false;
    this.#endMicros += event.intervalMicros;
    this.#last = event;
    if (event.code === 'r') {
      const size = /^(\d{1,5})x(\d{1,5})$/.exec(event.data);
      if (size !== null) [this.#cols, this.#rows] = [Number(size[1]), Number(size[2])];
    } else if (event.code === 'm' && event.data.startsWith('gap: ')) {
      this.#gap ??= event.data;
    }
    return true;
  }
}
