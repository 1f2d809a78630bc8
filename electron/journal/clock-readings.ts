import type { Connection } from './connection.ts';

const DAY_MS = 86_400_000;
/** The shortest time between two readings that are kept, in milliseconds. */
const EVERY_MS = 3_600_000;

/**
 * Readings of the wall clock while the journal was open (the table `sightings`), so that a clock that is set forward by
 * mistake, even by years, makes nothing old: a moment counts as passed once the clock showed it, or a later one, a day ago,
 * in this run or in an earlier one.
 */
export class ClockReadings {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Adds a reading. Within a transaction.
   *
   * @returns the latest moment that has passed for sure, in milliseconds since the Unix epoch; null while that is not known:
   * within a day of the journal's first opening.
   */
  note(nowMs: number): number | null {
    // The clock was set back: what it had shown before was wrong.
    this.#connection.run('DELETE FROM sightings WHERE at > ?', nowMs);
    this.#connection.run(
      'INSERT INTO sightings (at) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM sightings WHERE at > ?)',
      nowMs,
      nowMs - EVERY_MS,
    );
    const row = this.#connection.get('SELECT max(at) AS at FROM sightings WHERE at <= ?', nowMs - DAY_MS);
    if (typeof row?.at !== 'number') return null;
    this.#connection.run('DELETE FROM sightings WHERE at < ?', row.at);
    return row.at;
  }
}
