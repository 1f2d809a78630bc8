import type { SessionMetadata } from '../../shared/recording.ts';
import type { SessionEvent, SessionId } from '../../shared/session.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { waitAtMost } from '../base/wait-at-most.ts';
import type { Journal, RecordedFile, SessionRecord } from '../journal/journal.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import type { SessionManager } from '../sessions/manager.ts';
import { describeFacts } from '../sessions/metadata.ts';
import type { Session } from '../sessions/session.ts';

/** How often the journal is told which sessions live, in milliseconds: how far an end after a crash can be off. */
const SIGN_OF_LIFE_MS = 5_000;
/** How long a recording waits to be opened for its session to stand in the journal, in milliseconds. */
const START_WAIT_MS = 1_000;

export interface SessionJournalOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly app: SessionMetadata['app'];
}

/** Keeps the journal up to date with the sessions of a manager. */
export class SessionJournal implements Disposable {
  readonly #options: SessionJournalOptions;
  readonly #starts = new Map<SessionId, Promise<void>>();
  readonly #recordings = new Map<SessionId, RecordedFile>();
  /** What was last told of a session, as far as it changes. */
  readonly #told = new Map<SessionId, string>();
  #manager: SessionManager | null = null;
  #timer: Timer | null = null;

  constructor(options: SessionJournalOptions) {
    this.#options = options;
  }

  /** Follows the manager from now on. Before anybody else listens to it: what others hear of is on its way to the disk. */
  follow(manager: SessionManager): void {
    this.#manager = manager;
    manager.on('event', (event) => this.#onEvent(event));
    manager.on('changed', (session) => this.#note(session));
  }

  /** What the recording of a session came to; before its end is told. */
  recorded(id: SessionId, recording: RecordedFile): void {
    this.#recordings.set(id, recording);
  }

  /**
   * Recorders that begin a file only when its session stands in the journal, so that no crash leaves a recording that
   * nobody knows of. A journal that does not answer holds no session up for long.
   */
  recorders(recorders: RecorderFactory): RecorderFactory {
    return {
      ...recorders,
      open: async (header, listener) => {
        await this.#started(header.sessionId);
        return recorders.open(header, listener);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  async #started(id: SessionId): Promise<void> {
    await waitAtMost(this.#options.clock, START_WAIT_MS, this.#starts.get(id) ?? Promise.resolve());
  }

  #onEvent(event: SessionEvent): void {
    const { journal } = this.#options;
    const { sessionId: id } = event;
    const session = this.#manager?.get(id);
    const record = session === undefined ? null : this.#record(session);
    const recording = event.type === 'session:end' ? (this.#recordings.get(id) ?? null) : null;
    const kept = journal.append({ event, record, recording });
    if (event.type === 'session:start') {
      if (record !== null) this.#told.set(id, facts(record));
      this.#starts.set(id, kept);
      void kept.then(() => this.#starts.delete(id));
    }
    if (event.type === 'session:start' || event.type === 'session:reattached') this.#armSigns();
    if (event.type === 'session:end') {
      this.#recordings.delete(id);
      this.#told.delete(id);
    }
  }

  #record(session: Session): SessionRecord {
    return describeFacts(session, this.#options.app);
  }

  #note(session: Session): void {
    if (session.ended !== null) return;
    const record = this.#record(session);
    const text = facts(record);
    if (this.#told.get(session.id) === text) return;
    this.#told.set(session.id, text);
    this.#options.journal.update(record);
  }

  #armSigns(): void {
    this.#timer ??= this.#options.clock.setTimer(SIGN_OF_LIFE_MS, () => {
      this.#timer = null;
      const live = this.#manager?.live ?? [];
      if (live.length === 0) return;
      this.#options.journal.heartbeat(
        live.map((session) => {
          const { ageMs, idleMs } = session.timing();
          const { counters } = this.#record(session);
          return { sessionId: session.id, ageMs, lastActivityMs: Math.max(0, ageMs - idleMs), counters };
        }),
      );
      this.#armSigns();
    });
  }
}

/** What of a record is worth telling when it changes; its counters come with the signs of life. */
function facts({ counters: _counters, ...record }: SessionRecord): string {
  return JSON.stringify(record);
}
