import type { Clock, Timer } from '../base/clock.ts';
import { Backlog, type Entry, MAX_EVENT_BYTES } from './backlog.ts';
import { type Batch, packBatch } from './batch.ts';
import type { AsyncEncoder } from './encoder-thread.ts';
import { describeFileError, errorCode, fileError } from './failure.ts';
import type { ClosedRecording, Recorder, RecorderListener } from './recorder.ts';
import type { RecordingFile } from './recording-file.ts';

/** Where the recorder says what went wrong; pino's loggers fit. */
export interface RecordingLogger {
  warn(details: object, message: string): void;
}

/** How long a quiet recording stays behind, in milliseconds. */
const FLUSH_AFTER_MS = 250;
/** How much output is encoded and written at once, in bytes: few messages and large writes. */
const BATCH_BYTES = 4 * MAX_EVENT_BYTES;
/** The same when more waits than the disk seems to take: fewer, larger writes catch up sooner. */
const MAX_BATCH_BYTES = 4 * BATCH_BYTES;
/** How much may wait for a slow disk, in bytes. */
export const MAX_WAITING_BYTES = 32 * 1_048_576;
/** How long the end of a session waits for a disk that does not answer at all, in milliseconds. */
const STALL_MS = 4_000;

export interface FileRecorderOptions {
  readonly path: string;
  readonly file: RecordingFile;
  readonly encoder: AsyncEncoder;
  readonly listener: RecorderListener;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly logger: RecordingLogger;
  readonly maxWaitingBytes: number;
}

/**
 * Records to a file, behind the session: events only queue up here; one loop at a time has them encoded and writes them
 * in batches, as soon as one is full, else after {@link FLUSH_AFTER_MS}.
 */
export class FileRecorder implements Recorder {
  readonly #options: FileRecorderOptions;
  readonly #file: RecordingFile;
  readonly #backlog: Backlog;
  #timer: Timer | null = null;
  #writing: Promise<void> | null = null;
  /** How many events are in the file, and who waits for how many. */
  #written = 0;
  /** How many events are to be written even if they do not fill a batch. */
  #urgent = 0;
  #flushes: { upTo: number; resolve: () => void }[] = [];
  #failed = false;
  #message: string | null = null;
  #closed: Promise<ClosedRecording> | null = null;

  constructor(options: FileRecorderOptions) {
    this.#options = options;
    this.#file = options.file;
    this.#backlog = new Backlog(options.maxWaitingBytes);
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  get waitingBytes(): number {
    return this.#failed ? 0 : this.#backlog.waitingBytes;
  }

  addSecret(name: string, value: string): void {
    if (!this.#stopped) this.#options.encoder.addSecret(name, value);
  }

  output(atMs: number, bytes: Uint8Array): void {
    if (this.#stopped || bytes.length === 0) return;
    if (!this.#backlog.output(atMs, bytes)) this.#tellGap();
    this.#wake();
  }

  resize(atMs: number, cols: number, rows: number): void {
    this.#event('r', atMs, `${cols}x${rows}`);
  }

  marker(atMs: number, label: string): void {
    this.#event('m', atMs, label);
  }

  flush(): Promise<void> {
    this.#backlog.seal();
    const upTo = this.#backlog.accepted;
    if (this.#failed || this.#written >= upTo) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushes.push({ upTo, resolve });
    void this.#write(upTo);
    return promise;
  }

  close(atMs: number, exitStatus: number | null): Promise<ClosedRecording> {
    this.#closed ??= this.#close(atMs, exitStatus);
    return this.#closed;
  }

  get #stopped(): boolean {
    return this.#failed || this.#closed !== null;
  }

  get #isUrgent(): boolean {
    return !this.#backlog.isEmpty && this.#backlog.taken < this.#urgent;
  }

  #event(kind: 'r' | 'm', atMs: number, data: string): void {
    if (this.#stopped) return;
    if (!this.#backlog.event(kind, atMs, data)) this.#tellGap();
    this.#wake();
  }

  #wake(): void {
    if (this.#writing !== null) return;
    if (this.#backlog.waitingBytes >= BATCH_BYTES) void this.#write(0);
    else this.#timer ??= this.#options.clock.setTimer(FLUSH_AFTER_MS, () => void this.#write(this.#backlog.accepted));
  }

  /** Writes while a batch is full, and at least the first `upTo` events. Never rejects. A call while it runs joins it. */
  #write(upTo: number): Promise<void> {
    this.#stopTimer();
    this.#urgent = Math.max(this.#urgent, upTo);
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    try {
      await this.#file.checkExists();
      while (!this.#failed && (this.#backlog.waitingBytes >= BATCH_BYTES || this.#isUrgent)) {
        const batch = this.#takeBatch();
        const upTo = this.#backlog.taken;
        await this.#file.append(await this.#options.encoder.encode(batch));
        this.#written = upTo;
        this.#answerFlushes();
      }
    } catch (error) {
      await this.#fail(error);
    }
    // In the same step as the last look at the backlog, so that nothing can slip in between and wait forever.
    this.#writing = null;
    if (!this.#stopped && !this.#backlog.isEmpty) this.#wake();
  }

  #answerFlushes(): void {
    if (this.#flushes.length === 0) return;
    const ready = this.#flushes.filter((flush) => this.#failed || flush.upTo <= this.#written);
    this.#flushes = this.#flushes.filter((flush) => !ready.includes(flush));
    for (const flush of ready) flush.resolve();
  }

  #takeBatch(): Batch {
    const entries: Entry[] = [];
    const limit = Math.min(MAX_BATCH_BYTES, Math.max(BATCH_BYTES, this.#backlog.waitingBytes / 4));
    for (let taken = 0; taken < limit; ) {
      const entry = this.#backlog.shift();
      if (entry === undefined) break;
      entries.push(entry);
      taken += entry.kind === 'output' ? entry.bytes : 64;
    }
    return packBatch(entries);
  }

  async #close(atMs: number, exitStatus: number | null): Promise<ClosedRecording> {
    if (!this.#failed) this.#backlog.end(atMs, exitStatus);
    const stalled = this.#watchForStall();
    let sha256: string | null = null;
    try {
      await Promise.race([this.#write(Number.POSITIVE_INFINITY), stalled.promise]);
      if (!this.#failed) sha256 = await Promise.race([this.#finish(atMs), stalled.promise]);
    } catch (error) {
      await this.#fail(error);
      sha256 = null;
    } finally {
      stalled.stop();
      this.#stopTimer();
    }
    return {
      file: this.#options.path,
      bytes: this.#file.bytes,
      sha256,
      truncated: this.#message !== null,
      message: this.#message,
    };
  }

  /** Writes what is left of a character that was never completed (the exit status, if known, took it along). */
  async #finish(atMs: number): Promise<string> {
    const { rest, sha256 } = await this.#options.encoder.finish(atMs);
    await this.#file.append(rest);
    await this.#file.checkExists();
    await this.#file.finish();
    return sha256;
  }

  /** Rejects when the file has not grown for {@link STALL_MS}. */
  #watchForStall(): { promise: Promise<never>; stop(): void } {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    let seen = this.#file.bytes;
    let timer: Timer;
    const watch = (): void => {
      timer = this.#options.clock.setTimer(STALL_MS, () => {
        if (this.#file.bytes === seen) reject(fileError('ETIMEDOUT', 'The disk does not answer'));
        else {
          seen = this.#file.bytes;
          watch();
        }
      });
    };
    watch();
    return { promise, stop: () => timer[Symbol.dispose]() };
  }

  /** Stops recording. What is written stays; the rest of the session is not recorded. */
  async #fail(error: unknown): Promise<void> {
    if (this.#failed) return;
    this.#failed = true;
    this.#stopTimer();
    this.#backlog.clear();
    this.#options.encoder.drop();
    this.#answerFlushes();
    const { path, logger } = this.#options;
    logger.warn({ err: error, file: path }, 'A recording stopped: it cannot be written');
    const { what, hint } = describeFileError(error);
    this.#report(`The recording stopped, but the session continues. ${what} ${hint}`);
    const abandoned = this.#file.abandon((err, message) => logger.warn({ err, file: path }, message));
    // A disk that does not answer may never release the file, so this does not wait for it.
    if (errorCode(error) !== 'ETIMEDOUT') await abandoned;
  }

  #tellGap(): void {
    if (this.#message !== null) return;
    this.#options.logger.warn(
      { file: this.#options.path },
      'A recording has a gap: the disk or the machine is too slow',
    );
    this.#report(
      'Some output is missing from the recording, but the session continues. It came faster than it could be written. ' +
        'Markers in the recording say where and how much.',
    );
  }

  #report(message: string): void {
    if (this.#message === null) this.#notify(message);
    this.#message = message;
  }

  #notify(message: string): void {
    try {
      this.#options.listener.onTruncated(message);
    } catch (error) {
      this.#options.logger.warn({ err: error, file: this.#options.path }, 'The listener of a recording threw');
    }
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }
}
