import type { SessionMetadata } from '../../shared/recording.ts';
import type { SessionId } from '../../shared/session.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { withDeadline } from '../base/with-deadline.ts';
import { type WriteMetadataResult, writeMetadata } from './metadata.ts';

/** The backoff after a failed write, in milliseconds: doubled each time, up to the maximum. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Sessions whose metadata is held in memory at most; with more of them, the oldest is dropped. */
const MAX_HELD = 500;
/** How long the end of the app waits for what is still to be written, in milliseconds. */
const CLOSING_MS = 1_000;

export interface MetadataWriterOptions {
  readonly clock: Pick<Clock, 'setTimer'>;
  /** What could not be written before is written now. */
  onWritten(metadata: SessionMetadata): void;
  /** How it is written; for faults that cannot be caused otherwise. */
  readonly write?: typeof writeMetadata;
}

/** Writes metadata of sessions; what a full disk or a read-only folder keeps from being written is written later. */
export class MetadataWriter implements AsyncDisposable {
  readonly #options: MetadataWriterOptions;
  readonly #write: typeof writeMetadata;
  readonly #held = new Map<SessionId, { readonly folder: string; readonly metadata: SessionMetadata }>();
  #pauseMs = FIRST_PAUSE_MS;
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(options: MetadataWriterOptions) {
    this.#options = options;
    this.#write = options.write ?? writeMetadata;
  }

  /** Writes it now, or later: then the answer says why not now. Later metadata of the same session replaces this. */
  async write(folder: string, metadata: SessionMetadata): Promise<WriteMetadataResult> {
    this.#held.delete(metadata.id);
    const written = await this.#write(folder, metadata);
    if (!written.ok) this.#hold(folder, metadata);
    return written;
  }

  /** Attempts once more to write what is held. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await withDeadline(this.#retry(), CLOSING_MS, undefined, this.#options.clock);
  }

  #hold(folder: string, metadata: SessionMetadata): void {
    if (this.#isClosed) return;
    this.#held.set(metadata.id, { folder, metadata });
    const [oldest] = this.#held.keys();
    if (this.#held.size > MAX_HELD && oldest !== undefined) this.#held.delete(oldest);
    this.#arm();
  }

  #arm(): void {
    this.#timer ??= this.#options.clock.setTimer(this.#pauseMs, () => void this.#onTimer());
  }

  async #onTimer(): Promise<void> {
    await this.#retry();
    this.#timer = null;
    this.#pauseMs = this.#held.size === 0 ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    if (this.#held.size > 0 && !this.#isClosed) this.#arm();
  }

  /** One after the other: each has a folder of its own, of which one may be gone. Never rejects. */
  async #retry(): Promise<void> {
    for (const [id, held] of [...this.#held]) {
      const written = await this.#write(held.folder, held.metadata);
      if (!written.ok) continue;
      // Newer metadata may have come meanwhile.
      if (this.#held.get(id) === held) this.#held.delete(id);
      this.#options.onWritten(held.metadata);
    }
  }
}
