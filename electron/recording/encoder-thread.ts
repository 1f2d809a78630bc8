import { Worker } from 'node:worker_threads';
import type { Batch } from './batch.ts';
import { fileError } from './failure.ts';
import { type EncodedEnd, RecordingEncoder } from './recording-encoder.ts';

/** A request to the thread; `recording` numbers the open recordings. */
export type EncoderJob =
  | { readonly kind: 'open'; readonly recording: number; readonly header: Uint8Array; readonly lastMs: number }
  | { readonly kind: 'known'; readonly recording: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'secret'; readonly recording: number; readonly name: string; readonly value: string }
  | { readonly kind: 'encode'; readonly recording: number; readonly batch: Batch }
  | { readonly kind: 'finish'; readonly recording: number; readonly atMs: number }
  | { readonly kind: 'drop'; readonly recording: number };

/** Its answer: lines, the end of a recording, or null when there is nothing to give. */
export type EncoderAnswer = Uint8Array<ArrayBuffer> | EncodedEnd | null;

/** Encodes one recording. The bytes of a batch are taken away from the caller. Rejects when the thread was lost. */
export interface AsyncEncoder {
  /** Hashes what the file holds already, piece by piece, before anything is encoded. The bytes are taken from the caller. */
  known(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Keeps this value out of every batch that is encoded after the call. */
  addSecret(name: string, value: string): void;
  encode(batch: Batch): Promise<Uint8Array>;
  /** Ends the recording and gives its last lines. */
  finish(atMs: number): Promise<EncodedEnd>;
  /** Ends the recording without an answer. After `finish` it does nothing; idempotent. */
  drop(): void;
}

interface Waiting {
  resolve(answer: EncoderAnswer): void;
  reject(error: Error): void;
}

/** The thread's entry lies beside this module, as source or, in the packaged app, as its own bundle. */
function workerUrl(): URL {
  const here = import.meta.url;
  const file = here.endsWith('.ts') ? 'encoder-worker.ts' : 'encoder-worker.js';
  return new URL(file, here);
}

/**
 * Encodes all recordings in one thread of its own: escaping and hashing take 2 to 3 ms per MB, and replacing secrets at
 * least 10. Spent where terminals are read, they cost a third and more of the output that a terminal can give per second
 * (measured on two cores). The thread runs while a recording is open.
 */
export class EncoderThread {
  readonly #url: URL;
  readonly #warn: (error: unknown, message: string) => void;
  #worker: Worker | null = null;
  #waiting: Waiting[] = [];
  #open = new Set<number>();
  #last = 0;

  constructor(warn: (error: unknown, message: string) => void, url: URL = workerUrl()) {
    this.#warn = warn;
    this.#url = url;
  }

  /**
   * Opens a recording. If no thread can be started, it is encoded in this one, and the log says so.
   *
   * @param lastMs the time of the last event of a recording that is continued, in whole milliseconds
   */
  async open(header: Uint8Array, lastMs = 0): Promise<AsyncEncoder> {
    const recording = ++this.#last;
    this.#open.add(recording);
    try {
      await this.#ask({ kind: 'open', recording, header, lastMs });
    } catch (error) {
      this.#release(recording);
      this.#warn(error, 'Recordings are encoded in the main thread: the thread for it could not be started');
      return new LocalEncoder(header, lastMs);
    }
    return {
      known: async (bytes) => {
        await this.#ask({ kind: 'known', recording, bytes });
      },
      addSecret: (name, value) => {
        this.#ask({ kind: 'secret', recording, name, value }).catch(() => {
          // Without its thread, nothing more of the recording is written.
        });
      },
      encode: async (batch) => {
        const answer = await this.#ask({ kind: 'encode', recording, batch });
        if (answer instanceof Uint8Array) return answer;
        throw new Error('The encoder answered a batch with something other than lines');
      },
      finish: async (atMs) => {
        const answer = await this.#ask({ kind: 'finish', recording, atMs });
        this.#release(recording);
        if (answer !== null && 'sha256' in answer) return answer;
        throw new Error('The encoder answered the end of a recording with something else');
      },
      drop: () => {
        if (!this.#open.has(recording)) return;
        this.#ask({ kind: 'drop', recording }).catch(() => {
          // The thread is gone, and the recording with it.
        });
        this.#release(recording);
      },
    };
  }

  #ask(job: EncoderJob): Promise<EncoderAnswer> {
    // A thread that was lost took its recordings with it; another one would not know them.
    if (!this.#open.has(job.recording)) return Promise.reject(lost('The recording is not open'));
    const worker = this.#running();
    const { promise, resolve, reject } = Promise.withResolvers<EncoderAnswer>();
    this.#waiting.push({ resolve, reject });
    worker.postMessage(job, transferred(job));
    return promise;
  }

  #running(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(this.#url, { name: 'sandglass-recording' });
    worker.on('message', (answer: EncoderAnswer) => this.#waiting.shift()?.resolve(answer));
    worker.on('error', (error) => this.#lose(worker, lost('The thread that encodes recordings failed', error)));
    worker.on('exit', () => this.#lose(worker, lost('The thread that encodes recordings ended')));
    this.#worker = worker;
    return worker;
  }

  /** Ends the thread with its last recording. */
  #release(recording: number): void {
    this.#open.delete(recording);
    const worker = this.#worker;
    if (this.#open.size > 0 || worker === null) return;
    this.#lose(worker, lost('The recording was ended'));
    worker.terminate().catch((error: unknown) => this.#warn(error, 'The thread for recordings could not be ended'));
  }

  #lose(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#open.clear();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}

function transferred(job: EncoderJob): ArrayBuffer[] {
  if (job.kind === 'encode') return [job.batch.bytes.buffer];
  return job.kind === 'known' ? [job.bytes.buffer] : [];
}

function lost(message: string, cause?: unknown): Error {
  return fileError('ERR_ENCODER', message, cause);
}

/** The same in the thread that asks. */
class LocalEncoder implements AsyncEncoder {
  readonly #encoder: RecordingEncoder;

  constructor(header: Uint8Array, lastMs: number) {
    this.#encoder = new RecordingEncoder(header, lastMs);
  }

  async known(bytes: Uint8Array): Promise<void> {
    this.#encoder.known(bytes);
  }

  addSecret(name: string, value: string): void {
    this.#encoder.addSecret(name, value);
  }

  async encode(batch: Batch): Promise<Uint8Array> {
    return this.#encoder.encode(batch);
  }

  async finish(atMs: number): Promise<EncodedEnd> {
    return this.#encoder.finish(atMs);
  }

  drop(): void {
    this.#encoder[Symbol.dispose]();
  }
}
