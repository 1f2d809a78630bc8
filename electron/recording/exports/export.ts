import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  METADATA_FILE,
  RECORDING_FILE,
  type SessionMetadata,
} from '../../../shared/recording.ts';
import { formatMetadata } from '../metadata.ts';
import { completeBytes, readBytes, readCast } from './cast-reader.ts';
import { castV2 } from './cast-v2.ts';
import { castText } from './text.ts';
import { zipStream } from './zip.ts';

/** What is known of the session: all of its metadata when it has ended, part of it while it lives. */
export type ExportMetadata = Partial<SessionMetadata> & Pick<SessionMetadata, 'id' | 'startedAt'>;

export interface ExportOptions {
  /** The session's folder. */
  readonly folder: string;
  readonly metadata: ExportMetadata;
}

/** An export ready to be written out. */
export interface Export {
  /** A suggested file name of letters, digits, `-` and `.`, such as `sandglass-2026-11-21-1530-7N27QX.cast`. */
  readonly name: string;
  readonly mediaType: string;
  readonly format: ExportFormat;
  /**
   * A fresh stream at each call; it pushes back, and destroying it closes what it reads. Of a session that lives it is
   * what has been written so far (call the recorder's `flush` first). Its errors are `RequestError`s of code
   * `export_failed`, with a message for a person.
   */
  open(): Readable;
}

/** File name endings and media types; that of asciicast is the one its specification suggests. */
const KINDS: Readonly<Record<ExportFormat, { readonly ending: string; readonly mediaType: string }>> = {
  'cast-v3': { ending: '.cast', mediaType: 'application/x-asciicast' },
  'cast-v2': { ending: '.v2.cast', mediaType: 'application/x-asciicast' },
  text: { ending: '.txt', mediaType: 'text/plain; charset=utf-8' },
  json: { ending: '.json', mediaType: 'application/json' },
  zip: { ending: '.zip', mediaType: 'application/zip' },
};

/** How much text is put together before it is passed on, in UTF-16 units. */
const PIECE_LENGTH = 65_536;

/** Prepares an export; nothing is read before it is opened. */
export function createExport(format: ExportFormat, options: ExportOptions): Export {
  const { ending, mediaType } = KINDS[format];
  return { name: exportName(options.metadata, ending), mediaType, format, open: () => openExport(format, options) };
}

function openExport(format: ExportFormat, { folder, metadata }: ExportOptions): Readable {
  const path = join(folder, RECORDING_FILE);
  if (format === 'zip') return openBundle(path, metadata);
  return openFile(format, path, () => completeBytes(path), metadata);
}

/** All formats in one zip, as one state of the recording: each file holds the same events, also when more are coming. */
function openBundle(path: string, metadata: ExportMetadata): Readable {
  let end: Promise<number> | null = null;
  const measure = (): Promise<number> => {
    end ??= completeBytes(path);
    return end;
  };
  const names = { 'cast-v3': RECORDING_FILE, 'cast-v2': 'recording.v2.cast', text: 'output.txt', json: METADATA_FILE };
  const entries = EXPORT_FORMATS.flatMap((format) =>
    format === 'zip'
      ? []
      : [{ name: `${metadata.id}/${names[format]}`, open: () => openFile(format, path, measure, metadata) }],
  );
  return zipStream(entries, new Date(metadata.endedAt ?? metadata.startedAt));
}

function openFile(
  format: Exclude<ExportFormat, 'zip'>,
  path: string,
  measure: () => Promise<number>,
  metadata: ExportMetadata,
): Readable {
  switch (format) {
    case 'cast-v3':
      return streamOf(recordingBytes(path, measure));
    case 'cast-v2':
      return streamOf(inPieces(recordingV2(path, measure, metadata)));
    case 'text':
      return streamOf(inPieces(recordingText(path, measure)));
    case 'json':
      return streamOf([formatMetadata(metadata)]);
  }
}

async function* recordingBytes(path: string, measure: () => Promise<number>): AsyncGenerator<Buffer> {
  yield* readBytes(path, await measure());
}

async function* recordingV2(
  path: string,
  measure: () => Promise<number>,
  metadata: ExportMetadata,
): AsyncGenerator<string> {
  await using recording = await readCast(path, await measure());
  yield* castV2(recording, metadata.durationSeconds ?? null);
}

async function* recordingText(path: string, measure: () => Promise<number>): AsyncGenerator<string> {
  await using recording = await readCast(path, await measure());
  yield* castText(recording);
}

/** Puts small texts together, because each piece of a stream has its price. */
async function* inPieces(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let piece: string[] = [];
  let length = 0;
  for await (const text of texts) {
    piece.push(text);
    length += text.length;
    if (length < PIECE_LENGTH) continue;
    yield piece.join('');
    piece = [];
    length = 0;
  }
  if (length > 0) yield piece.join('');
}

function streamOf(source: Iterable<string> | AsyncIterable<string | Buffer>): Readable {
  return Readable.from(source, { objectMode: false, highWaterMark: PIECE_LENGTH });
}

/** Named by when the session began, in the time of this place, and the end of its id. */
function exportName({ id, startedAt }: ExportMetadata, ending: string): string {
  const at = new Date(startedAt);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `sandglass-${day}-${two(at.getHours())}${two(at.getMinutes())}-${id.slice(-6)}${ending}`;
}
