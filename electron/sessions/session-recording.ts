import type { RecordingState } from '../../shared/session.ts';
import type { ClosedRecording, Recorder, RecorderListener } from '../recording/recorder.ts';

/** More than this waits for a recorder that is still being opened only in the scrollback. */
const MAX_WAITING = 10_000;

/**
 * A session's recording through its life: not open yet, open, failed, closed. It never holds the session up; what comes
 * before the file is open is written as soon as it is.
 */
export class SessionRecording {
  readonly listener: RecorderListener = { onTruncated: (message) => this.fail(message) };
  /** Whether its session ends when it can no longer be recorded. */
  isRequired = false;
  readonly #onTruncated: (message: string) => void;
  readonly #onOpen: (recorder: Recorder) => void;
  #recorder: Recorder | null = null;
  #waiting: ((recorder: Recorder) => void)[] | null = [];
  #failure: string | null = null;
  #closed: ClosedRecording | null = null;

  /** @param onOpen is called before anything is recorded, so that the recorder learns the session's secrets. */
  constructor(onTruncated: (message: string) => void, onOpen: (recorder: Recorder) => void) {
    this.#onTruncated = onTruncated;
    this.#onOpen = onOpen;
  }

  /** The file is open. */
  attach(recorder: Recorder): void {
    this.#onOpen(recorder);
    this.#recorder = recorder;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const action of waiting) action(recorder);
  }

  /** It could not be opened, or written any further. The first reason stays. */
  fail(message: string): void {
    this.#waiting = null;
    if (this.#failure !== null) return;
    this.#failure = message;
    this.#onTruncated(message);
  }

  write(action: (recorder: Recorder) => void): void {
    if (this.#recorder !== null) action(this.#recorder);
    else if (this.#waiting !== null && this.#waiting.length < MAX_WAITING) this.#waiting.push(action);
  }

  /** Bytes that wait to be written. */
  get waitingBytes(): number {
    return this.#recorder?.waitingBytes ?? 0;
  }

  async flush(): Promise<void> {
    await this.#recorder?.flush();
  }

  /** Closes the file; null when there never was one. */
  async close(atMs: number, exitStatus: number | null): Promise<ClosedRecording | null> {
    this.#waiting = null;
    this.#closed = (await this.#recorder?.close(atMs, exitStatus)) ?? null;
    return this.#closed;
  }

  state(): RecordingState {
    const bytes = this.#closed?.bytes ?? this.#recorder?.bytes ?? 0;
    if (this.#failure !== null)
      return { state: this.#recorder === null ? 'none' : 'truncated', bytes, message: this.#failure };
    if (this.#closed !== null)
      return { state: this.#closed.truncated ? 'truncated' : 'closed', bytes, message: this.#closed.message };
    return { state: 'recording', bytes, message: null };
  }
}
