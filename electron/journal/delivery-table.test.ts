import { describe, expect, test } from 'vitest';
import type { JournalEntry, SessionRecord } from './journal.ts';
import { endEntry, extendedEntry, limitEntry, record, STARTED_AT, sessionId, startEntry } from './testing/entries.ts';
import type { OpenStore } from './testing/open-store.ts';
import { openStore } from './testing/open-store.ts';

const NOW = STARTED_AT;

function write(open: OpenStore, ...entries: JournalEntry[]): void {
  open.store.write(entries.map((entry) => ({ kind: 'event', entry })));
}

/** A store with the hook `a`, or others, that want everything. */
function owing(...hooks: string[]): OpenStore {
  const open = openStore(null);
  open.wanting = () => (hooks.length === 0 ? ['a'] : hooks);
  return open;
}

const due = (open: OpenStore, nowMs = NOW, hooks: readonly string[] = ['a'], limit = 100) =>
  open.store.deliveries.due(hooks, nowMs, limit);

/** A session and one that follows it. */
function restarted(): { readonly old: SessionRecord; readonly fresh: SessionRecord } {
  const old = record(sessionId());
  return { old, fresh: record(sessionId(), { previousId: old.id }) };
}

describe('what hooks are owed', () => {
  test('is what they want, with the envelope that was made when the event was kept', () => {
    using open = owing();
    open.wanting = (event) => (event === 'session:end' ? ['a', 'b'] : ['a']);
    const known = record(sessionId());
    const [start, end] = [startEntry(known), endEntry(known)];
    write(open, start, end);
    expect(due(open, NOW, ['a', 'b'])).toEqual([
      {
        id: 1,
        hook: 'a',
        orderingKey: known.id,
        attempts: 0,
        event: 'session:start',
        eventId: start.event.id,
        sessionId: known.id,
        createdAt: NOW,
        body: JSON.stringify({ type: 'session:start', id: start.event.id, sequence: 1 }),
      },
      expect.objectContaining({ hook: 'b', event: 'session:end', eventId: end.event.id }),
    ]);
  });

  test('comes one by one in each lane, and a restarted session is in the lane of the one before', () => {
    using open = owing();
    const { old, fresh } = restarted();
    const other = record(sessionId());
    write(open, startEntry(old), endEntry(old), startEntry(fresh), startEntry(other));
    const order: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (const delivery of due(open)) {
        order.push(`${delivery.event} ${delivery.sessionId}`);
        open.store.deliveries.complete(delivery.id, { kind: 'delivered', outcome: '204' }, NOW);
      }
    }
    expect(order).toEqual([
      `session:start ${old.id}`,
      `session:start ${other.id}`,
      `session:end ${old.id}`,
      `session:start ${fresh.id}`,
    ]);
    expect(open.store.deliveries.nextDueAt(['a'])).toBeNull();
  });

  test('waits for its time, and those behind it wait with it', () => {
    using open = owing();
    const known = record(sessionId());
    write(open, startEntry(known), endEntry(known));
    open.store.deliveries.complete(1, { kind: 'retry', outcome: 'refused', nextAt: NOW + 5_000 }, NOW + 100);
    expect(due(open, NOW + 4_999)).toEqual([]);
    expect(open.store.deliveries.nextDueAt(['a'])).toBe(NOW + 5_000);
    expect(due(open, NOW + 5_000)).toMatchObject([{ id: 1, attempts: 1 }]);
    expect(open.store.deliveries.list('a', 'pending', 10)).toMatchObject([
      { id: 2, attempts: 0, lastAt: null, nextAt: NOW + 5_000, outcome: null },
      { id: 1, attempts: 1, lastAt: NOW + 100, nextAt: NOW + 5_000, outcome: 'refused' },
    ]);
  });

  test('goes on in its lane behind a delivery that was given up', () => {
    using open = owing();
    const known = record(sessionId());
    write(open, startEntry(known), endEntry(known));
    open.store.deliveries.complete(1, { kind: 'dead-letter', outcome: '400' }, NOW);
    expect(due(open)).toMatchObject([{ id: 2 }]);
    expect(open.store.deliveries.counts('a')).toMatchObject({
      pending: 1,
      deadLetters: 1,
      last: { id: 1, state: 'dead-letter', nextAt: null },
    });
  });

  test('is owed again with all its tries, before what its lane still owes', () => {
    using open = owing();
    const known = record(sessionId());
    write(open, startEntry(known), extendedEntry(known), endEntry(known));
    const { deliveries } = open.store;
    deliveries.complete(1, { kind: 'dead-letter', outcome: '400' }, NOW);
    deliveries.complete(2, { kind: 'dead-letter', outcome: '400' }, NOW);
    expect(deliveries.requeue('a', 2, NOW + 1)).toBe(1);
    expect(due(open, NOW + 1)).toMatchObject([{ id: 2, attempts: 0 }]);
    expect(deliveries.requeue('a', null, NOW + 2)).toBe(1);
    expect(due(open, NOW + 2)).toMatchObject([{ id: 1 }]);
    for (const id of [1, 2, 3]) {
      expect(due(open, NOW + 2)).toMatchObject([{ id }]);
      deliveries.complete(id, { kind: 'delivered', outcome: '204' }, NOW + 2);
    }
    expect(deliveries.requeue('a', 3, NOW)).toBe(0);
    expect(deliveries.requeue('other', null, NOW)).toBe(0);
  });

  test('is given up with its hook, which holds no other hook back', () => {
    using open = owing('a', 'b');
    const known = record(sessionId());
    write(open, startEntry(known), endEntry(known));
    expect(open.store.deliveries.pendingHooks()).toEqual(['a', 'b']);
    expect(open.store.deliveries.drop('a', 'The hook was removed', NOW)).toBe(2);
    expect(open.store.deliveries.pendingHooks()).toEqual(['b']);
    expect(due(open, NOW, ['a', 'b'])).toMatchObject([{ hook: 'b', event: 'session:start' }]);
    // What was under way when the hook was removed may still report.
    open.store.deliveries.complete(1, { kind: 'retry', outcome: 'late', nextAt: NOW }, NOW);
    expect(open.store.deliveries.list('a', 'dropped', 1)).toMatchObject([
      { outcome: 'The hook was removed', nextAt: null },
    ]);
    expect(open.store.deliveries.list('a', 'dropped', 10)).toHaveLength(2);
  });

  test('can be a test, in a lane of its own, once', () => {
    using open = owing();
    const event = { id: 'one', type: 'hook:test', body: '{}' } as const;
    const delivery = open.store.deliveries.enqueue('a', event, NOW);
    expect(delivery).toEqual({
      id: 1,
      hook: 'a',
      eventId: 'one',
      event: 'hook:test',
      sessionId: null,
      createdAt: NOW,
      state: 'pending',
      attempts: 0,
      lastAt: null,
      nextAt: NOW,
      outcome: null,
    });
    expect(open.store.deliveries.enqueue('a', event, NOW)).toEqual(delivery);
    expect(due(open)).toMatchObject([{ event: 'hook:test', body: '{}', sessionId: null }]);
  });

  test('includes that a session was refused, and never a change of state', () => {
    using open = owing();
    const limit = limitEntry();
    write(open, limit);
    expect(due(open)).toMatchObject([{ event: 'session:limit', orderingKey: limit.event.sessionId }]);
  });

  test('is tried sooner when somebody says so, and never later', () => {
    using open = owing();
    const known = record(sessionId());
    write(open, startEntry(known));
    open.store.deliveries.complete(1, { kind: 'retry', outcome: '503', nextAt: NOW + 60_000 }, NOW);
    expect(open.store.deliveries.retryBy('b', NOW)).toBe(0);
    expect(open.store.deliveries.retryBy('a', NOW + 10)).toBe(1);
    expect(open.store.deliveries.retryBy('a', NOW + 20)).toBe(0);
    expect(open.store.deliveries.nextDueAt(['a', 'b'])).toBe(NOW + 10);
  });

  test('of many hooks comes the longest due first, as many as are asked for', () => {
    using open = owing('a', 'b');
    for (let count = 0; count < 5; count += 1) {
      open.now = NOW + count;
      write(open, startEntry(record(sessionId())));
    }
    const found = due(open, NOW + 10, ['a', 'b', 'unknown'], 3);
    expect(found.map(({ hook, createdAt }) => [hook, createdAt - NOW])).toEqual([
      ['a', 0],
      ['b', 0],
      ['a', 1],
    ]);
    expect(due(open, NOW + 2, ['b'], 10)).toHaveLength(3);
  });

  test('remembers that a receiver is gone', () => {
    using open = owing();
    expect(open.store.deliveries.flags()).toEqual(new Map());
    open.store.deliveries.flag('a', 'gone', true);
    open.store.deliveries.flag('a', 'gone', true);
    expect(open.store.deliveries.flags()).toEqual(new Map([['a', new Set(['gone'])]]));
    open.store.deliveries.flag('a', 'gone', false);
    expect(open.store.deliveries.flags()).toEqual(new Map());
  });

  test('is found without a look at what waits behind', () => {
    using open = owing();
    const plan = open.connection
      .all(
        `EXPLAIN QUERY PLAN SELECT d.id, m.body FROM deliveries d JOIN messages m ON m.seq = d.message
         WHERE d.hook = ? AND d.ready_at IS NOT NULL AND d.ready_at <= ? ORDER BY d.ready_at, d.id LIMIT ?`,
        'a',
        NOW,
        10,
      )
      .map(({ detail }) => detail);
    expect(plan).toEqual([
      'SEARCH d USING INDEX deliveries_ready (hook=? AND ready_at>? AND ready_at<?)',
      'SEARCH m USING INTEGER PRIMARY KEY (rowid=?)',
    ]);
  });

  test('with a row that cannot be read gives that one up, and goes on', () => {
    using open = owing();
    const known = record(sessionId());
    write(open, startEntry(known), endEntry(known));
    open.connection.run("UPDATE messages SET event = 'session:nonsense' WHERE seq = 1");
    expect(due(open)).toEqual([]);
    expect(due(open)).toMatchObject([{ event: 'session:end' }]);
    expect(open.logged).toHaveLength(1);
    expect(open.store.deliveries.list('a', null, 10)).toMatchObject([{ event: 'session:end' }]);
  });
});
