import { Worker } from 'node:worker_threads';
import type { Checkpoint, CompactJob } from './compact.ts';

/** How long the thread waits for another job before it ends and gives its memory back, in milliseconds. */
const IDLE_MS = 10_000;

interface Waiting {
  resolve(checkpoint: Checkpoint): void;
  reject(error: Error): void;
}

/** The thread's entry lies beside this module, as source or, in the packaged app, as its own bundle. */
function workerUrl(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? 'checkpoint-worker.ts' : 'checkpoint-worker.js', here);
}

/** Makes checkpoints of terminals in one thread of its own, which runs while there are some to be made. */
export class Checkpoints implements Disposable {
  readonly #scrollback: () => number;
  readonly #url: URL;
  #worker: Worker | null = null;
  #waiting: Waiting[] = [];
  #idle: ReturnType<typeof setTimeout> | undefined;
  #lastKey = 0;

  /** `scrollback` gives the lines above the screen that windows keep. */
  constructor(scrollback: () => number, url: URL = workerUrl()) {
    this.#scrollback = scrollback;
    this.#url = url;
  }

  /** A key for one more terminal. */
  newKey(): number {
    return ++this.#lastKey;
  }

  /** Rejects when the thread cannot be started, or was lost. The job's bytes are taken from the caller. */
  compact(job: Omit<CompactJob, 'scrollback'>): Promise<Checkpoint> {
    clearTimeout(this.#idle);
    const worker = this.#running();
    const { promise, resolve, reject } = Promise.withResolvers<Checkpoint>();
    this.#waiting.push({ resolve, reject });
    worker.ref();
    worker.postMessage({ ...job, scrollback: this.#scrollback() }, bufferOf(job.bytes));
    return promise;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #running(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(this.#url, { name: 'sandglass-checkpoints' });
    worker.on('message', (checkpoint: Checkpoint) => {
      this.#waiting.shift()?.resolve(checkpoint);
      if (this.#waiting.length > 0) return;
      worker.unref();
      this.#idle = setTimeout(() => this.#stop(), IDLE_MS);
      this.#idle.unref();
    });
    worker.on('error', (error) => this.#lose(worker, new Error('The thread for checkpoints failed', { cause: error })));
    worker.on('exit', () => this.#lose(worker, new Error('The thread for checkpoints ended')));
    this.#worker = worker;
    return worker;
  }

  #stop(): void {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker === null) return;
    this.#lose(worker, new Error('The thread for checkpoints was stopped'));
    // A thread that cannot be ended has ended by itself.
    worker.terminate().catch(() => {});
  }

  #lose(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}

function bufferOf(bytes: Uint8Array): ArrayBuffer[] {
  return bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}
