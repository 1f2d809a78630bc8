import type { SessionId } from '../../shared/session.ts';
import type { Connection, Row } from './connection.ts';
import type { DeliveryTable } from './delivery-table.ts';
import type { Retention } from './journal.ts';

const DAY_MS = 86_400_000;
const MEGABYTE = 1_000_000;
/** Sessions that one transaction removes at most: others want to write in between. */
const BATCH = 100;
/** Events that concern no session, such as that one was refused, are kept up to this number. */
const KEPT_ALONE = 10_000;
/** Pages that one step gives back to the file system at most. */
const VACUUM_PAGES = 2_000;

/** Ended sessions that are owed nothing. */
const REMOVABLE = `FROM sessions s WHERE s.ended_at IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM messages m JOIN deliveries d ON d.message = m.seq WHERE m.session_id = s.id AND d.state = 'owed')`;

/** Holds the journal, and the recordings of its sessions, to the bounds of what is kept. */
export class Pruner {
  readonly #connection: Connection;
  readonly #deliveries: DeliveryTable;

  constructor(connection: Connection, deliveries: DeliveryTable) {
    this.#connection = connection;
    this.#deliveries = deliveries;
  }

  /**
   * Removes the oldest ended sessions that are beyond the bounds and owed nothing, and what hooks were delivered long ago: a
   * bounded number in one transaction. Their recordings are then named by `removals`. Gives whether there is more to do.
   */
  prune(retention: Retention, nowMs: number): boolean {
    const more = this.#connection.transaction('kept', () => {
      this.#deliveries.prune();
      this.#removeAlone(retention, nowMs);
      const doomed = this.#doomed(retention, nowMs);
      for (const { seq, id } of doomed) {
        this.#connection.run('INSERT INTO removals (session_id) VALUES (?) ON CONFLICT DO NOTHING', id ?? null);
        this.#connection.run('DELETE FROM sessions WHERE seq = ?', seq ?? null);
      }
      return doomed.length > 0;
    });
    // Gives pages that are free back to the file system; there is nothing to lose by it, so it is no transaction of its own.
    if (this.#connection.count('PRAGMA freelist_count') > 0) {
      this.#connection.database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
    }
    return more;
  }

  /** The sessions that are gone from the journal and whose recordings are still to be removed. */
  removals(limit: number): readonly SessionId[] {
    return this.#connection.all('SELECT session_id FROM removals LIMIT ?', limit).map((row) => String(row.session_id));
  }

  /** The recording is gone. */
  removed(id: SessionId): void {
    this.#connection.transaction('kept_soon', () =>
      this.#connection.run('DELETE FROM removals WHERE session_id = ?', id),
    );
  }

  #doomed({ keepDays, keepSessions, keepMegabytes }: Retention, nowMs: number): readonly Row[] {
    if (keepDays > 0) {
      const old = this.#oldest('AND s.ended_at < ?', nowMs - keepDays * DAY_MS, BATCH);
      if (old.length > 0) return old;
    }
    if (keepSessions > 0) {
      const ended = this.#connection.count('SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL');
      if (ended > keepSessions) {
        const surplus = this.#oldest('AND ?', 1, Math.min(BATCH, ended - keepSessions));
        if (surplus.length > 0) return surplus;
      }
    }
    return keepMegabytes > 0 ? this.#tooLarge(keepMegabytes * MEGABYTE) : [];
  }

  /** The oldest ones whose recordings make up for what is too much; of the journal itself, what they free is seen later. */
  #tooLarge(bound: number): readonly Row[] {
    let surplus = this.#bytes() - bound;
    if (surplus <= 0) return [];
    const doomed: Row[] = [];
    for (const row of this.#oldest('AND ?', 1, BATCH)) {
      if (surplus <= 0) break;
      doomed.push(row);
      surplus -= Number(row.recording_bytes ?? 0);
    }
    return doomed;
  }

  #oldest(condition: string, value: number, limit: number): readonly Row[] {
    const sql = `SELECT s.seq, s.id, s.recording_bytes ${REMOVABLE} ${condition} ORDER BY s.seq LIMIT ?`;
    return this.#connection.all(sql, value, limit);
  }

  /** Recordings and journal together. */
  #bytes(): number {
    const recordings = this.#connection.count('SELECT sum(recording_bytes) FROM sessions WHERE ended_at IS NOT NULL');
    const pages = this.#connection.count('PRAGMA page_count') - this.#connection.count('PRAGMA freelist_count');
    return recordings + pages * this.#connection.count('PRAGMA page_size');
  }

  #removeAlone({ keepDays }: Retention, nowMs: number): void {
    this.#connection.run(
      'DELETE FROM events WHERE session IS NULL AND seq <= (SELECT seq FROM events WHERE session IS NULL ORDER BY seq DESC LIMIT 1 OFFSET ?)',
      KEPT_ALONE,
    );
    if (keepDays === 0) return;
    this.#connection.run('DELETE FROM events WHERE session IS NULL AND at < ?', nowMs - keepDays * DAY_MS);
  }
}
