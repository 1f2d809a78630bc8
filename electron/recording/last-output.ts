import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { type CastHeader, MAX_LINE_BYTES, parseHeader } from './exports/cast-reader.ts';
import { describeFileError, errorCode } from './failure.ts';
import { parseEvent } from './repair/repair-scan.ts';

const READ_BYTES = 65_536;
const NEWLINE = 0x0a;

/** What there was to be read of a recording besides its output. */
export interface LastOutput {
  /** Whether output before what was given is left out. */
  readonly truncated: boolean;
  /** What could not be read, for a person; null when nothing is missing. */
  readonly trouble: string | null;
}

interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** Takes what a recording's terminal was shown, in order. */
export interface OutputReceiver {
  /** Reading continues when this has resolved. */
  output(bytes: Uint8Array): Promise<void> | void;
  /** The output after this was drawn at another size, or begins at it. */
  size(size: TerminalSize): void;
}

/**
 * Gives the output at the end of a recording, and the sizes it was drawn at, piece by piece: all of a file of up to `maxBytes`, else that
 * many of its last bytes. What is damaged is left out. Never follows a link; never rejects for what a file may be.
 */
export async function readLastOutput(file: string, maxBytes: number, receiver: OutputReceiver): Promise<LastOutput> {
  try {
    await using handle = await openRecording(file);
    if (!(await handle.stat()).isFile()) return nothing('Its recording is not a regular file.');
    return await readEnd(handle, maxBytes, receiver);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return nothing('There is no recording of it.');
    if (code === 'ELOOP') return nothing('Its recording is not a regular file.');
    return nothing(`Its recording cannot be read. ${describeFileError(error).what}`);
  }
}

/** The header of a recording; null where none can be read. */
export async function readHeader(file: string): Promise<CastHeader | null> {
  try {
    await using handle = await openRecording(file);
    const stats = await handle.stat();
    if (!stats.isFile()) return null;
    for await (const line of readLines(handle, 0, Math.min(stats.size, READ_BYTES))) {
      return line === null ? null : parseHeader(line);
    }
  } catch {
    // Not there, or not to be read.
  }
  return null;
}

async function openRecording(file: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  if (O_NOFOLLOW === 0 && (await lstat(file)).isSymbolicLink())
    throw Object.assign(new Error('It is a symbolic link'), { code: 'ELOOP' });
  return open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

async function readEnd(handle: FileHandle, maxBytes: number, receiver: OutputReceiver): Promise<LastOutput> {
  const { size: fileBytes } = await handle.stat();
  const start = Math.max(0, fileBytes - maxBytes);
  let damaged = false;
  let lines = 0;
  const takeHeader = (line: string | null): void => {
    const header = line === null ? null : parseHeader(line);
    if (header === null) damaged = true;
    else receiver.size({ cols: header.term.cols, rows: header.term.rows });
  };
  if (start > 0) {
    // The beginning is far away: only its first line is read.
    for await (const line of readLines(handle, 0, Math.min(start, READ_BYTES))) {
      takeHeader(line);
      break;
    }
  }
  for await (const line of readLines(handle, start, fileBytes)) {
    lines += 1;
    if (lines === 1) {
      // Of a line that is cut into, nothing is shown.
      if (start === 0) takeHeader(line);
      continue;
    }
    if (line === '' || line?.startsWith('#')) continue;
    const event = line === null ? null : parseEvent(line);
    if (event === null) damaged = true;
    else if (event.code === 'o') await receiver.output(Buffer.from(event.data));
    else if (event.code === 'r') {
      const size = sizeOf(event.data);
      if (size !== null) receiver.size(size);
    }
  }
  // One line that long is none.
  if (start > 0 && lines < 2) damaged = true;
  return { truncated: start > 0, trouble: damaged ? 'Parts of its recording are damaged.' : null };
}

/** The lines of a part of a file, the last one also without a line end; null for one that is too long to be one. */
async function* readLines(handle: FileHandle, start: number, end: number): AsyncGenerator<string | null> {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let parts: Buffer[] | null = [];
  let length = 0;
  for (let position = start; position < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(READ_BYTES, end - position), position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const piece = buffer.subarray(0, bytesRead);
    let from = 0;
    for (let newline = piece.indexOf(NEWLINE); newline >= 0; newline = piece.indexOf(NEWLINE, from)) {
      yield parts === null ? null : Buffer.concat([...parts, piece.subarray(from, newline)]).toString('utf8');
      parts = [];
      length = 0;
      from = newline + 1;
    }
    length += bytesRead - from;
    if (length > MAX_LINE_BYTES) parts = null;
    else if (bytesRead > from) parts?.push(Buffer.from(piece.subarray(from)));
  }
  if (length > 0) yield parts === null ? null : Buffer.concat(parts).toString('utf8');
}

/** The size of a resize event (`80x24`); null when it is none that a terminal can have. */
function sizeOf(data: string): TerminalSize | null {
  const match = /^(\d{1,5})x(\d{1,5})$/.exec(data);
  if (match === null) return null;
  const [cols, rows] = [Number(match[1]), Number(match[2])];
  return cols > 0 && rows > 0 ? { cols, rows } : null;
}

function nothing(trouble: string): LastOutput {
  return { truncated: false, trouble };
}
