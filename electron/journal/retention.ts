import type { SessionId } from '../../shared/session.ts';
import { ClockReadings } from './clock-readings.ts';
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

/**
 * What a hook is owed keeps its session that long: more than the slowest schedule of tries takes. After that it is owed to a
 * hook that is switched off or broken, and is sent without the recording, should the hook come back.
 */
const PENDING_DAYS = 60;

/** Ended sessions of which no hook is owed anything; the moment after which that counts comes first. */
const REMOVABLE = `FROM sessions s WHERE s.ended_at IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM messages m JOIN deliveries d ON d.message = m.seq
  WHERE m.session_id = s.id AND d.state = 'owed' AND d.created_at >= ?)`;
const LATEST = '(SELECT max(seq) FROM sessions WHERE ended_at IS NOT NULL)';

/** Moments, in milliseconds since the Unix epoch. What is not known to have passed makes nothing old. */
interface Cutoffs {
  /** What ended before it is too old. */
  readonly kept: number;
  /** What is owed since before it keeps nothing. */
  readonly pending: number;
}

/** Holds the journal, and the recordings of its sessions, to the bounds of what is kept. */
export class Pruner {
  readonly #connection: Connection;
  readonly #deliveries: DeliveryTable;
  readonly #clockReadings: ClockReadings;

  constructor(connection: Connection, deliveries: DeliveryTable) {
    this.#connection = connection;
    this.#deliveries = deliveries;
    this.#clockReadings = new ClockReadings(connection);
  }

  /**
   * Removes the oldest ended sessions that are beyond the bounds and of which no hook is owed anything, and what hooks were
   * delivered long ago: a bounded number in one transaction. Their recordings are then named by `removals`. Gives whether there is more to do.
   */
  prune(retention: Retention, nowMs: number): boolean {
    const more = this.#connection.transaction('kept', () => {
      const passedMs = this.#clockReadings.note(nowMs) ?? Number.NEGATIVE_INFINITY;
      const keptMs = retention.keepDays === 0 ? Number.POSITIVE_INFINITY : retention.keepDays * DAY_MS;
      const cutoffs = { kept: passedMs - keptMs, pending: passedMs - PENDING_DAYS * DAY_MS };
      this.#deliveries.prune();
      this.#removeAlone(cutoffs);
      const doomed = this.#doomed(retention, cutoffs);
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

  #doomed({ keepSessions, keepMegabytes }: Retention, cutoffs: Cutoffs): readonly Row[] {
    const old = this.#oldest(cutoffs, 's.ended_at < ?', cutoffs.kept, BATCH);
    if (old.length > 0) return old;
    if (keepSessions > 0) {
      const ended = this.#connection.count('SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL');
      if (ended > keepSessions) {
        const surplus = this.#oldest(cutoffs, '?', 1, Math.min(BATCH, ended - keepSessions));
        if (surplus.length > 0) return surplus;
      }
    }
    return keepMegabytes > 0 ? this.#tooLarge(cutoffs, keepMegabytes * MEGABYTE) : [];
  }

  /**
   * The oldest ones that make up for what is too much, but never the latest. A recording that is larger than all that may be
   * kept goes alone: it would take all others with it.
   */
  #tooLarge(cutoffs: Cutoffs, bound: number): readonly Row[] {
    const huge = this.#oldest(cutoffs, `s.seq < ${LATEST} AND s.recording_bytes > ?`, bound, BATCH);
    if (huge.length > 0) return huge;
    const recordings = this.#connection.count(
      `SELECT sum(s.recording_bytes) ${REMOVABLE} AND s.recording_bytes <= ?`,
      cutoffs.pending,
      bound,
    );
    const journal = this.#bytes();
    const perSession = journal / Math.max(1, this.#connection.count('SELECT count(*) FROM sessions'));
    let surplus = recordings + journal - bound;
    if (surplus <= 0) return [];
    const doomed: Row[] = [];
    for (const row of this.#oldest(cutoffs, `s.seq < ${LATEST} AND ?`, 1, BATCH)) {
      if (surplus <= 0) break;
      doomed.push(row);
      surplus -= Number(row.recording_bytes ?? 0) + perSession;
    }
    return doomed;
  }

  #oldest({ pending }: Cutoffs, condition: string, value: number, limit: number): readonly Row[] {
    const sql = `SELECT s.seq, s.id, s.recording_bytes ${REMOVABLE} AND ${condition} ORDER BY s.seq LIMIT ?`;
    return this.#connection.all(sql, pending, value, limit);
  }

  /** Of the journal. */
  #bytes(): number {
    const pages = this.#connection.count('PRAGMA page_count') - this.#connection.count('PRAGMA freelist_count');
    return pages * this.#connection.count('PRAGMA page_size');
  }

  #removeAlone({ kept }: Cutoffs): void {
    this.#connection.run(
      'DELETE FROM events WHERE session IS NULL AND seq <= (SELECT seq FROM events WHERE session IS NULL ORDER BY seq DESC LIMIT 1 OFFSET ?)',
      KEPT_ALONE,
    );
    this.#connection.run('DELETE FROM events WHERE session IS NULL AND at < ?', kept);
  }
}
