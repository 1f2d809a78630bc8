import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { sessionFolder } from '../recording/folders.ts';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import type { JournalEntry, Retention, SessionRecord } from './journal.ts';
import { removeSessionFolder } from './session-folders.ts';
import { endEntry, limitEntry, record, recorded, STARTED_AT, sessionId, startEntry } from './testing/entries.ts';
import { openThread, until } from './testing/open-client.ts';
import { type OpenStore, openStore } from './testing/open-store.ts';

const PENDING_DAYS = 60;

const KEPT_DELIVERED = 200;

// Threads and processes take their time to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NONE: Retention = { keepDays: 0, keepSessions: 0, keepMegabytes: 0 };

const write = (open: OpenStore, ...entries: JournalEntry[]): void =>
  open.store.write(entries.map((entry) => ({ kind: 'event', entry })));

/** Sessions that ended one day after the other, each with a megabyte of recording. */
function ended(open: OpenStore, count: number, megabytes = 1): SessionRecord[] {
  return Array.from({ length: count }, (_, day) => {
    const startedAt = STARTED_AT + day * DAY;
    const known = record(sessionId(startedAt), { startedAt });
    write(open, startEntry(known), endEntry(known, {}, recorded(megabytes * 1_000_000)));
    return known;
  });
}

const ids = (open: OpenStore): string[] => open.store.history(undefined, 1_000).map(({ id }) => id);

function pruneOnce(open: OpenStore, retention: Retention, nowMs: number): void {
  while (open.store.pruner.prune(retention, nowMs));
}

/** Prunes at this moment, and a day later: by then, it has passed for sure. */
function prune(open: OpenStore, retention: Retention, nowMs: number): void {
  pruneOnce(open, retention, nowMs);
  pruneOnce(open, retention, nowMs + DAY);
}

describe('what is kept', () => {
  test('is everything without bounds', () => {
    using open = openStore(null);
    ended(open, 20);
    prune(open, NONE, STARTED_AT + 1e6 * DAY);
    expect(ids(open)).toHaveLength(20);
    expect(open.store.pruner.removals(100)).toEqual([]);
  });

  test('is so many days old at most', () => {
    using open = openStore(null);
    const sessions = ended(open, 10);
    write(open, limitEntry());
    prune(open, { ...NONE, keepDays: 4 }, STARTED_AT + 9 * DAY);
    expect(ids(open)).toEqual(
      sessions
        .slice(5)
        .map(({ id }) => id)
        .reverse(),
    );
    expect(open.store.pruner.removals(100).toSorted()).toEqual(
      sessions
        .slice(0, 5)
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(open.connection.count('SELECT count(*) FROM events')).toBe(10);
  });

  test('is so many sessions at most, running ones not counted', () => {
    using open = openStore(null);
    const sessions = ended(open, 250);
    const running = record(sessionId());
    write(open, startEntry(running));
    prune(open, { ...NONE, keepSessions: 3 }, STARTED_AT);
    expect(ids(open)).toEqual([
      running.id,
      ...sessions
        .slice(-3)
        .map(({ id }) => id)
        .reverse(),
    ]);
    expect(open.store.pruner.removals(1_000)).toHaveLength(247);
  });

  test('is so many megabytes of recordings and journal at most', () => {
    using open = openStore(null);
    const sessions = ended(open, 10, 3);
    prune(open, { ...NONE, keepMegabytes: 13 }, STARTED_AT);
    // Four recordings are 12 MB; the journal takes less than the rest.
    expect(ids(open)).toEqual(
      sessions
        .slice(-4)
        .map(({ id }) => id)
        .reverse(),
    );
  });

  test('includes what hooks are still owed, and goes when they have got it', () => {
    using open = openStore(null);
    open.wanting = (event) => (event === 'session:end' ? ['a'] : []);
    const sessions = ended(open, 3);
    prune(open, { ...NONE, keepDays: 1 }, STARTED_AT + PENDING_DAYS * DAY);
    expect(ids(open)).toHaveLength(3);
    for (const { id } of open.store.deliveries.due(['a'], STARTED_AT + PENDING_DAYS * DAY, 2)) {
      open.store.deliveries.complete(id, { kind: 'delivered', outcome: '204' }, STARTED_AT);
    }
    prune(open, { ...NONE, keepDays: 1 }, STARTED_AT + PENDING_DAYS * DAY);
    expect(ids(open)).toEqual([sessions[2]?.id]);
  });

  test('does not stay for ever because of a hook that is switched off, which is told all the same once it is back', () => {
    using open = openStore(null);
    open.wanting = (event) => (event === 'session:end' ? ['a'] : []);
    ended(open, 2);
    prune(open, { ...NONE, keepSessions: 1 }, STARTED_AT + (PENDING_DAYS + 1) * DAY);
    expect(ids(open)).toHaveLength(1);
    expect(open.store.deliveries.due(['a'], STARTED_AT + 100 * DAY, 10)).toHaveLength(2);
  });

  test('does not go because the clock was set forward, unless it shows that for a day', () => {
    using open = openStore(null);
    const retention = { ...NONE, keepDays: 30 };
    ended(open, 5);
    const now = STARTED_AT + 5 * DAY;
    prune(open, retention, now);
    const wrong = now + 3_000 * DAY;
    for (let hours = 0; hours < 24; hours += 1) pruneOnce(open, retention, wrong + hours * HOUR);
    expect(ids(open)).toHaveLength(5);
    // Set right, and wrong again: what it had shown does not count.
    prune(open, retention, now + 2 * DAY);
    pruneOnce(open, retention, wrong + 40 * DAY);
    expect(ids(open)).toHaveLength(5);
    pruneOnce(open, retention, wrong + 41 * DAY);
    expect(ids(open)).toHaveLength(0);
  });

  test('goes not with the first launch after a long time, but a day later', () => {
    const folder = temporaryFolder();
    const retention = { ...NONE, keepDays: 30 };
    {
      using open = openStore(folder);
      ended(open, 3);
      prune(open, retention, STARTED_AT + 3 * DAY);
    }
    for (const [day, left] of [
      [100, 3],
      [100.5, 3],
      [101, 0],
    ] as const) {
      using open = openStore(folder);
      pruneOnce(open, retention, STARTED_AT + day * DAY);
      expect(ids(open)).toHaveLength(left);
    }
  });

  test('notes what the clock shows in a few rows', () => {
    using open = openStore(null);
    for (let minutes = 0; minutes < 10_000; minutes += 10) pruneOnce(open, NONE, STARTED_AT + minutes * 60_000);
    expect(open.connection.count('SELECT count(*) FROM sightings')).toBeLessThan(27);
  });

  test('is not given up for one recording that is larger than all that may be kept, nor for one that is owed', () => {
    using open = openStore(null);
    open.wanting = (event) => (event === 'session:end' ? ['a'] : []);
    const [owed] = ended(open, 1, 50);
    open.wanting = () => [];
    const small = [record(sessionId()), record(sessionId()), record(sessionId())];
    for (const known of small) write(open, startEntry(known), endEntry(known, {}, recorded(1_000_000)));
    const huge = record(sessionId());
    write(open, startEntry(huge), endEntry(huge, {}, recorded(80_000_000)));
    const bounded = { ...NONE, keepMegabytes: 10 };
    prune(open, bounded, STARTED_AT);
    expect(ids(open)).toEqual([huge, ...small.toReversed(), owed].map((each) => each?.id));
    const next = record(sessionId());
    write(open, startEntry(next), endEntry(next, {}, recorded(1_000_000)));
    prune(open, bounded, STARTED_AT);
    expect(ids(open)).toEqual([next, ...small.toReversed(), owed].map((each) => each?.id));
  });

  test('never goes because the clock was set back', () => {
    using open = openStore(null);
    ended(open, 5);
    prune(open, { ...NONE, keepDays: 1 }, STARTED_AT - 400 * DAY);
    expect(ids(open)).toHaveLength(5);
  });

  test('of what was delivered is the latest of each hook', () => {
    using open = openStore(null);
    open.wanting = () => ['a', 'b'];
    const known = record(sessionId());
    for (let count = 0; count < KEPT_DELIVERED + 20; count += 1) write(open, limitEntry());
    write(open, startEntry(known));
    for (const { id } of open.store.deliveries.due(['a'], STARTED_AT, 1_000).slice(0, -1)) {
      open.store.deliveries.complete(id, { kind: 'delivered', outcome: '204' }, STARTED_AT);
    }
    prune(open, NONE, STARTED_AT);
    expect(open.store.deliveries.list('a', 'delivered', 1_000)).toHaveLength(KEPT_DELIVERED);
    expect(open.store.deliveries.counts('a')).toMatchObject({ pending: 1 });
    expect(open.store.deliveries.counts('b')).toMatchObject({ pending: KEPT_DELIVERED + 21 });
    open.store.deliveries.drop('b', 'removed', STARTED_AT);
    prune(open, NONE, STARTED_AT);
    const messages = open.connection.count('SELECT count(*) FROM messages');
    expect(messages).toBeLessThanOrEqual(KEPT_DELIVERED + 1);
    expect(messages).toBe(open.connection.count('SELECT count(DISTINCT message) FROM deliveries'));
  });

  test('takes no more room in the file than it needs', () => {
    const folder = temporaryFolder();
    using open = openStore(folder);
    ended(open, 1_000);
    open.connection.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const file = join(folder, 'journal.sqlite');
    const before = statSync(file).size;
    prune(open, { ...NONE, keepSessions: 1 }, STARTED_AT);
    open.connection.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(statSync(file).size).toBeLessThan(before / 4);
  });
});

describe('the recording of a session that is not kept', () => {
  const NOW = STARTED_AT + 400 * DAY;

  function withRecording(root: string, id: string): string {
    const folder = sessionFolder(root, id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'recording.cast'), '{}');
    return folder;
  }

  test('goes with it, and with the folders that are empty then', async () => {
    const root = temporaryFolder();
    const [one, two] = [sessionId(), sessionId()];
    const folders = [one, two].map((id) => withRecording(root, id));
    expect(await removeSessionFolder(root, one, NOW)).toEqual({ ok: true });
    expect(readdirSync(dirname(folders[0] ?? ''))).toEqual([two]);
    expect(await removeSessionFolder(root, two, STARTED_AT)).toEqual({ ok: true });
    expect(existsSync(dirname(folders[0] ?? ''))).toBe(true);
    expect(await removeSessionFolder(root, two, NOW)).toEqual({ ok: true });
    expect(readdirSync(root)).toEqual([]);
  });

  test.each(['..', '../../etc', '01JB8Q2ZC3W6T4V9XK5N7MHRD', '', '8ZZZZZZZZZZZZZZZZZZZZZZZZZ', 'x/../../y'])(
    'is never looked for outside of its folder: “%s”',
    async (id) => {
      const root = join(temporaryFolder(), 'sessions');
      mkdirSync(root);
      expect(await removeSessionFolder(root, id, NOW)).toMatchObject({ ok: false });
      expect(existsSync(root)).toBe(true);
    },
  );

  test.runIf(process.platform !== 'win32')('is not what a link leads to', async () => {
    const outside = temporaryFolder();
    const id = sessionId();
    const target = withRecording(outside, id);
    const month = dirname(target);

    const linkedMonth = temporaryFolder();
    const itsMonth = join(linkedMonth, month.slice(outside.length + 1));
    mkdirSync(dirname(itsMonth), { recursive: true });
    symlinkSync(month, itsMonth);
    expect(await removeSessionFolder(linkedMonth, id, NOW)).toMatchObject({ ok: false });

    const linked = temporaryFolder();
    const folder = sessionFolder(linked, id);
    mkdirSync(dirname(folder), { recursive: true });
    symlinkSync(target, folder);
    expect(await removeSessionFolder(linked, id, NOW)).toEqual({ ok: true });

    const inside = temporaryFolder();
    symlinkSync(target, join(withRecording(inside, id), 'link'));
    expect(await removeSessionFolder(inside, id, NOW)).toEqual({ ok: true });
    expect(readdirSync(target)).toEqual(['recording.cast']);
  });

  test('is removed by the thread, with each end', async () => {
    const { journal, folder, file } = openThread();
    const root = join(folder, 'sessions');
    const keep = async (): Promise<SessionRecord> => {
      const known = record(sessionId());
      withRecording(root, known.id);
      await Promise.all([journal.append(startEntry(known)), journal.append(endEntry(known))]);
      return known;
    };
    const known = [await keep(), await keep(), await keep()];
    const month = dirname(sessionFolder(root, known[0]?.id ?? ''));
    journal.retain({ ...NONE, keepSessions: 1 });
    await until(() => readdirSync(month).length === 1);
    expect(readdirSync(month)).toEqual([known[2]?.id]);
    expect((await journal.history({ limit: 10 })).map(({ id }) => id)).toEqual([known[2]?.id]);
    await keep();
    await until(() => !readdirSync(month).includes(known[2]?.id ?? ''));
    await journal.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  test.runIf(process.platform !== 'win32')('is removed later when that is not possible now', async () => {
    const { journal, folder, logged } = openThread();
    const root = join(folder, 'sessions');
    const known = [record(sessionId()), record(sessionId())];
    for (const each of known) await Promise.all([journal.append(startEntry(each)), journal.append(endEntry(each))]);
    const month = dirname(withRecording(root, known[0]?.id ?? ''));
    renameSync(month, `${month}-elsewhere`);
    symlinkSync(`${month}-elsewhere`, month);
    journal.retain({ ...NONE, keepSessions: 1 });
    await until(() => logged.some(({ message }) => message.endsWith('could not be removed')));
    expect(readdirSync(month)).toHaveLength(1);
    rmSync(month);
    renameSync(`${month}-elsewhere`, month);
    journal.retain({ ...NONE, keepSessions: 1 });
    await until(() => !existsSync(sessionFolder(root, known[0]?.id ?? '')));
  });
});
