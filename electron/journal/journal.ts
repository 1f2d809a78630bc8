import type { HistoryEntry } from '../../shared/history.ts';
import type { Delivery, DeliveryState, HooksView } from '../../shared/hooks.ts';
import type { SessionMetadata } from '../../shared/recording.ts';
import type { SessionEvent, SessionId } from '../../shared/session.ts';
import type { Preferences, Problem } from '../../shared/settings.ts';

/** What is known of a session while it runs: its metadata but for its events, its end and its recording. */
export type SessionRecord = Omit<SessionMetadata, 'events' | 'endedAt' | 'durationSeconds' | 'end' | 'recording'>;

/** What a session's recording came to. */
export type RecordedFile = SessionMetadata['recording'];

/** One event to be kept, with what is to stand beside it in the same transaction. */
export interface JournalEntry {
  readonly event: SessionEvent;
  /** What is known of the session now; with `session:start` always. Null for `session:limit`, which has no session. */
  readonly record: SessionRecord | null;
  /** With `session:end`: what was recorded; null where nothing was. */
  readonly recording: RecordedFile | null;
}

/** That a session was alive, on its own clock: a jump of the wall clock changes nothing about it. */
export interface Heartbeat {
  readonly sessionId: SessionId;
  /** Milliseconds since its start. */
  readonly ageMs: number;
  /** The same at its last activity. */
  readonly lastActivityMs: number;
  readonly counters: SessionMetadata['counters'];
}

/** A session that has no end in the journal, though the app that ran it is gone. */
export interface UnfinishedSession {
  readonly record: SessionRecord;
  /** Oldest first. */
  readonly events: readonly SessionEvent[];
  /** How old it was at its last heartbeat in the journal, in milliseconds. */
  readonly heartbeatMs: number;
  readonly lastActivityMs: number;
}

/** A session whose tab is to come back after a crash. */
export interface RestoredSession {
  readonly record: SessionRecord;
  readonly events: readonly SessionEvent[];
  readonly end: NonNullable<HistoryEntry['end']>;
  readonly recording: RecordedFile | null;
}

/** What the journal found when it was opened. */
export interface JournalOpening {
  /** By the time they were started. */
  readonly unfinished: readonly UnfinishedSession[];
  /** Tabs that came back after an earlier crash and were not dismissed since. */
  readonly restored: readonly RestoredSession[];
}

/** The bounds of what is kept. */
export type Retention = Preferences['history'];

/**
 * Sessions, every event of theirs, and the outbox of hooks, in a database; and the hooks, which are served
 * from it. All of it runs in a thread of its own: no call waits for the disk or for a hook. Nothing throws; what cannot be
 * written now is kept in memory, retried, and reported as a problem.
 */
export interface Journal {
  /**
   * What the last run has left. Resolves when the journal is open, however long another program or a full disk keeps it from
   * being; with nothing when it is closed before. Of this run, nothing is in it.
   */
  readonly opening: Promise<JournalOpening>;
  /**
   * Stores an event and enqueues it for the hooks that subscribe to it, in one transaction, in the order of the calls.
   * Resolves when it is on the disk, or is kept in memory because it cannot be written now.
   */
  append(entry: JournalEntry): Promise<void>;
  /** What is known of a session has changed. */
  update(record: SessionRecord): void;
  /** These sessions live. Called every few seconds for all of them, in one call. */
  heartbeat(signs: readonly Heartbeat[]): void;
  /** Which of these sessions the journal does not know and has not removed; none if it cannot be read. */
  unknown(ids: readonly SessionId[]): Promise<readonly SessionId[]>;
  /**
   * Takes over sessions that an earlier journal knew: they are in the history, before all others, and are not sent to
   * hooks. Give the latest first. Those that it knows stay as they are. False: they could not be written now.
   */
  adopt(sessions: readonly RestoredSession[]): Promise<boolean>;
  /** A restored tab was dismissed. */
  dismiss(id: SessionId): void;
  history(query: { readonly before?: SessionId | undefined; readonly limit: number }): Promise<readonly HistoryEntry[]>;
  /** The events of a session of any run; null when it is not known (any more). */
  events(id: SessionId): Promise<readonly SessionEvent[] | null>;
  /** Bounds for what is kept; held to at once, and again every hour and with each end. */
  retain(retention: Retention): void;
  readonly hooks: JournalHooks;
  onProblem(listener: (problem: Problem) => void): () => void;
  /**
   * After the last session: writes what is left, gives deliveries under way a moment, ends hooks that run, and closes the
   * database. Resolves within two seconds. What is still pending is delivered by the next run.
   */
  close(): Promise<void>;
}

/** Hooks, for windows. */
export interface JournalHooks {
  view(): Promise<HooksView>;
  deliveries(hook: string, state: DeliveryState | null, limit: number): Promise<readonly Delivery[]>;
  /** Rejects with `RequestError` for a hook that is not there, or cannot be used. */
  test(hook: string): Promise<Delivery>;
  /** Makes one dead letter pending again, or with null all of the hook's. Gives how many. */
  sendAgain(hook: string, delivery: number | null): Promise<number>;
  enable(hook: string): Promise<void>;
  /** Called after each change, at most every 200 ms. */
  onChange(listener: (view: HooksView) => void): () => void;
}
