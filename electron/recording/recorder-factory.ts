import { constants } from 'node:fs';
import { type FileHandle, mkdir, open as openFileAt, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RECORDING_FILE } from '../../shared/recording.ts';
import type { SessionId } from '../../shared/session.ts';
import type { Clock } from '../base/clock.ts';
import { encodeHeader } from './encoder.ts';
import { type AsyncEncoder, EncoderThread } from './encoder-thread.ts';
import { describeFileError, fileError } from './failure.ts';
import { FileRecorder, MAX_WAITING_BYTES, type RecordingLogger } from './file-recorder.ts';
import { sessionFolder } from './folders.ts';
import type { RecorderFactory, RecorderListener, RecorderResult, RecordingHeader, ReopenResult } from './recorder.ts';
import { createFile, type OpenFile, RecordingFile } from './recording-file.ts';
import { type RepairedRecording, repairRecording } from './repair/repair.ts';

/** How much of a file is read at once, in bytes. */
const READ_BYTES = 262_144;

export interface RecorderFactoryOptions {
  /** The folder of all sessions; made when the first is recorded. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly logger: RecordingLogger;
  /** How a recording's file is created; for faults that cannot be caused otherwise. */
  readonly openFile?: OpenFile;
  /** The module of the thread that encodes; for tests. */
  readonly encoderUrl?: URL;
  /** How many bytes may wait for a slow disk, per session. */
  readonly maxWaitingBytes?: number;
}

/** Records sessions to asciicast v3 files: folders for their owner alone (0700), files too (0600). */
export function createRecorderFactory(options: RecorderFactoryOptions): RecorderFactory {
  const { folder, clock, logger, openFile = createFile, maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const encoders = new EncoderThread((err, message) => logger.warn({ err }, message), options.encoderUrl);
  const folderOf = (id: SessionId): string => sessionFolder(folder, id);

  async function open(header: RecordingHeader, listener: RecorderListener): Promise<RecorderResult> {
    const sessionFolder = folderOf(header.sessionId);
    const path = join(sessionFolder, RECORDING_FILE);
    let file: RecordingFile | null = null;
    try {
      await mkdir(sessionFolder, { recursive: true, mode: 0o700 });
      file = new RecordingFile(await openFile(path));
      const head = encodeHeader(header);
      await file.append(head);
      const encoder = await encoders.open(head);
      const recorder = new FileRecorder({ path, file, encoder, listener, clock, logger, maxWaitingBytes });
      return { ok: true, recorder };
    } catch (error) {
      logger.warn({ err: error, file: path }, 'A recording could not be opened');
      if (file !== null) await discard(file, path);
      await rmdir(sessionFolder).catch(() => {
        // Not there, or not empty: then it is not ours to remove.
      });
      const { what, hint } = describeFileError(error);
      return {
        ok: false,
        failure: { stage: 'recording', message: `The recording cannot be written to ${sessionFolder}. ${what}`, hint },
      };
    }
  }

  /** Removes a file that has no header, so that no broken recording lies about. */
  async function discard(file: RecordingFile, path: string): Promise<void> {
    const log = (err: unknown, message: string): void => logger.warn({ err, file: path }, message);
    await file.abandon(log);
    await rm(path, { force: true }).catch((error: unknown) => log(error, 'An empty recording could not be removed'));
  }

  async function reopen(id: SessionId): Promise<ReopenResult> {
    const path = join(folderOf(id), RECORDING_FILE);
    const repaired = await repairRecording(path, { endMs: null });
    if (!repaired.ok) {
      const hint = 'The session continues without it.';
      return { ok: false, failure: { stage: 'recording', message: repaired.message, hint } };
    }
    const { lastEventMs, cols, rows } = repaired;
    const resume = (listener: RecorderListener): Promise<RecorderResult> => resumeWith(path, repaired, listener);
    return { ok: true, lastEventMs, cols, rows, resume };
  }

  async function resumeWith(
    path: string,
    { bytes, lastEventMs, hadEnd }: RepairedRecording,
    listener: RecorderListener,
  ): Promise<RecorderResult> {
    let handle: FileHandle | null = null;
    let encoder: AsyncEncoder | null = null;
    try {
      if (hadEnd) throw fileError('EEXIST', 'The recording has an end already');
      handle = await openExisting(path, bytes);
      // Whole milliseconds, as the encoder counts: what a file of another make has finer is rounded once.
      encoder = await encoders.open(new Uint8Array(0), Math.round(lastEventMs));
      await hashExisting(encoder, handle, bytes);
      const file = new RecordingFile(handle, bytes);
      const recorder = new FileRecorder({ path, file, encoder, listener, clock, logger, maxWaitingBytes });
      return { ok: true, recorder };
    } catch (error) {
      logger.warn({ err: error, file: path }, 'A recording could not be continued');
      encoder?.drop();
      await handle?.close().catch((failed: unknown) => {
        logger.warn({ err: failed, file: path }, 'The file of a recording could not be closed properly');
      });
      const { what, hint } = describeFileError(error);
      return {
        ok: false,
        failure: { stage: 'recording', message: `The recording ${path} cannot be continued. ${what}`, hint },
      };
    }
  }

  return { folderOf, open, reopen };
}

/** Opens a file of this length to continue at its end; refuses a link and anything that is no file. */
async function openExisting(path: string, bytes: number): Promise<FileHandle> {
  const { O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const handle = await openFileAt(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  const stats = await handle.stat();
  if (stats.isFile() && stats.size === bytes) return handle;
  await handle.close();
  throw fileError('ESTALE', 'The recording was changed meanwhile');
}

/** Has the encoder hash what is in the file. */
async function hashExisting(encoder: AsyncEncoder, handle: FileHandle, bytes: number): Promise<void> {
  for (let position = 0; position < bytes; ) {
    const buffer = new Uint8Array(Math.min(READ_BYTES, bytes - position));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) throw fileError('ESTALE', 'The recording was changed meanwhile');
    await encoder.known(bytesRead === buffer.length ? buffer : buffer.slice(0, bytesRead));
    position += bytesRead;
  }
}
