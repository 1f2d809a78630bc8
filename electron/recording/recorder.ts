import type { SessionId, StartFailure } from '../../shared/session.ts';

/** What the recording says of itself at its head. */
export interface RecordingHeader {
  readonly sessionId: SessionId;
  readonly cols: number;
  readonly rows: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly title: string;
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What was found of the session's isolation, in the words of its badge. */
  readonly tags: readonly string[];
}

/** What is known of a recording when it is closed. */
export interface ClosedRecording {
  readonly file: string;
  readonly bytes: number;
  /** SHA-256 of the file, lowercase hex; null when it could not be written to its end. */
  readonly sha256: string | null;
  /** Whether output is missing: at the end after a failure (`sha256` is null then), or in gaps that the file names. */
  readonly truncated: boolean;
  /** Why it is truncated, for a person; null when it is not. */
  readonly message: string | null;
}

/** Receives what happens to a recorder while it runs. */
export interface RecorderListener {
  /**
   * Output is missing from the recording: writing failed for good, or was too slow and left a gap.
   * The message is for a person. Called at most once.
   */
  onTruncated(message: string): void;
}

/**
 * A recording under way. No method throws or waits: times are milliseconds since the session's start on the session's
 * clock, writing happens behind, and a failure is reported through the listener.
 */
export interface Recorder {
  /** Bytes in the file so far. */
  readonly bytes: number;
  /** Bytes of memory that wait to be written; 0 once writing has failed. */
  readonly waitingBytes: number;
  /**
   * Keeps a value out of the recording: `[redacted NAME]` stands in its place. It is replaced in all output that comes after
   * the call, and in as much as possible of what waits to be written. Nothing unredacted ever reaches the disk.
   */
  addSecret(name: string, value: string): void;
  /** Program output. The array is the recorder's to keep. */
  output(atMs: number, bytes: Uint8Array): void;
  resize(atMs: number, cols: number, rows: number): void;
  marker(atMs: number, label: string): void;
  /**
   * Resolves when all that was recorded before the call is in the file, or can no longer be written. Output that may turn out
   * to be the beginning of a secret is not in the file yet. Never throws.
   */
  flush(): Promise<void>;
  /**
   * Writes the `x` event with the exit status (asciicast v3; none when it is null), flushes, and closes the file.
   * Never throws. Idempotent: later calls give the first one's result.
   */
  close(atMs: number, exitStatus: number | null): Promise<ClosedRecording>;
}

export type RecorderResult = { ok: true; recorder: Recorder } | { ok: false; failure: StartFailure };

/** A recording of an earlier run of the app that was left open, as far as it can be read. */
export interface OpenEnded {
  readonly ok: true;
  /** When its last event is, in milliseconds since the session's start. */
  readonly lastEventMs: number;
  /** The terminal's last size. */
  readonly cols: number;
  readonly rows: number;
  /** Continues it in the same file. Times keep counting from the session's start. Called at most once. */
  resume(listener: RecorderListener): Promise<RecorderResult>;
}

export type ReopenResult = OpenEnded | { ok: false; failure: StartFailure };

/** Opens recordings below one folder: `<folder>/2026/11/<id>/recording.cast`. */
export interface RecorderFactory {
  /** The folder of a session, named after the year and month (UTC) in its id. */
  folderOf(id: SessionId): string;
  open(header: RecordingHeader, listener: RecorderListener): Promise<RecorderResult>;
  /** Reads a session's recording that was not closed, and cuts off an incomplete line at its end. Never rejects. */
  reopen(id: SessionId): Promise<ReopenResult>;
}
