import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { describeFileError, errorCode, fileError } from '../failure.ts';
import { holeFilling, RecordingScan, type Scan } from './repair-scan.ts';

/** The label of the marker at the end of a recording that nobody closed. */
const CRASH_LABEL = 'ended when Sandglass stopped unexpectedly';
/**
 * The exit status of a shell that nobody saw end. Readers of asciicast v3 want a whole number there (asciinema 3 refuses
 * a recording with anything else), and no shell has this one.
 */
export const UNKNOWN_EXIT_STATUS = '-1';

/** Read at once: what it takes to look at it holds nothing else up for longer than a few milliseconds. */
const READ_BYTES = 65_536;

/** What a repaired recording is. */
export interface RepairedRecording {
  readonly ok: true;
  readonly bytes: number;
  /** Of the repaired file, lowercase hex. */
  readonly sha256: string;
  /** When its last event is, the repair's own included: the sum of all intervals, in milliseconds. */
  readonly lastEventMs: number;
  /** Whether it had been closed with an exit status. Then nothing but damage was mended. */
  readonly hadEnd: boolean;
  /** The exit status it ends with; {@link UNKNOWN_EXIT_STATUS} after a repair, this one or an earlier. */
  readonly exitStatus: string;
  /** Bytes of its torn end that were cut off. */
  readonly cutBytes: number;
  /** What a marker says of output that is missing before the end; null: none does. */
  readonly gap: string | null;
  /** The terminal's last size. */
  readonly cols: number;
  readonly rows: number;
}

/**
 * Why a recording could not be repaired. `empty`: nothing but a part of its header was ever written; `no_header`: there is
 * more, but nothing that could be played.
 */
const REPAIR_OBSTACLES = [
  'missing',
  'not_a_file',
  'unreadable',
  'empty',
  'no_header',
  'riddled',
  'unwritable',
] as const;
export type RepairObstacle = (typeof REPAIR_OBSTACLES)[number];

/** A recording that was left as it was found; with `unwritable`, at most its torn end may have been cut off. */
interface UnrepairedRecording {
  readonly ok: false;
  readonly obstacle: RepairObstacle;
  /** What is wrong, and what to do, for a person. */
  readonly message: string;
  /** When its last event that can be read is, in milliseconds; 0 where none can. */
  readonly lastEventMs: number;
  /** Bytes of the file; 0 where it is not known. */
  readonly bytes: number;
}

export type RepairResult = RepairedRecording | UnrepairedRecording;

/** What a repair needs of an open file; a `FileHandle` has it. */
export interface RepairHandle extends AsyncDisposable {
  stat(): Promise<{ readonly ino: number; readonly dev: number; readonly size: number; isFile(): boolean }>;
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
}

/** Opens a file that must be there, without following a link at its end; rejects with the system's error. */
export type OpenForRepair = (file: string, access: 'read' | 'write') => Promise<RepairHandle>;

export interface RepairOptions {
  /**
   * When the session was last known to be alive, in milliseconds since its start: the recording's end is not earlier. Null:
   * the session goes on, and so does its recording, which gets no end.
   */
  readonly endMs: number | null;
  /** How the file is opened; for faults that cannot be caused otherwise. */
  readonly open?: OpenForRepair;
}

/** Windows has no such flag, so a link is looked for before. Neither a pipe nor a device is waited for. */
const openExisting: OpenForRepair = async (file, access): Promise<FileHandle> => {
  const { O_RDONLY, O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  if (O_NOFOLLOW === 0 && (await lstat(file)).isSymbolicLink()) throw fileError('ELOOP', 'It is a symbolic link');
  return open(file, (access === 'write' ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK);
};

/**
 * Gives a recording that was not closed, because the app or the machine stopped, a proper end: what is torn at its end
 * is cut off, whole lines that are damaged before that become a marker or a comment, and a marker and an exit status
 * follow. A recording that is whole stays as it is, byte for byte, so that a second repair changes nothing; one that was
 * interrupted is completed by the next.
 *
 * The file is read as a stream in bounded memory, whatever its size, and is on the disk when this resolves. Never
 * follows a link, and touches nothing but a regular file. Never rejects for what a file or a disk may do.
 */
export async function repairRecording(file: string, options: RepairOptions): Promise<RepairResult> {
  const { open: openFile = openExisting, endMs } = options;
  let found: Awaited<ReturnType<typeof readThrough>>;
  try {
    found = await readThrough(file, openFile);
  } catch (error) {
    return cannotRead(file, error);
  }
  if (found === null) return unrepaired('not_a_file', `${file} is not a regular file. It was left alone.`);
  const { scan, hash, ino, dev, size } = found;
  const lastEventMs = scan.endMicros / 1_000;
  if (scan.header === null) {
    const message = `There is nothing to be played in ${file}: its first line is missing or damaged.`;
    return { ...unrepaired(scan.isEmpty ? 'empty' : 'no_header', message), bytes: size };
  }
  if (scan.riddled) {
    const message = `${file} is damaged in too many places to be mended. It was left as it is.`;
    return { ...unrepaired('riddled', message), bytes: size, lastEventMs };
  }
  const { tail, endMicros } = missingEnd(scan, endMs);
  const bytes = scan.goodEnd + tail.length;
  try {
    if (tail.length > 0 || scan.holes.length > 0 || scan.size !== bytes)
      await mend(file, openFile, scan, tail, { ino, dev });
  } catch (error) {
    const { what, hint } = describeFileError(error);
    const message = `The recording ${file} lacks its end, which could not be written. ${what} ${hint}`;
    return { ...unrepaired('unwritable', message), bytes: scan.size, lastEventMs };
  }
  const hadEnd = scan.last?.code === 'x';
  return {
    ok: true,
    bytes,
    sha256: hash.update(tail).digest('hex'),
    lastEventMs: endMicros / 1_000,
    hadEnd,
    exitStatus: scan.last?.code === 'x' ? scan.last.data : UNKNOWN_EXIT_STATUS,
    cutBytes: scan.size - scan.goodEnd,
    gap: scan.gap ?? (scan.holes.length > 0 ? 'Parts of the recording are damaged.' : null),
    cols: scan.cols,
    rows: scan.rows,
  };
}

/** Reads the whole file; null: it is no regular one. */
async function readThrough(file: string, openFile: OpenForRepair) {
  await using handle = await openFile(file, 'read');
  const stats = await handle.stat();
  if (!stats.isFile()) return null;
  const { ino, dev, size } = stats;
  const reading = new RecordingScan();
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let position = 0; !reading.hopeless; ) {
    const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, position);
    if (bytesRead === 0) break;
    reading.push(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return { ...reading.finish(), ino, dev, size };
}

/** The lines that a recording lacks at its end; none when it has an exit status. */
function missingEnd(scan: Scan, endMs: number | null): { readonly tail: Buffer; readonly endMicros: number } {
  const { last, lacksNewline } = scan;
  const lineEnd = lacksNewline ? '\n' : '';
  if (last?.code === 'x' || endMs === null) return { tail: Buffer.from(lineEnd), endMicros: scan.endMicros };
  // An earlier repair may have come as far as the marker.
  const isMarked = last?.code === 'm' && last.data === CRASH_LABEL;
  const waitMicros = isMarked ? 0 : Math.max(0, Math.round(endMs) * 1_000 - scan.endMicros);
  const marker = isMarked ? '' : `[${seconds(waitMicros)}, "m", ${JSON.stringify(CRASH_LABEL)}]\n`;
  const exit = `[0.000, "x", "${UNKNOWN_EXIT_STATUS}"]\n`;
  return { tail: Buffer.from(lineEnd + marker + exit), endMicros: scan.endMicros + waitMicros };
}

/** As the recorder writes them, to the millisecond, but for a file that counts finer. */
function seconds(micros: number): string {
  return (micros / 1_000_000).toFixed(micros % 1_000 === 0 ? 3 : 6);
}

/** Makes the file what the scan has hashed, and the tail. Rejects with the system's error. */
async function mend(
  file: string,
  openFile: OpenForRepair,
  scan: Scan,
  tail: Buffer,
  identity: { readonly ino: number; readonly dev: number },
): Promise<void> {
  await using handle = await openFile(file, 'write');
  const { ino, dev, size } = await handle.stat();
  if (ino !== identity.ino || dev !== identity.dev || size !== scan.size)
    throw fileError('ESTALE', 'The recording was changed while it was repaired');
  for (const { start, length } of scan.holes) {
    let position = start;
    for (const line of holeFilling(length)) {
      await writeAll(handle, line, position);
      position += line.length;
    }
  }
  try {
    await writeAll(handle, tail, scan.goodEnd);
  } catch (error) {
    // What came of the tail is torn again; without it the recording can be read to its last event.
    await handle.truncate(scan.goodEnd).catch(() => {
      // The next repair cuts it.
    });
    throw error;
  }
  await handle.truncate(scan.goodEnd + tail.length);
  await handle.sync();
}

async function writeAll(handle: RepairHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    if (bytesWritten === 0) throw fileError('EIO', 'The disk took nothing of a write');
    written += bytesWritten;
  }
}

function cannotRead(file: string, error: unknown): UnrepairedRecording {
  const code = errorCode(error);
  if (code === 'ENOENT') return unrepaired('missing', `There is no recording at ${file}.`);
  if (code === 'ELOOP' || code === 'ENXIO' || code === 'EISDIR' || code === 'ENOTDIR')
    return unrepaired('not_a_file', `${file} is not a regular file. It was left alone.`);
  const { what, hint } = describeFileError(error);
  return unrepaired('unreadable', `The recording ${file} cannot be read. ${what} ${hint}`);
}

function unrepaired(obstacle: RepairObstacle, message: string): UnrepairedRecording {
  return { ok: false, obstacle, message, lastEventMs: 0, bytes: 0 };
}
