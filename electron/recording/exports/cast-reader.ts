import { type FileHandle, open } from 'node:fs/promises';
import * as z from 'zod';
import { RequestError } from '../../../shared/errors.ts';
import { describeFileError } from '../failure.ts';

const READ_BYTES = 65_536;
/** The longest line that is read, in bytes; what Sandglass writes stays far below. */
export const MAX_LINE_BYTES = 16 * 1_048_576;

const headerSchema = z.looseObject({
  version: z.literal(3),
  term: z.looseObject({ cols: z.int().min(1), rows: z.int().min(1), type: z.string().optional() }),
  timestamp: z.number().optional(),
  command: z.string().optional(),
  title: z.string().optional(),
  tags: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
});
/** The header of an asciicast v3 file, as far as exports need it. */
export type CastHeader = z.infer<typeof headerSchema>;

/** The first line of an asciicast v3 file; null when it is none. */
export function parseHeader(line: string): CastHeader | null {
  return headerSchema.safeParse(parseJson(line)).data ?? null;
}

const eventSchema = z.tuple([z.number().min(0), z.string(), z.string()]);

/** An event of an asciicast v3 file; `atMicros` counts from its beginning, in microseconds. */
export interface CastEvent {
  readonly atMicros: number;
  readonly code: string;
  readonly data: string;
}

/** A recording being read; its events can be read once. Disposing it closes the file, wherever reading is. */
export interface CastReader extends AsyncDisposable {
  readonly header: CastHeader;
  readonly events: AsyncGenerator<CastEvent, void, undefined>;
}

/** Opens a recording for reading; an error says what is wrong with it for a person. */
async function openRecording(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw readError(path, error);
  }
}

/**
 * Where the last complete line of a recording ends, in bytes: a torn last line (a crash, or a session that is being
 * recorded right now) is no part of an export.
 */
export async function completeBytes(path: string): Promise<number> {
  await using handle = await openRecording(path);
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let end = (await handle.stat()).size;
  while (end > 0) {
    const start = Math.max(0, end - READ_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, end - start, start);
    const newline = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  throw new RequestError('export_failed', `The recording ${path} is empty.`);
}

/** The first `end` bytes of a file, piece by piece. */
export async function* readBytes(path: string, end: number): AsyncGenerator<Buffer, void, undefined> {
  await using handle = await openRecording(path);
  for (let position = 0; position < end; ) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - position));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position).catch((error: unknown) => {
      throw readError(path, error);
    });
    if (bytesRead === 0)
      throw new RequestError('export_failed', `The recording ${path} became shorter while it was read.`);
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * Reads the first `end` bytes of an asciicast v3 file, https://docs.asciinema.org/manual/asciicast/v3/, event by event.
 * Comments and empty lines are left out. A line that is neither header nor event ends it with an error that names it.
 */
export async function readCast(path: string, end: number): Promise<CastReader> {
  const lines = readLines(path, end);
  const first = await lines.next();
  if (first.done) throw new RequestError('export_failed', `The recording ${path} is empty.`);
  const header = parseHeader(first.value.text);
  if (header === null) {
    await lines.return();
    throw new RequestError(
      'export_failed',
      `${path} is not an asciicast v3 recording: its first line is not a header.`,
    );
  }
  return {
    header,
    events: readEvents(path, lines),
    async [Symbol.asyncDispose]() {
      await lines.return();
    },
  };
}

async function* readEvents(
  path: string,
  lines: AsyncGenerator<NumberedLine, void, undefined>,
): AsyncGenerator<CastEvent, void, undefined> {
  let atMicros = 0;
  for await (const { number, text } of lines) {
    if (text === '' || text.startsWith('#')) continue;
    const event = eventSchema.safeParse(parseJson(text));
    if (!event.success) {
      throw new RequestError('export_failed', `The recording ${path} is damaged: line ${number} is not an event.`);
    }
    const [interval, code, data] = event.data;
    atMicros += Math.round(interval * 1_000_000);
    yield { atMicros, code, data };
  }
}

interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

async function* readLines(path: string, end: number): AsyncGenerator<NumberedLine, void, undefined> {
  let number = 1;
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of readBytes(path, end)) {
    let start = 0;
    for (let newline = chunk.indexOf(0x0a); newline >= 0; newline = chunk.indexOf(0x0a, start)) {
      const rest = chunk.subarray(start, newline);
      const line = parts.length === 0 ? rest : Buffer.concat([...parts, rest]);
      parts = [];
      length = 0;
      start = newline + 1;
      yield { number: number++, text: line.toString('utf8') };
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > MAX_LINE_BYTES) {
      throw new RequestError('export_failed', `The recording ${path} is damaged: line ${number} does not end.`);
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readError(path: string, cause: unknown): RequestError {
  return new RequestError('export_failed', `The recording ${path} cannot be read. ${describeFileError(cause).what}`, {
    cause,
  });
}
