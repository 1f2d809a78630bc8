import type { ClosedRecording, Recorder } from './recorder.ts';
import { redactText, StreamRedactor } from './redact.ts';
import type { Secrets } from './secrets.ts';

/** A recorder that gets no secret: what is written to it is replaced before. Secrets may be added at any time. */
export function redactingRecorder(recorder: Recorder, secrets: Secrets): Recorder {
  return new RedactingRecorder(recorder, secrets);
}

class RedactingRecorder implements Recorder {
  readonly #recorder: Recorder;
  readonly #secrets: Secrets;
  readonly #redactor: StreamRedactor;
  #isClosed = false;

  constructor(recorder: Recorder, secrets: Secrets) {
    this.#recorder = recorder;
    this.#secrets = secrets;
    this.#redactor = new StreamRedactor(secrets, (atMs, bytes) => recorder.output(atMs, bytes));
  }

  get bytes(): number {
    return this.#recorder.bytes;
  }

  get waitingBytes(): number {
    return this.#recorder.waitingBytes;
  }

  output(atMs: number, bytes: Uint8Array): void {
    if (!this.#isClosed) this.#redactor.write(atMs, bytes);
  }

  resize(atMs: number, cols: number, rows: number): void {
    if (!this.#isClosed) this.#redactor.event(() => this.#recorder.resize(atMs, cols, rows));
  }

  marker(atMs: number, label: string): void {
    const redacted = redactText(this.#secrets, label);
    if (!this.#isClosed) this.#redactor.event(() => this.#recorder.marker(atMs, redacted));
  }

  /** What may still turn out to be a secret is not in the file yet. */
  flush(): Promise<void> {
    return this.#recorder.flush();
  }

  close(atMs: number, exitStatus: number | null): Promise<ClosedRecording> {
    if (!this.#isClosed) this.#redactor[Symbol.dispose]();
    this.#isClosed = true;
    return this.#recorder.close(atMs, exitStatus);
  }
}
