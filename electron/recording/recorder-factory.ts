import { mkdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RECORDING_FILE } from '../../shared/recording.ts';
import type { SessionId } from '../../shared/session.ts';
import type { Clock } from '../sessions/clock.ts';
import { encodeHeader } from './encoder.ts';
import { EncoderThread } from './encoder-thread.ts';
import { describeFileError } from './failure.ts';
import { FileRecorder, MAX_WAITING_BYTES, type RecordingLogger } from './file-recorder.ts';
import { sessionFolder } from './folders.ts';
import type { RecorderFactory, RecorderListener, RecorderResult, RecordingHeader } from './recorder.ts';
import { createFile, type OpenFile, RecordingFile } from './recording-file.ts';

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

  return { folderOf, open };
}
