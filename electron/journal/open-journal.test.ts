import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import type { Connection } from './connection.ts';
import { type OpenedJournal, type OpenOptions, openJournal, setAside } from './open-journal.ts';
import { MIGRATIONS, type Migration } from './schema.ts';
import { JournalStore } from './store.ts';
import { endEntry, record, sessionId, startEntry, stateEntry } from './testing/entries.ts';

const NOW = Date.UTC(2026, 10, 21, 15, 4, 10);

function storeOn(connection: Connection): JournalStore {
  return new JournalStore(connection, {
    subscribers: () => ['a'],
    envelope: () => '{}',
    now: () => NOW,
    logger: { error: () => {} },
  });
}

function openOn(file: string, options: OpenOptions = {}): Extract<OpenedJournal, { outcome: 'open' }> {
  const opened = openJournal(file, { now: () => NOW, ...options });
  if (opened.outcome !== 'open') throw new Error(`It was not opened: ${JSON.stringify(opened)}`);
  return opened;
}

/** A journal with some sessions, closed. */
function makeJournal(folder: string, sessions = 20): string {
  const file = join(folder, 'journal.sqlite');
  const { connection } = openOn(file);
  for (let count = 0; count < sessions; count += 1) {
    const known = record(sessionId(), { title: `Session ${count}` });
    const entries = [startEntry(known), stateEntry(known), ...(count % 2 === 0 ? [endEntry(known)] : [])];
    storeOn(connection).write(entries.map((entry) => ({ kind: 'event', entry })));
  }
  connection[Symbol.dispose]();
  return file;
}

/** Whether a journal takes an event and gives it back. */
function works(connection: Connection): boolean {
  const store = storeOn(connection);
  store.opening();
  const known = record(sessionId());
  store.write([{ kind: 'event', entry: startEntry(known) }]);
  return store.history(undefined, 1)[0]?.id === known.id && store.events(known.id)?.length === 1;
}

describe('opening a journal', () => {
  test('makes one that survives the power failing, with rules that the database keeps', () => {
    const file = join(temporaryFolder(), 'journal.sqlite');
    const { connection, damaged, migrated } = openOn(file);
    expect([damaged, migrated]).toEqual([null, null]);
    const pragma = (name: string): unknown => Object.values(connection.get(`PRAGMA ${name}`) ?? {})[0];
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('foreign_keys')).toBe(1);
    expect(pragma('auto_vacuum')).toBe(2);
    expect(pragma('trusted_schema')).toBe(0);
    expect(pragma('user_version')).toBe(MIGRATIONS.length);
    connection[Symbol.dispose]();
    connection[Symbol.dispose]();
  });

  test('finds what was there', () => {
    const file = makeJournal(temporaryFolder());
    for (const checkBounds of [undefined, { rows: 0, pages: 1e9 }, { rows: 0, pages: 0 }]) {
      const { connection, damaged } = openOn(file, checkBounds === undefined ? {} : { checkBounds });
      expect(damaged).toBeNull();
      expect(storeOn(connection).history(undefined, 100)).toHaveLength(20);
      connection[Symbol.dispose]();
    }
  });

  test.runIf(process.platform !== 'win32')('makes it private where it was not', () => {
    const file = join(temporaryFolder(), 'journal.sqlite');
    writeFileSync(file, '', { mode: 0o644 });
    using _connection = openOn(file).connection;
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('says why there is none where there is no folder', () => {
    const file = join(temporaryFolder(), 'missing', 'journal.sqlite');
    expect(openJournal(file)).toMatchObject({ outcome: 'refused', kind: 'unwritable' });
  });
});

describe('a journal of another version', () => {
  const fixture = join(import.meta.dirname, 'testdata', 'version-1.sqlite');
  const NEXT: readonly Migration[] = [
    ...MIGRATIONS,
    (database) => {
      database.exec(
        "ALTER TABLE sessions ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0; UPDATE sessions SET title = 'Moved'",
      );
    },
  ];

  /** A copy of the journal as version 1 has written it. */
  function version1(): { readonly folder: string; readonly file: string } {
    const folder = temporaryFolder();
    const file = join(folder, 'journal.sqlite');
    copyFileSync(fixture, file);
    return { folder, file };
  }

  test('1 can be read for ever', () => {
    const { connection, migrated } = openOn(version1().file);
    expect(migrated).toMatchObject({ from: 1 });
    const store = storeOn(connection);
    const { unfinished, restored } = store.opening();
    expect(unfinished).toMatchObject([
      { record: { title: 'Running' }, heartbeatMs: 5_000, events: [{ type: 'session:start' }] },
    ]);
    expect(restored).toMatchObject([{ record: { title: 'Crashed' }, end: { reason: 'app_crash' } }]);
    expect(store.history(undefined, 10)).toMatchObject([
      { title: 'Running', end: null },
      { title: 'Crashed', end: { reason: 'app_crash' } },
      { title: 'Exited', end: { reason: 'exited' }, recordingBytes: 1_000 },
    ]);
    expect(store.deliveries.list('a', null, 10)).toHaveLength(5);
    expect(store.deliveries.flags()).toEqual(new Map([['b', new Set(['gone'])]]));
    expect(works(connection)).toBe(true);
    connection[Symbol.dispose]();
  });

  test('that is older is brought to this one, and a copy is kept', () => {
    const { folder, file } = version1();
    const { connection, migrated } = openOn(file, { migrations: NEXT });
    const copy = join(folder, 'journal.version-1-20261121T150410Z.sqlite');
    expect(migrated).toEqual({ from: 1, copy });
    expect(connection.count('PRAGMA user_version')).toBe(NEXT.length);
    expect(
      storeOn(connection)
        .history(undefined, 10)
        .map(({ title }) => title),
    ).toEqual(['Moved', 'Moved', 'Moved']);
    connection[Symbol.dispose]();
    const old = openOn(copy).connection;
    expect(storeOn(old).history(undefined, 10)[0]?.title).toBe('Running');
    old[Symbol.dispose]();
    if (process.platform !== 'win32') expect(statSync(copy).mode & 0o777).toBe(0o600);
    const again = openOn(file, { migrations: NEXT });
    expect(again.migrated).toBeNull();
    again.connection[Symbol.dispose]();
  });

  test('whose step fails stays as it was', () => {
    const { folder, file } = version1();
    const failing = [...NEXT.slice(0, 1), 'CREATE TABLE half (a TEXT) STRICT; SELECT nothing FROM nowhere;'];
    expect(openJournal(file, { migrations: failing })).toMatchObject({ outcome: 'refused', kind: 'other' });
    expect(readdirSync(folder).filter((name) => name.includes('damaged'))).toEqual([]);
    const { connection } = openOn(file);
    expect(connection.count("SELECT count(*) FROM sqlite_schema WHERE name = 'half'")).toBe(0);
    connection[Symbol.dispose]();
  });

  test('that is newer is refused, and not touched', () => {
    const { folder, file } = version1();
    openOn(file, { migrations: NEXT }).connection[Symbol.dispose]();
    const before = readFileSync(file);
    expect(openJournal(file)).toEqual({ outcome: 'newer', version: NEXT.length });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder)).toHaveLength(2);
  });
});

describe('a damaged journal', () => {
  const aside = (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => name.includes('damaged'))
      .sort();

  test('that is no database is kept aside with what belongs to it, and a new one begun', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'journal.sqlite');
    const text = 'not a database, but long enough to be taken for one'.repeat(100);
    writeFileSync(file, text);
    for (const part of ['-wal', '-shm']) writeFileSync(`${file}${part}`, part);
    const { connection, damaged } = openOn(file);
    const keptAs = join(folder, 'journal.damaged-20261121T150410Z.sqlite');
    expect(damaged).toEqual({ keptAs, why: 'It is not a database.' });
    expect(readFileSync(keptAs, 'utf8')).toBe(text);
    expect(aside(folder)).toEqual(['', '-shm', '-wal'].map((part) => `journal.damaged-20261121T150410Z.sqlite${part}`));
    expect(works(connection)).toBe(true);
    connection[Symbol.dispose]();
  });

  test('never takes the place of another one', () => {
    const folder = temporaryFolder();
    const names = [1, 2].map(() => {
      const file = makeJournal(folder, 1);
      writeFileSync(`${file}-wal`, 'log');
      return setAside(file, NOW);
    });
    expect(names.map((name) => name.slice(folder.length + 1))).toEqual([
      'journal.damaged-20261121T150410Z.sqlite',
      'journal.damaged-20261121T150410Z-2.sqlite',
    ]);
    for (const name of names) expect(existsSync(`${name}-wal`)).toBe(true);
  });

  test.each([
    ['of another program', 'CREATE TABLE theirs (a TEXT)', null],
    ['with another table', null, 'CREATE TABLE more (a TEXT)'],
    ['without a table', null, 'DROP TABLE lives'],
    ['without an index', null, 'DROP INDEX events_one_end'],
    ['with a version that makes no sense', null, 'PRAGMA user_version = 1000000000'],
    ['with rows that belong to nothing', null, 'PRAGMA foreign_keys = OFF; DELETE FROM messages'],
  ])('%s is found', (_what, create, change) => {
    const folder = temporaryFolder();
    const file = create === null ? makeJournal(folder) : join(folder, 'journal.sqlite');
    const database = new DatabaseSync(file);
    database.exec(create ?? change ?? '');
    database.close();
    const { connection, damaged } = openOn(file);
    expect(damaged).not.toBeNull();
    expect(works(connection)).toBe(true);
    connection[Symbol.dispose]();
  });

  test('that is a folder is moved aside like any other', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'journal.sqlite');
    mkdirSync(file);
    writeFileSync(join(file, 'notes.txt'), 'mine');
    const { connection, damaged } = openOn(file);
    expect(damaged?.why).toBe('A folder is in its place.');
    expect(readFileSync(join(damaged?.keptAs ?? '', 'notes.txt'), 'utf8')).toBe('mine');
    expect(works(connection)).toBe(true);
    connection[Symbol.dispose]();
  });

  test('that cannot be moved aside is told', () => {
    // The name that it would get is longer than names may be: that stops root, too.
    const file = join(temporaryFolder(), `${'j'.repeat(240)}.sqlite`);
    writeFileSync(file, 'This is no database.');
    expect(openJournal(file)).toMatchObject({ outcome: 'refused', kind: 'other' });
    expect(readFileSync(file, 'utf8')).toBe('This is no database.');
  });

  test('by any bytes anywhere takes nothing else down, and afterwards one works', () => {
    const folder = temporaryFolder();
    const whole = readFileSync(makeJournal(folder));
    const file = join(folder, 'fuzzed', 'journal.sqlite');
    const flip = fc.record({
      // The header and the first page decide the most.
      at: fc.oneof(fc.nat({ max: 99 }), fc.nat({ max: 4_095 }), fc.nat({ max: whole.length - 1 })),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    });
    const cut = fc.option(fc.nat({ max: whole.length }), { freq: 5 });
    fc.assert(
      fc.property(fc.array(flip, { maxLength: 4 }), cut, (flips, length) => {
        mkdirSync(join(folder, 'fuzzed'), { recursive: true });
        for (const name of readdirSync(join(folder, 'fuzzed'))) rmSync(join(folder, 'fuzzed', name));
        const bytes = Buffer.from(whole.subarray(0, length ?? whole.length));
        for (const { at, bytes: others } of flips)
          bytes.set(others.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
        writeFileSync(file, bytes);
        const opened = openJournal(file, { now: () => NOW });
        if (opened.outcome === 'newer') return readFileSync(file).equals(bytes);
        if (opened.outcome !== 'open') return false;
        const { connection, damaged } = opened;
        try {
          const store = storeOn(connection);
          store.opening();
          for (const { id } of store.history(undefined, 100)) store.events(id);
          store.deliveries.due(['a'], NOW, 100);
          const isKept = damaged === null || statSync(damaged.keptAs).size === bytes.length;
          return isKept && works(connection);
        } finally {
          connection[Symbol.dispose]();
        }
      }),
      {
        numRuns: 150,
        examples: [
          [[{ at: 47, bytes: Uint8Array.of(5) }], null],
          [[{ at: 18, bytes: Uint8Array.of(3) }], null],
          [[{ at: 19, bytes: Uint8Array.of(0) }], null],
        ],
      },
    );
  }, 120_000);
});
