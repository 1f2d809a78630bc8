import { describe, expect, test, vi } from 'vitest';
import type { JournalEntry, SessionRecord } from './journal.ts';
import type { JournalWrite } from './store.ts';
import {
  endEntry,
  extendedEntry,
  limitEntry,
  record,
  recorded,
  STARTED_AT,
  sessionId,
  startEntry,
  stateEntry,
} from './testing/entries.ts';
import { type OpenStore, openStore } from './testing/open-store.ts';

const MAX_STATES = 5_000;

const events = (...entries: JournalEntry[]): JournalWrite[] => entries.map((entry) => ({ kind: 'event', entry }));

function open(): OpenStore {
  const opened = openStore(null);
  opened.wanting = () => ['a'];
  return opened;
}

describe('an event', () => {
  test('that is told twice is there once, and owed once', () => {
    using journal = open();
    const known = record(sessionId());
    const [start, end] = [startEntry(known), endEntry(known)];
    journal.store.write(events(start, end));
    journal.store.write(events(start, end));
    expect(journal.store.events(known.id)).toEqual([start.event, end.event]);
    expect(journal.store.deliveries.list('a', null, 10)).toHaveLength(2);
    expect(journal.logged).toEqual([]);
  });

  test('that ends a session a second time is left out, and takes no other with it', () => {
    using journal = open();
    const [known, other] = [record(sessionId()), record(sessionId())];
    const end = endEntry(known);
    journal.store.write(events(startEntry(known), end, endEntry(known, { reason: 'app_crash' }), startEntry(other)));
    expect(journal.store.events(known.id)).toHaveLength(2);
    expect(journal.store.history(undefined, 10)).toMatchObject([{ id: other.id }, { end: { reason: 'exited' } }]);
    expect(journal.store.deliveries.list('a', null, 10)).toHaveLength(3);
    expect(journal.logged).toMatchObject([{ message: 'An event breaks the rules of the journal; it is left out' }]);
  });

  test('of a session of which nobody knows anything any more is told with what the journal knows', () => {
    const told: unknown[] = [];
    using journal = openStore(null, {
      envelope: ({ record: known, event }) => {
        told.push([event.type, known?.title]);
        return known === null ? null : '{}';
      },
    });
    journal.wanting = () => ['a'];
    const known = record(sessionId(), { title: 'Known' });
    journal.store.write(events(startEntry(known), { ...endEntry(known), record: null }));
    expect(told).toEqual([
      ['session:start', 'Known'],
      ['session:end', 'Known'],
    ]);
    expect(journal.store.deliveries.counts('a')).toMatchObject({ pending: 2 });
  });

  test('and what it owes are there together or not at all', () => {
    using journal = open();
    const known = record(sessionId());
    journal.store.write(events(startEntry(known)));
    // As a disk that fills up between two statements would do.
    journal.connection.database.exec(
      "CREATE TEMP TRIGGER full BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
    );
    journal.store.write(events(endEntry(known)));
    expect(journal.store.events(known.id)).toHaveLength(1);
    expect(journal.store.history(undefined, 1)).toMatchObject([{ end: null }]);
    expect(journal.store.deliveries.list('a', null, 10)).toHaveLength(1);
  });

  test('has its place among those of its session that hooks can be told of, without gaps', () => {
    using journal = open();
    const [known, other] = [record(sessionId()), record(sessionId())];
    journal.wanting = (event) => (event === 'session:extended' ? [] : ['a']);
    const told = [startEntry(known), stateEntry(known), extendedEntry(known), startEntry(other), endEntry(known)];
    journal.store.write(events(...told, limitEntry()));
    const rows = journal.connection.all('SELECT body FROM messages ORDER BY seq');
    const sequences = rows.map(({ body }) => JSON.parse(String(body)));
    expect(sequences.map(({ type, sequence }) => [type, sequence])).toEqual([
      ['session:start', 1],
      ['session:start', 1],
      ['session:end', 3],
      ['session:limit', 1],
    ]);
  });

  test('is kept even if it cannot be sent to hooks', () => {
    using journal = openStore(null, {
      envelope: () => {
        throw new Error('A bug');
      },
    });
    journal.wanting = () => ['a'];
    const known = record(sessionId());
    journal.store.write(events(startEntry(known)));
    expect(journal.store.events(known.id)).toHaveLength(1);
    expect(journal.logged).toMatchObject([{ message: 'An event is stored, but not sent to hooks' }]);
  });

  test('that nothing can be made of costs no other', () => {
    using journal = open();
    const known = record(sessionId());
    const broken = extendedEntry(known);
    // What no number can be is what the engine never tells; the database does not take it.
    const wrong = { ...broken, event: { ...broken.event, at: Number.NaN } };
    journal.store.write(events(startEntry(known), wrong, endEntry(known)));
    expect(journal.store.events(known.id)).toMatchObject([{ type: 'session:start' }, { type: 'session:end' }]);
    expect(journal.logged).toHaveLength(1);
  });

  test('of a session that is not there yet brings it along', () => {
    using journal = open();
    const known = record(sessionId());
    journal.store.write(events(extendedEntry(known), endEntry({ ...known, title: 'Last' })));
    expect(journal.store.history(undefined, 10)).toMatchObject([
      { id: known.id, title: 'Last', end: expect.anything() },
    ]);
  });

  test('is one of a bounded number of changes of state', () => {
    using journal = open();
    const known = record(sessionId());
    const entry = stateEntry(known);
    journal.store.write(events(startEntry(known)));
    const states = Array.from({ length: MAX_STATES + 5 }, (_, index): JournalEntry => {
      return { ...entry, event: { ...entry.event, id: `state-${index}` } };
    });
    journal.store.write(events(...states, endEntry(known)));
    expect(journal.store.events(known.id)).toHaveLength(MAX_STATES + 2);
  });
});

describe('a session', () => {
  test('that has no end is unfinished, as old as it was at its last sign of life', () => {
    using journal = open();
    const [known, ended] = [record(sessionId()), record(sessionId())];
    journal.store.write(events(startEntry(known), startEntry(ended), endEntry(ended)));
    const counters = { bytesOut: 5, bytesIn: 4, resizes: 3, warnings: 2, extensions: 1, commands: 6 };
    const sign = { sessionId: known.id, ageMs: 10_000, lastActivityMs: 7_000, counters };
    journal.store.write([
      { kind: 'heartbeats', heartbeats: [sign, { ...sign, sessionId: ended.id }, { ...sign, sessionId: 'unknown' }] },
    ]);
    journal.store.write([{ kind: 'heartbeats', heartbeats: [{ ...sign, ageMs: 9_000, lastActivityMs: 1 }] }]);
    expect(journal.store.opening()).toEqual({
      unfinished: [
        { record: { ...known, counters }, events: [expect.anything()], heartbeatMs: 10_000, lastActivityMs: 7_000 },
      ],
      restored: [],
    });
  });

  test('that a crash has ended comes back until it is dismissed', () => {
    using journal = open();
    const all = Array.from({ length: 103 }, () => record(sessionId()));
    for (const known of all) journal.store.write(events(startEntry(known), endEntry(known, { reason: 'app_crash' })));
    const restored = journal.store.opening().restored.map((session) => session.record.id);
    expect(restored).toEqual(all.slice(3).map(({ id }) => id));
    journal.store.write(all.slice(5).map(({ id }) => ({ kind: 'dismiss', sessionId: id })));
    expect(journal.store.opening().restored.map((session) => session.record.id)).toEqual(
      all.slice(0, 5).map(({ id }) => id),
    );
  });

  test('whose document cannot be read still gets its end', () => {
    using journal = open();
    const known = record(sessionId(), { title: 'Damaged' });
    journal.store.write(events(startEntry(known)));
    journal.connection.run("UPDATE sessions SET record = '{]'");
    const [unfinished] = journal.store.opening().unfinished;
    expect(unfinished?.record).toMatchObject({ id: known.id, title: 'Damaged', startedAt: STARTED_AT, backend: 'pty' });
    expect(journal.logged).toHaveLength(1);
    if (unfinished !== undefined) journal.store.write(events(endEntry(unfinished.record, { reason: 'app_crash' })));
    expect(journal.store.opening()).toMatchObject({ unfinished: [], restored: [{ record: { id: known.id } }] });
  });

  test('of which a row cannot be read is left out, and nothing else', () => {
    using journal = open();
    const [one, two, three] = [record(sessionId()), record(sessionId()), record(sessionId())];
    for (const known of [one, two, three])
      journal.store.write(events(startEntry(known), endEntry(known, { reason: 'app_crash' })));
    journal.connection.run("UPDATE sessions SET ending = '{}' WHERE id = ?", one.id);
    journal.connection.run("UPDATE sessions SET backend = 'none', record = '' WHERE id = ?", two.id);
    journal.connection.run("UPDATE events SET body = 'x' WHERE session_id = ? AND type = 'session:start'", three.id);
    expect(journal.store.history(undefined, 10).map(({ id }) => id)).toEqual([three.id]);
    expect(journal.store.opening().restored.map((session) => session.record.id)).toEqual([three.id]);
    expect(journal.store.events(three.id)).toMatchObject([{ type: 'session:end' }]);
    expect(journal.logged.length).toBeGreaterThanOrEqual(5);
  });

  test('is noted only while it is known', () => {
    using journal = open();
    const known = record(sessionId());
    journal.store.write([{ kind: 'update', record: known }]);
    expect(journal.store.history(undefined, 10)).toEqual([]);
    journal.store.write([...events(startEntry(known)), { kind: 'update', record: { ...known, title: 'New' } }]);
    expect(journal.store.history(undefined, 10)).toMatchObject([{ title: 'New' }]);
    expect(journal.store.opening().unfinished).toMatchObject([{ record: { title: 'New' } }]);
  });
});

describe('the history', () => {
  test('is in the order in which sessions came, also when the clock was set back', () => {
    using journal = open();
    const hour = 3_600_000;
    const times = [STARTED_AT, STARTED_AT - hour, STARTED_AT + 24 * hour, STARTED_AT - 2 * hour];
    const known = times.map((startedAt) => record(sessionId(startedAt), { startedAt }));
    for (const each of known) journal.store.write(events(startEntry(each), endEntry(each, {}, recorded())));
    const latestFirst = known.map(({ id }) => id).reverse();
    const pages: string[] = [];
    for (let before: string | undefined; ; ) {
      const [page] = journal.store.history(before, 1);
      if (page === undefined) break;
      pages.push(page.id);
      before = page.id;
    }
    expect(pages).toEqual(latestFirst);
  });

  test('goes on where a session was that is not kept any more', () => {
    using journal = open();
    const known = [1, 2, 3].map((minute) => record(sessionId(STARTED_AT + minute * 60_000)));
    for (const each of known) journal.store.write(events(startEntry(each), endEntry(each)));
    journal.connection.run('DELETE FROM sessions WHERE id = ?', known[1]?.id ?? '');
    expect(journal.store.history(known[1]?.id, 10).map(({ id }) => id)).toEqual([known[0]?.id]);
  });

  test('of 100,000 events is found by indexes alone', () => {
    using journal = open();
    const { connection, store } = journal;
    connection.database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      INSERT INTO sessions (id, lane, profile_id, profile_name, backend, title, started_at, record)
        SELECT printf('01JB8Q2ZC3W6T4V9XK5N7M%04d', i), 'l', 'p', 'P', 'pty', 't', i, '{}' FROM n;
      WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
      INSERT INTO events (id, session, session_id, type, at, body)
        SELECT 'e' || i, 1 + i % 1000, 's', 'session:state', i, '{}' FROM n;
    `);
    const asked = [vi.spyOn(connection, 'all'), vi.spyOn(connection, 'get'), vi.spyOn(connection, 'run')];
    const known = record(sessionId());
    store.write(events(startEntry(known), stateEntry(known)));
    store.write([{ kind: 'update', record: known }]);
    store.write(events(endEntry(known)));
    store.history(undefined, 200);
    store.history(known.id, 200);
    store.events(known.id);
    store.deliveries.list('a', 'pending', 100);
    store.deliveries.counts('a');
    const statements = new Set(asked.flatMap(({ mock }) => mock.calls.map(([sql]) => sql)));
    expect(statements.size).toBeGreaterThan(10);
    for (const sql of statements) {
      const plan = connection.database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail));
      // The history's first page is the end of the table itself.
      const scans = plan.filter((step) => step.startsWith('SCAN') && !/SCAN (sessions|CONSTANT ROW|h\b)/.test(step));
      expect(scans, sql).toEqual([]);
      expect(
        plan.filter((step) => step.includes('TEMP B-TREE')),
        sql,
      ).toEqual([]);
    }
  });
});

describe('a session that an earlier journal knew', () => {
  const adopted = (...sessions: SessionRecord[]): JournalWrite[] =>
    sessions.map((known) => {
      const ending = endEntry(known, { reason: 'app_crash' });
      const { event } = ending;
      if (event.type !== 'session:end') throw new Error('It is no end');
      const told = [startEntry(known).event, stateEntry(known).event, event];
      return { kind: 'adopt', session: { record: known, events: told, end: event.end, recording: recorded(1_234) } };
    });

  test('is in the history before all others, the latest first, and no hook is told of it', () => {
    using journal = open();
    const [now, late, early] = [record(sessionId()), record(sessionId()), record(sessionId())];
    journal.store.write(events(startEntry(now), endEntry(now)));
    journal.store.write(adopted(late));
    journal.store.write(adopted(early));
    const ids = [now, late, early].map(({ id }) => id);
    expect(journal.store.history(undefined, 10).map(({ id }) => id)).toEqual(ids);
    expect(journal.store.history(late.id, 10).map(({ id }) => id)).toEqual([early.id]);
    expect(journal.store.events(early.id)).toHaveLength(3);
    expect(journal.store.history(undefined, 10)[1]).toMatchObject({ recordingBytes: 1_234 });
    expect(journal.store.deliveries.list('a', null, 10)).toHaveLength(2);
    // Its tab was there after the crash, or was dismissed.
    expect(journal.store.opening()).toEqual({ unfinished: [], restored: [] });
    expect(journal.logged).toEqual([]);
  });

  test('is taken over once, and not at all where it is known', () => {
    using journal = open();
    const [known, unknown] = [record(sessionId()), record(sessionId())];
    journal.store.write(events(startEntry(known)));
    expect(journal.store.unknown([known.id, unknown.id])).toEqual([unknown.id]);
    journal.store.write(adopted(known, unknown));
    journal.store.write(adopted(unknown));
    expect(journal.store.unknown([known.id, unknown.id])).toEqual([]);
    expect(journal.store.history(undefined, 10)).toMatchObject([{ id: known.id, end: null }, { id: unknown.id }]);
    expect(journal.store.opening().unfinished).toMatchObject([{ record: { id: known.id } }]);
  });

  test('stays away when it was removed, though its recording is still there', () => {
    using journal = open();
    const removed = record(sessionId());
    journal.connection.run('INSERT INTO removals (session_id) VALUES (?)', removed.id);
    expect(journal.store.unknown([removed.id])).toEqual([]);
  });

  test('has one start and one end, whatever its metadata say', () => {
    using journal = open();
    const odd = record(sessionId());
    const [write] = adopted(odd);
    if (write?.kind !== 'adopt') throw new Error('There is none');
    const { session } = write;
    const twice = [...session.events, endEntry(odd).event, startEntry(record(sessionId())).event];
    journal.store.write([{ kind: 'adopt', session: { ...session, events: twice } }]);
    expect(journal.store.events(odd.id)?.map(({ type }) => type)).toEqual(session.events.map(({ type }) => type));
    expect(journal.logged).toEqual([]);
  });
});
