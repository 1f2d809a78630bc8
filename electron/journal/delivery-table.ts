import type { Delivery, DeliveryState, HookEvent } from '../../shared/hooks.ts';
import type { Connection, Row } from './connection.ts';
import type { DeliveryOutcome, DueDelivery, Outbox } from './deliveries.ts';
import { readDelivery, readDue, STATE_COLUMN } from './rows.ts';

/** How many completed deliveries of one hook are kept: the latest. */
const KEPT_DELIVERED = 200;
/** The same for dead letters, which can be sent again as long as they are kept. */
const KEPT_DEAD = 1_000;

const DELIVERY_COLUMNS = `
  d.id, d.hook, m.event_id, m.event, m.session_id, d.created_at, d.state, d.attempts, d.last_at, d.outcome,
  CASE WHEN d.state <> 'owed' THEN NULL ELSE coalesce(d.ready_at, (
    SELECT h.ready_at FROM deliveries h WHERE h.hook = d.hook AND h.lane = d.lane AND h.state = 'owed' ORDER BY h.id LIMIT 1
  ), d.created_at) END AS next_at
  FROM deliveries d JOIN messages m ON m.seq = d.message`;

/** An event as it is sent to hooks. */
export interface Message {
  readonly eventId: string;
  readonly event: HookEvent;
  readonly sessionId: string | null;
  readonly orderingKey: string;
  readonly body: string;
}

/**
 * The outbox of hooks in the journal's tables. Of the pending deliveries with one ordering key (the column `lane`), only the
 * first has a `ready_at`: what is due is found without reading what waits behind it.
 */
export class DeliveryTable implements Outbox {
  readonly #connection: Connection;
  readonly #onDamage: (table: string, id: unknown) => void;

  constructor(connection: Connection, onDamage: (table: string, id: unknown) => void) {
    this.#connection = connection;
    this.#onDamage = onDamage;
  }

  /**
   * Makes the first delivery of each ordering key ready, even if the file had lost track of it; and if the wall clock was set
   * back since the last run, nothing waits longer because of it. Called once, when the journal is opened.
   */
  repair(nowMs: number): void {
    const heads = "(SELECT min(id) FROM deliveries WHERE state = 'owed' GROUP BY hook, lane)";
    const lost = `ready_at IS NULL AND id IN ${heads}`;
    const tooMany = `ready_at IS NOT NULL AND id NOT IN ${heads}`;
    const latest = this.#connection.count('SELECT max(max(coalesce(last_at, 0), created_at)) FROM deliveries');
    const back = Math.max(0, latest - nowMs);
    const damaged = this.#connection.count(`SELECT EXISTS (SELECT 1 FROM deliveries WHERE (${lost}) OR (${tooMany}))`);
    if (damaged === 0 && back === 0) return;
    this.#connection.transaction('kept_soon', () => {
      this.#connection.run(`UPDATE deliveries SET ready_at = ? WHERE ${lost}`, nowMs);
      this.#connection.run(`UPDATE deliveries SET ready_at = NULL WHERE ${tooMany}`);
      this.#connection.run(
        'UPDATE deliveries SET ready_at = max(?, ready_at - ?) WHERE ready_at > ?',
        nowMs,
        back,
        nowMs,
      );
    });
  }

  /** Enqueues a message for hooks, within the transaction that stores its event. A message that is there already is left alone. */
  add(message: Message, hooks: readonly string[], nowMs: number): void {
    if (hooks.length === 0) return;
    const { eventId, event, sessionId, orderingKey: lane, body } = message;
    this.#connection.run(
      'INSERT INTO messages (event_id, event, session_id, lane, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING',
      eventId,
      event,
      sessionId,
      lane,
      body,
    );
    for (const hook of hooks) {
      this.#connection.run(
        `INSERT INTO deliveries (message, hook, lane, state, created_at, ready_at)
         SELECT m.seq, h.hook, m.lane, 'owed', h.now, CASE WHEN EXISTS (
           SELECT 1 FROM deliveries d WHERE d.hook = h.hook AND d.lane = m.lane AND d.state = 'owed'
         ) THEN NULL ELSE h.now END
         FROM messages m, (SELECT ? AS hook, ? AS now) h WHERE m.event_id = ?
         ON CONFLICT (message, hook) DO NOTHING`,
        hook,
        nowMs,
        eventId,
      );
    }
  }

  due(hooks: readonly string[], nowMs: number, limit: number): readonly DueDelivery[] {
    const found: { readonly readyAt: number; readonly due: DueDelivery }[] = [];
    const unreadable: Row[] = [];
    for (const hook of hooks) {
      const rows = this.#connection.all(
        `SELECT d.id, d.hook, d.lane, d.attempts, d.created_at, d.ready_at, m.event, m.event_id, m.session_id, m.body
         FROM deliveries d JOIN messages m ON m.seq = d.message
         WHERE d.hook = ? AND d.ready_at IS NOT NULL AND d.ready_at <= ? ORDER BY d.ready_at, d.id LIMIT ?`,
        hook,
        nowMs,
        limit,
      );
      for (const row of rows) {
        const due = readDue(row);
        if (due === null) unreadable.push(row);
        else found.push({ readyAt: Number(row.ready_at), due });
      }
    }
    for (const row of unreadable) {
      // It would block its ordering key forever.
      this.#onDamage('deliveries', row.id);
      this.complete(Number(row.id), { kind: 'dead-letter', outcome: 'The journal is damaged here' }, nowMs);
    }
    found.sort((a, b) => a.readyAt - b.readyAt || a.due.id - b.due.id);
    return found.slice(0, limit).map(({ due }) => due);
  }

  nextDueAt(hooks: readonly string[]): number | null {
    let next: number | null = null;
    for (const hook of hooks) {
      const row = this.#connection.get(
        'SELECT ready_at FROM deliveries WHERE hook = ? AND ready_at IS NOT NULL ORDER BY ready_at, id LIMIT 1',
        hook,
      );
      if (typeof row?.ready_at === 'number' && (next === null || row.ready_at < next)) next = row.ready_at;
    }
    return next;
  }

  /** After a power failure a delivery may be repeated, but not forgotten: its outcome need not be on the disk at once. */
  complete(id: number, outcome: DeliveryOutcome, nowMs: number): void {
    const state = STATE_COLUMN[outcome.kind === 'retry' ? 'pending' : outcome.kind];
    const readyAt = outcome.kind === 'retry' ? outcome.nextAt : null;
    this.#connection.transaction('kept_soon', () => {
      const row = this.#connection.get(
        `UPDATE deliveries SET state = ?, ready_at = ?, attempts = attempts + 1, last_at = ?, outcome = ?
         WHERE id = ? AND state = 'owed' RETURNING hook, lane`,
        state,
        readyAt,
        nowMs,
        outcome.outcome,
        id,
      );
      if (row !== undefined) this.#refreshHead(String(row.hook), String(row.lane), nowMs);
    });
  }

  enqueue(hook: string, event: { id: string; type: HookEvent; body: string }, nowMs: number): Delivery {
    const row = this.#connection.transaction('kept', () => {
      const message = {
        eventId: event.id,
        event: event.type,
        sessionId: null,
        orderingKey: event.id,
        body: event.body,
      };
      this.add(message, [hook], nowMs);
      return this.#connection.get(`SELECT ${DELIVERY_COLUMNS} WHERE m.event_id = ? AND d.hook = ?`, event.id, hook);
    });
    const delivery = readDelivery(row);
    if (delivery === null) throw new Error('A delivery that was just enqueued cannot be read back');
    return delivery;
  }

  requeue(hook: string, id: number | null, nowMs: number): number {
    return this.#connection.transaction('kept', () => {
      const rows = this.#connection.all(
        `UPDATE deliveries SET state = 'owed', attempts = 0, ready_at = NULL
         WHERE hook = ? AND state = 'dead' AND (? IS NULL OR id = ?) RETURNING lane`,
        hook,
        id,
        id,
      );
      for (const lane of new Set(rows.map((row) => String(row.lane)))) this.#refreshHead(hook, lane, nowMs);
      return rows.length;
    });
  }

  drop(hook: string, outcome: string): number {
    return this.#connection.transaction('kept_soon', () =>
      this.#connection.run(
        "UPDATE deliveries SET state = 'dropped', ready_at = NULL, outcome = ? WHERE hook = ? AND state = 'owed'",
        outcome,
        hook,
      ),
    );
  }

  retryBy(hook: string, latestMs: number): number {
    return this.#connection.transaction('kept_soon', () =>
      this.#connection.run(
        'UPDATE deliveries SET ready_at = ? WHERE hook = ? AND ready_at > ?',
        latestMs,
        hook,
        latestMs,
      ),
    );
  }

  pendingHooks(): readonly string[] {
    const rows = this.#connection.all('SELECT DISTINCT hook FROM deliveries WHERE ready_at IS NOT NULL ORDER BY hook');
    return rows.map((row) => String(row.hook));
  }

  list(hook: string, state: DeliveryState | null, limit: number): readonly Delivery[] {
    const rows =
      state === null
        ? this.#connection.all(`SELECT ${DELIVERY_COLUMNS} WHERE d.hook = ? ORDER BY d.id DESC LIMIT ?`, hook, limit)
        : this.#connection.all(
            `SELECT ${DELIVERY_COLUMNS} WHERE d.hook = ? AND d.state = ? ORDER BY d.id DESC LIMIT ?`,
            hook,
            STATE_COLUMN[state],
            limit,
          );
    return rows.flatMap((row) => {
      const delivery = readDelivery(row);
      if (delivery === null) this.#onDamage('deliveries', row.id);
      return delivery === null ? [] : [delivery];
    });
  }

  counts(hook: string): { readonly pending: number; readonly deadLetters: number; readonly last: Delivery | null } {
    const count = (state: DeliveryState): number =>
      this.#connection.count('SELECT count(*) FROM deliveries WHERE hook = ? AND state = ?', hook, STATE_COLUMN[state]);
    const last = this.#connection.get(
      `SELECT ${DELIVERY_COLUMNS} WHERE d.hook = ? AND d.last_at IS NOT NULL ORDER BY d.last_at DESC, d.id DESC LIMIT 1`,
      hook,
    );
    return {
      pending: count('pending'),
      deadLetters: count('dead-letter'),
      last: last === undefined ? null : readDelivery(last),
    };
  }

  flag(hook: string, name: 'gone', value: boolean): void {
    this.#connection.transaction('kept', () => {
      if (value)
        this.#connection.run('INSERT INTO hook_flags (hook, name) VALUES (?, ?) ON CONFLICT DO NOTHING', hook, name);
      else this.#connection.run('DELETE FROM hook_flags WHERE hook = ? AND name = ?', hook, name);
    });
  }

  flags(): ReadonlyMap<string, ReadonlySet<'gone'>> {
    const flags = new Map<string, Set<'gone'>>();
    for (const { hook, name } of this.#connection.all('SELECT hook, name FROM hook_flags')) {
      if (typeof hook === 'string' && name === 'gone') flags.set(hook, new Set(['gone']));
    }
    return flags;
  }

  /** Removes old completed deliveries, within bounds for each hook. Within a transaction. */
  prune(): void {
    for (const { hook } of this.#connection.all('SELECT DISTINCT hook FROM deliveries')) {
      if (typeof hook !== 'string') continue;
      for (const [state, kept] of [
        ['delivered', KEPT_DELIVERED],
        ['dropped', KEPT_DELIVERED],
        ['dead', KEPT_DEAD],
      ] as const) {
        this.#connection.run(
          `DELETE FROM deliveries WHERE hook = ? AND state = ? AND id <= (
             SELECT id FROM deliveries WHERE hook = ? AND state = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
          hook,
          state,
          hook,
          state,
          kept,
        );
      }
    }
    this.#connection.run(
      'DELETE FROM messages WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message = messages.seq)',
    );
  }

  /** Makes the first pending delivery of an ordering key ready, and no other. */
  #refreshHead(hook: string, lane: string, nowMs: number): void {
    const head = this.#connection.get(
      "SELECT id, ready_at FROM deliveries WHERE hook = ? AND lane = ? AND state = 'owed' ORDER BY id LIMIT 1",
      hook,
      lane,
    );
    if (head === undefined) return;
    const id = Number(head.id);
    this.#connection.run(
      "UPDATE deliveries SET ready_at = NULL WHERE hook = ? AND lane = ? AND state = 'owed' AND id > ? AND ready_at IS NOT NULL",
      hook,
      lane,
      id,
    );
    if (head.ready_at === null) this.#connection.run('UPDATE deliveries SET ready_at = ? WHERE id = ?', nowMs, id);
  }
}
