import type { HistoryEntry } from '../../shared/history.ts';
import type { SessionEvent, SessionId } from '../../shared/session.ts';
import type { Connection, Row } from './connection.ts';
import type { Heartbeat, JournalEntry, RestoredSession, SessionRecord, UnfinishedSession } from './journal.ts';
import { readEnd, readEvent, readHeartbeat, readHistoryEntry, readRecord, readRecording } from './rows.ts';

/** Tabs of a crashed run that come back at most, the latest: as many as anybody would look through. */
const MAX_RESTORED = 100;

/** Changes of state that are kept of one session in one run: a program can cause any number of them. */
const MAX_STATES = 5_000;

/** What became of an event that was to be kept. `session` is its row; null for an event that concerns none. */
export type AppendResult =
  | { readonly outcome: 'kept'; readonly session: number | null; readonly lane: string; readonly sequence: number }
  /** It was there already. */
  | { readonly outcome: 'known' }
  /** It tells too little to be one of so many. */
  | { readonly outcome: 'left_out' };

/** Sessions and their events, in the journal's tables. What changes something is called within a transaction. */
export class SessionTable {
  readonly #connection: Connection;
  readonly #onDamage: (table: string, id: unknown) => void;
  readonly #states = new Map<SessionId, number>();

  constructor(connection: Connection, onDamage: (table: string, id: unknown) => void) {
    this.#connection = connection;
    this.#onDamage = onDamage;
  }

  /**
   * Keeps an event, what is known of its session with it, and the end where it is one.
   * Throws a constraint error for a second start or end of a session.
   */
  append(entry: JournalEntry): AppendResult {
    const { event, record, recording } = entry;
    if (this.#connection.count('SELECT EXISTS (SELECT 1 FROM events WHERE id = ?)', event.id) === 1) {
      return { outcome: 'known' };
    }
    if (event.type === 'session:state' && !this.#countState(event.sessionId)) return { outcome: 'left_out' };
    // A state follows each command: too often to write down again all that is known.
    const changes = event.type !== 'session:state' || this.#row(event.sessionId) === undefined;
    if (record !== null && changes) this.update(record, true);
    const session = event.type === 'session:limit' ? undefined : this.#row(event.sessionId);
    const seq = session === undefined ? null : Number(session.seq);
    this.#connection.run(
      'INSERT INTO events (id, session, session_id, type, at, body) VALUES (?, ?, ?, ?, ?, ?)',
      event.id,
      seq,
      event.sessionId,
      event.type,
      event.at,
      JSON.stringify(event),
    );
    if (seq === null) return { outcome: 'kept', session: null, lane: event.sessionId, sequence: 1 };
    if (event.type === 'session:end') {
      this.#connection.run(
        'UPDATE sessions SET ended_at = ?, ending = ?, recording = ?, recording_bytes = ?, restored = ? WHERE seq = ?',
        event.end.at,
        JSON.stringify(event.end),
        recording === null ? null : JSON.stringify(recording),
        recording === null ? null : Math.round(recording.bytes),
        event.end.reason === 'app_crash' ? 1 : 0,
        seq,
      );
      this.#connection.run('DELETE FROM lives WHERE session = ?', seq);
      this.#states.delete(event.sessionId);
    }
    const told =
      event.type === 'session:state'
        ? session
        : this.#connection.get('UPDATE sessions SET told = told + 1 WHERE seq = ? RETURNING told', seq);
    return { outcome: 'kept', session: seq, lane: String(session?.lane), sequence: Number(told?.told) };
  }

  /**
   * Puts down what is known of a session now.
   *
   * @param add whether a session that is not there is added; otherwise nothing happens
   */
  update(record: SessionRecord, add: boolean): void {
    const { id, previousId, profile, backend, title, startedAt } = record;
    const body = JSON.stringify(record);
    const changed = this.#connection.run(
      'UPDATE sessions SET profile_id = ?, profile_name = ?, backend = ?, title = ?, record = ? WHERE id = ?',
      profile.id,
      profile.name,
      backend,
      title,
      body,
      id,
    );
    if (changed > 0 || !add) return;
    const lane = previousId === null ? id : String(this.#row(previousId)?.lane ?? previousId);
    this.#connection.run(
      `INSERT INTO sessions (id, previous_id, lane, profile_id, profile_name, backend, title, started_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      previousId,
      lane,
      profile.id,
      profile.name,
      backend,
      title,
      startedAt,
      body,
    );
  }

  /** Those of the sessions that are not there, and that were not removed from here either. */
  unknown(ids: readonly SessionId[]): readonly SessionId[] {
    const sql = `SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ?1)
      OR EXISTS (SELECT 1 FROM removals WHERE session_id = ?1)`;
    return ids.filter((id) => this.#connection.count(sql, id) === 0);
  }

  /** Puts a session that has ended before all others. One that is there stays as it is. */
  adopt({ record, events, end, recording }: RestoredSession): void {
    const { id, previousId, profile, backend, title, startedAt } = record;
    if (this.#row(id) !== undefined) return;
    const own = events.filter(({ sessionId }) => sessionId === id);
    this.#connection.run(
      `INSERT INTO sessions (seq, id, previous_id, lane, profile_id, profile_name, backend, title, started_at, record,
         told, ended_at, ending, recording, recording_bytes)
       VALUES ((SELECT coalesce(min(seq), 1) - 1 FROM sessions), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      previousId,
      previousId ?? id,
      profile.id,
      profile.name,
      backend,
      title,
      startedAt,
      JSON.stringify(record),
      own.filter(({ type }) => type !== 'session:state').length,
      end.at,
      JSON.stringify(end),
      recording === null ? null : JSON.stringify(recording),
      recording === null ? null : Math.round(recording.bytes),
    );
    const seq = Number(this.#row(id)?.seq);
    for (const event of own) {
      // A second start or end, or an event that is there, is none.
      this.#connection.run(
        'INSERT OR IGNORE INTO events (id, session, session_id, type, at, body) VALUES (?, ?, ?, ?, ?, ?)',
        event.id,
        seq,
        id,
        event.type,
        event.at,
        JSON.stringify(event),
      );
    }
  }

  /** Signs of sessions that are not there, or have ended, are nothing. An older sign does not replace a newer one. */
  heartbeat({ sessionId, ageMs, lastActivityMs, counters }: Heartbeat): void {
    this.#connection.run(
      `INSERT INTO lives (age_ms, last_activity_ms, bytes_out, bytes_in, resizes, warnings, extensions, commands, session)
       SELECT ?, ?, ?, ?, ?, ?, ?, ?, seq FROM sessions WHERE id = ? AND ended_at IS NULL
       ON CONFLICT (session) DO UPDATE SET age_ms = excluded.age_ms, last_activity_ms = excluded.last_activity_ms,
         bytes_out = excluded.bytes_out, bytes_in = excluded.bytes_in, resizes = excluded.resizes,
         warnings = excluded.warnings, extensions = excluded.extensions, commands = excluded.commands
       WHERE excluded.age_ms >= age_ms`,
      ageMs,
      lastActivityMs,
      counters.bytesOut,
      counters.bytesIn,
      counters.resizes,
      counters.warnings,
      counters.extensions,
      counters.commands,
      sessionId,
    );
  }

  dismiss(id: SessionId): void {
    this.#connection.run('UPDATE sessions SET restored = 0 WHERE id = ?', id);
  }

  /** Sessions without an end, by the time they were started. */
  unfinished(): readonly UnfinishedSession[] {
    const rows = this.#connection.all(
      `SELECT s.*, l.age_ms, l.last_activity_ms, l.bytes_out, l.bytes_in, l.resizes, l.warnings, l.extensions, l.commands
       FROM sessions s LEFT JOIN lives l ON l.session = s.seq WHERE s.ended_at IS NULL ORDER BY s.seq`,
    );
    return rows.flatMap((row) => {
      const read = this.#record(row);
      if (read === null) return [];
      const life = readHeartbeat(row);
      const record = life === null ? read : { ...read, counters: life.counters };
      const { heartbeatMs, lastActivityMs } = life ?? { heartbeatMs: 0, lastActivityMs: 0 };
      return [{ record, events: this.#eventsOf(Number(row.seq)), heartbeatMs, lastActivityMs }];
    });
  }

  /** Sessions that a crash has ended and whose tabs nobody has dismissed, by the time they were started. */
  restored(): readonly RestoredSession[] {
    const rows = this.#connection.all(
      `SELECT * FROM (
         SELECT * FROM sessions WHERE restored = 1 AND ended_at IS NOT NULL ORDER BY seq DESC LIMIT ?
       ) ORDER BY seq`,
      MAX_RESTORED,
    );
    return rows.flatMap((row) => {
      const record = this.#record(row);
      const end = readEnd(row.ending);
      if (record === null || end === null) {
        this.#onDamage('sessions', row.id);
        return [];
      }
      return [{ record, events: this.#eventsOf(Number(row.seq)), end, recording: readRecording(row.recording) }];
    });
  }

  /** In the order they came, the latest first; whatever the wall clock said. */
  history(before: SessionId | undefined, limit: number): readonly HistoryEntry[] {
    const rows =
      before === undefined
        ? this.#connection.all(`${HISTORY} ORDER BY seq DESC LIMIT ?`, limit)
        : this.#connection.all(`${HISTORY} WHERE seq < ? ORDER BY seq DESC LIMIT ?`, this.#position(before), limit);
    return rows.flatMap((row) => {
      const entry = readHistoryEntry(row);
      if (entry === null) this.#onDamage('sessions', row.id);
      return entry === null ? [] : [entry];
    });
  }

  /** Oldest first; null for a session that is not known. */
  events(id: SessionId): readonly SessionEvent[] | null {
    const row = this.#row(id);
    return row === undefined ? null : this.#eventsOf(Number(row.seq));
  }

  /** What is known of a session; null for one that is not known itself. */
  record(id: SessionId): SessionRecord | null {
    const row = this.#connection.get('SELECT * FROM sessions WHERE id = ?', id);
    return row === undefined ? null : this.#record(row);
  }

  /** Whether one more is kept. */
  #countState(id: SessionId): boolean {
    const count = (this.#states.get(id) ?? 0) + 1;
    this.#states.set(id, count);
    return count <= MAX_STATES;
  }

  /** Where a page of the history goes on: at the session, or where it was before it was removed. */
  #position(id: SessionId): number {
    const row = this.#row(id);
    if (row !== undefined) return Number(row.seq);
    return this.#connection.count('SELECT coalesce(max(seq), 0) + 1 FROM sessions WHERE id < ?', id);
  }

  #row(id: SessionId): Row | undefined {
    return this.#connection.get('SELECT seq, lane, told FROM sessions WHERE id = ?', id);
  }

  #record(row: Row): SessionRecord | null {
    const read = readRecord(row);
    if (read === null || !read.whole) this.#onDamage('sessions', row.id);
    return read?.record ?? null;
  }

  #eventsOf(session: number): SessionEvent[] {
    const rows = this.#connection.all('SELECT id, body FROM events WHERE session = ? ORDER BY seq', session);
    return rows.flatMap((row) => {
      const event = readEvent(row.body);
      if (event === null) this.#onDamage('events', row.id);
      return event === null ? [] : [event];
    });
  }
}

const HISTORY = `SELECT id, previous_id, profile_id, profile_name, backend, title, started_at, ending, recording_bytes
  FROM sessions`;
