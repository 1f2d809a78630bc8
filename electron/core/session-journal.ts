import type { SessionId } from '../../shared/session.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { withDeadline } from '../base/with-deadline.ts';
import type { Journal, SessionRecord } from '../journal/journal.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import type { SessionManager, SessionNews } from '../sessions/manager.ts';
import type { Session } from '../sessions/session.ts';

/** How often the journal gets the heartbeats of the sessions that live, in milliseconds: how far an end after a crash can be off. */
const HEARTBEAT_MS = 5_000;
/** How long a recording waits to be opened for its session to stand in the journal, in milliseconds. */
const START_WAIT_MS = 1_000;

export interface SessionJournalOptions {
  readonly journal: Journal;
  readonly clock: Clock;
}

/** Keeps the journal up to date with the sessions of a manager. */
export class SessionJournal implements Disposable {
  readonly #options: SessionJournalOptions;
  readonly #starts = new Map<SessionId, Promise<void>>();
  /** What the journal last got of a session, as far as it changes. */
  readonly #noted = new Map<SessionId, string>();
  #manager: SessionManager | null = null;
  #timer: Timer | null = null;

  constructor(options: SessionJournalOptions) {
    this.#options = options;
  }

  /** Follows the manager from now on. Before anybody else listens to it: what others hear of is on its way to the disk. */
  follow(manager: SessionManager): void {
    this.#manager = manager;
    manager.on('event', (news) => this.#onEvent(news));
    manager.on('changed', (session) => this.#note(session));
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
    const start = this.#starts.get(id);
    if (start !== undefined) await withDeadline(start, START_WAIT_MS, undefined, this.#options.clock);
  }

  #onEvent({ event, session, recording }: SessionNews): void {
    const { journal } = this.#options;
    const { sessionId: id } = event;
    const record = session?.record() ?? null;
    const kept = journal.append({ event, record, recording });
    if (event.type === 'session:start') {
      if (record !== null) this.#noted.set(id, facts(record));
      this.#starts.set(id, kept);
      void kept.then(() => this.#starts.delete(id));
    }
    if (event.type === 'session:start' || event.type === 'session:reattached') this.#armHeartbeat();
    if (event.type === 'session:end') this.#noted.delete(id);
  }

  #note(session: Session): void {
    if (session.hasEnded) return;
    const record = session.record();
    const text = facts(record);
    if (this.#noted.get(session.id) === text) return;
    this.#noted.set(session.id, text);
    this.#options.journal.update(record);
  }

  #armHeartbeat(): void {
    this.#timer ??= this.#options.clock.setTimer(HEARTBEAT_MS, () => {
      this.#timer = null;
      const live = this.#manager?.live ?? [];
      if (live.length === 0) return;
      this.#options.journal.heartbeat(
        live.map((session) => {
          const { ageMs, idleMs } = session.timing();
          const { counters } = session.record();
          return { sessionId: session.id, ageMs, lastActivityMs: Math.max(0, ageMs - idleMs), counters };
        }),
      );
      this.#armHeartbeat();
    });
  }
}

/** What of a record is written when it changes; its counters come with the heartbeats. */
function facts({ counters: _counters, ...record }: SessionRecord): string {
  return JSON.stringify(record);
}
