import type { ClosedRecording, Recorder } from '../recorder.ts';
import { redactText, StreamRedactor } from './redact.ts';
import type { Secrets } from './secrets.ts';

/** So much output is looked through in one go, in bytes. */
const SLICE_BYTES = 4_096;
/** For so long in one turn of the event loop, in milliseconds; the rest has to wait for the next one. */
const TURN_MS = 4;
/**
 * What one byte that waits here counts for in {@link Recorder.waitingBytes}. Plain output never waits; output that is made to
 * look like the beginning of secrets again and again is that much slower to look through than to write.
 */
const WEIGHT = 64;
/** More than this does not wait, in bytes: then nothing else goes on until it is looked through. */
const MAX_WAITING = 4 * 1_048_576;

/** What tells and passes the time; for tests. */
export interface Turns {
  /** Milliseconds since any moment. */
  now(): number;
  /** Calls back in the next turn of the event loop. */
  next(run: () => void): void;
}

const EVENT_LOOP: Turns = { now: () => performance.now(), next: (run) => setImmediate(run) };

/** A recorder that gets no secret: what is written to it is replaced before. Secrets may be added at any time. */
export function redactingRecorder(recorder: Recorder, secrets: Secrets, turns: Turns = EVENT_LOOP): Recorder {
  return new RedactingRecorder(recorder, secrets, turns);
}

/** Output that waits to be looked through, or something that comes after it. */
type Waiting =
  | { readonly kind: 'output'; readonly atMs: number; readonly bytes: Uint8Array; from: number }
  | { readonly kind: 'event'; readonly run: () => void };

class RedactingRecorder implements Recorder {
  readonly #recorder: Recorder;
  readonly #secrets: Secrets;
  readonly #turns: Turns;
  readonly #redactor: StreamRedactor;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  /** What waits is gone on with in the next turn. */
  #hasTurn = false;
  #closed: Promise<ClosedRecording> | null = null;

  constructor(recorder: Recorder, secrets: Secrets, turns: Turns) {
    this.#recorder = recorder;
    this.#secrets = secrets;
    this.#turns = turns;
    this.#redactor = new StreamRedactor(secrets, (atMs, bytes) => recorder.output(atMs, bytes));
  }

  get bytes(): number {
    return this.#recorder.bytes;
  }

  get waitingBytes(): number {
    return this.#recorder.waitingBytes + WEIGHT * this.#queuedBytes;
  }

  output(atMs: number, bytes: Uint8Array): void {
    if (this.#closed === null) this.#take({ kind: 'output', atMs, bytes, from: 0 }, bytes.length);
  }

  resize(atMs: number, cols: number, rows: number): void {
    this.#event(() => this.#recorder.resize(atMs, cols, rows));
  }

  marker(atMs: number, label: string): void {
    const redacted = redactText(this.#secrets, label);
    this.#event(() => this.#recorder.marker(atMs, redacted));
  }

  /** What may still turn out to be a secret is not in the file then. */
  async flush(): Promise<void> {
    await this.#lookedThrough();
    await this.#recorder.flush();
  }

  close(atMs: number, exitStatus: number | null): Promise<ClosedRecording> {
    this.#closed ??= this.#close(atMs, exitStatus);
    return this.#closed;
  }

  async #close(atMs: number, exitStatus: number | null): Promise<ClosedRecording> {
    if (this.#queue.length > 0) await this.#lookedThrough();
    this.#redactor[Symbol.dispose]();
    return this.#recorder.close(atMs, exitStatus);
  }

  #event(run: () => void): void {
    if (this.#closed === null) this.#take({ kind: 'event', run: () => this.#redactor.event(run) }, 0);
  }

  #take(next: Waiting, bytes: number): void {
    this.#queue.push(next);
    this.#queuedBytes += bytes;
    if (this.#queuedBytes > MAX_WAITING) this.#lookThrough(Number.POSITIVE_INFINITY);
    else if (!this.#hasTurn) this.#takeTurn();
  }

  #takeTurn(): void {
    this.#lookThrough(this.#turns.now() + TURN_MS);
    this.#hasTurn = this.#queue.length > 0;
    if (this.#hasTurn) this.#turns.next(() => this.#takeTurn());
  }

  /** Looks through what waits, at least a little of it, until it is `untilMs`. */
  #lookThrough(untilMs: number): void {
    let done = 0;
    for (const next of this.#queue) {
      if (done > 0 && this.#turns.now() >= untilMs) break;
      if (next.kind === 'event') next.run();
      else if (!this.#lookThroughOutput(next, untilMs)) break;
      done += 1;
    }
    this.#queue.splice(0, done);
  }

  /** Whether all of it is done. */
  #lookThroughOutput(next: Extract<Waiting, { kind: 'output' }>, untilMs: number): boolean {
    const { atMs, bytes } = next;
    while (next.from < bytes.length) {
      const slice = bytes.subarray(next.from, next.from + SLICE_BYTES);
      next.from += slice.length;
      this.#queuedBytes -= slice.length;
      this.#redactor.write(atMs, slice);
      if (next.from < bytes.length && this.#turns.now() >= untilMs) return false;
    }
    return true;
  }

  /** Resolves when nothing that came before the call waits any more. */
  #lookedThrough(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue.push({ kind: 'event', run: resolve });
    return promise;
  }
}
