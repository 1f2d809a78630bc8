import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Clock, SystemClock } from '../base/clock.ts';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import { endEntry, extendedEntry, limitEntry, record, sessionId, startEntry, stateEntry } from './testing/entries.ts';
import { type OpenThread, openThread, until } from './testing/open-client.ts';
import { lookAt } from './testing/open-store.ts';

// Threads and processes take their time to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

/** Another process that holds a journal until it is told to let go. */
async function holder(file: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing', 'lock-journal.ts'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

async function letGo(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
}

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'ignore' });
}

const canMount = ((): boolean => {
  if (process.platform !== 'linux') return false;
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-'));
  try {
    mount('-t', 'tmpfs', 'none', folder);
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
})();

/** A folder on a file system of its own, of a megabyte. */
function smallDisk(): string {
  const folder = temporaryFolder();
  mount('-t', 'tmpfs', '-o', 'size=1m', 'none', folder);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  return folder;
}

const ids = (file: string): unknown[] => {
  using journal = lookAt(file);
  return journal.all('SELECT id FROM events ORDER BY seq').map(({ id }) => id);
};

/** The ids and severities of what the user was told. */
const told = ({ problems }: OpenThread): string[] => problems.map(({ id, severity }) => `${id} ${severity}`);

/** A session that starts, is extended twice and ends, while nothing can be written; the app waits for none of it. */
async function lives({ journal }: OpenThread): Promise<string[]> {
  const known = record(sessionId());
  const entries = [startEntry(known), extendedEntry(known), extendedEntry(known), endEntry(known)];
  for (const entry of entries) await journal.append(entry);
  return entries.map(({ event }) => event.id);
}

describe('a journal that another process holds', () => {
  test('is not had by any while the app has it', async () => {
    const open = openThread();
    const before = await lives(open);
    using other = new DatabaseSync(open.file, { timeout: 0 });
    expect(() => other.exec('BEGIN IMMEDIATE')).toThrow('locked');
    const after = await lives(open);
    expect(open.problems).toEqual([]);
    expect(ids(open.file)).toEqual([...before, ...after]);
  });

  test('from the start on does not keep the app from running, and is written when it is let go, in order', async () => {
    const first = openThread({ wanted: ['a'] });
    const before = await lives(first);
    const crashed = startEntry(record(sessionId()));
    await first.journal.append(crashed);
    before.push(crashed.event.id);
    await first.journal.close();
    const other = await holder(first.file);

    const open = openThread({ folder: first.folder, wanted: ['a'] });
    await until(() => open.problems.length === 1);
    expect(told(open)).toEqual(['journal-held error']);
    expect(open.problems[0]?.message).toMatch(/^Another program has locked the journal\./);
    const during = [...(await lives(open)), ...(await lives(open))];
    expect(await open.journal.history({ limit: 10 })).toEqual([]);
    expect(await open.journal.hooks.view()).toEqual({ folder: join(open.folder, 'hooks'), hooks: [] });
    await expect(open.journal.hooks.test('a')).rejects.toThrow('not open');
    await letGo(other);
    // What the last run has left is known then, and nothing of this one is taken for it.
    const { unfinished } = await open.journal.opening;
    expect(unfinished.map((session) => session.record.id)).toEqual([crashed.event.sessionId]);
    await until(() => open.problems.length === 2);
    expect(told(open)).toEqual(['journal-held error', 'journal-held info']);
    expect(ids(open.file)).toEqual([...before, ...during]);
    expect(await open.journal.hooks.deliveries('a', 'pending', 100)).toHaveLength(13);
    const after = await lives(open);
    expect(ids(open.file)).toEqual([...before, ...during, ...after]);
  });

  test('for a moment at the start is waited for', async () => {
    const first = openThread();
    const known = record(sessionId());
    await first.journal.append(startEntry(known));
    await first.journal.close();
    const other = await holder(first.file);
    const system = new SystemClock();
    const clock: Clock = { now: () => 0, wall: () => 0, setTimer: (ms, callback) => system.setTimer(ms, callback) };
    const open = openThread({ folder: first.folder, clock });
    await letGo(other);
    expect((await open.journal.opening).unfinished).toHaveLength(1);
    expect(open.problems).toEqual([]);
  });

  test('to the end does not keep the app from ending, and what is lost is logged', async () => {
    const first = openThread();
    await lives(first);
    await first.journal.close();
    await holder(first.file);
    const open = openThread({ folder: first.folder });
    await until(() => open.problems.length === 1);
    await lives(open);
    await open.journal.close();
    expect(await open.journal.opening).toEqual({ unfinished: [], restored: [] });
    expect(open.logged.at(-1)).toMatchObject({ level: 'error', details: { writes: 4 } });
  });

  test('for so long that memory must be saved drops the least, and says so', async () => {
    const first = openThread();
    await first.journal.opening;
    await first.journal.close();
    const other = await holder(first.file);
    const open = openThread({ folder: first.folder });
    await until(() => open.problems.length === 1);
    const known = record(sessionId());
    const [start, end] = [startEntry(known), endEntry(known)];
    await open.journal.append(start);
    const state = stateEntry(known);
    for (let index = 0; index < 20_500; index += 1) {
      void open.journal.append({ ...state, event: { ...state.event, id: `state-${index}` } });
    }
    await open.journal.append(end);
    expect(told(open)).toEqual(['journal-held error', 'journal-dropped warning']);
    await letGo(other);
    await until(() => open.problems.length === 3);
    const kept = ids(open.file);
    expect([kept[0], kept.at(-1)]).toEqual([start.event.id, end.event.id]);
    expect(kept.length).toBeLessThan(2_000);
  });
});

describe.runIf(canMount)('a disk that is full', () => {
  /** Leaves no byte on it; gives what frees it again. */
  function fill(folder: string): () => void {
    const filler = join(folder, 'filler');
    const { bavail, bsize } = statfsSync(folder);
    let bytes = bavail * bsize;
    for (; bytes > 0; bytes -= bsize) {
      try {
        writeFileSync(filler, Buffer.alloc(bytes));
        break;
      } catch {
        // As much as there is.
      }
    }
    return () => rmSync(filler);
  }

  test('costs nothing once there is space again', async () => {
    const folder = smallDisk();
    const open = openThread({ folder, wanted: ['a'] });
    const before = await lives(open);
    const free = fill(folder);
    const during: string[] = [];
    // The log may have room for some more.
    while (open.problems.length === 0) during.push(...(await lives(open)));
    expect(told(open)).toEqual(['journal-held error']);
    expect(open.problems[0]?.message).toMatch(/^The disk is full\./);
    during.push(...(await lives(open)));
    free();
    await until(() => open.problems.length === 2);
    expect(ids(open.file)).toEqual([...before, ...during]);
    using look = lookAt(open.file);
    expect(look.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' });
    expect(look.count("SELECT count(*) FROM deliveries WHERE state = 'owed'")).toBe(before.length + during.length);
  });

  test('from the start on is told, and the journal made when there is space', async () => {
    const folder = smallDisk();
    const free = fill(folder);
    const open = openThread({ folder });
    await until(() => open.problems.length === 1);
    expect(told(open)).toEqual(['journal-held error']);
    const during = await lives(open);
    free();
    await until(() => open.problems.length === 2);
    expect(ids(open.file)).toEqual(during);
  });

  test('that becomes read-only is told, and written again when it is not any more', async () => {
    const folder = smallDisk();
    const open = openThread({ folder });
    const before = await lives(open);
    // No file may be open for writing on a file system that becomes read-only.
    await open.journal.close();
    mount('-o', 'remount,ro', folder);
    const next = openThread({ folder });
    await until(() => next.problems.length === 1);
    const during = await lives(next);
    expect(told(next)).toEqual(['journal-held error']);
    expect(next.problems[0]?.message).toMatch(/^The data folder is not writable\./);
    mount('-o', 'remount,rw', folder);
    await until(() => next.problems.length === 2);
    expect(ids(next.file)).toEqual([...before, ...during]);
  });
});

describe('a journal', () => {
  test('that is damaged while it is open is moved aside, and goes on in a new one', async () => {
    const open = openThread();
    // More than is kept in memory of it.
    const many = Array.from({ length: 2_000 }, () => record(sessionId()));
    await Promise.all(many.map((known) => open.journal.append(startEntry(known))));
    const known = record(sessionId());
    await open.journal.append(startEntry(known));
    // Every page but the first is overwritten, behind the back of the thread that has it open, in the file and in its log.
    for (const [file, from] of [
      [open.file, 4_096],
      [`${open.file}-wal`, 32],
    ] as const) {
      const size = statSync(file).size - from;
      const descriptor = openSync(file, 'r+');
      if (size > 0) writeSync(descriptor, Buffer.alloc(size, 0xa5), 0, size, from);
      closeSync(descriptor);
    }
    await open.journal.events(many[0]?.id ?? '');
    await open.journal.append(endEntry(known));
    await until(() => open.problems.length > 0);
    expect(told(open)).toEqual(['journal-damaged error']);
    await open.journal.append(limitEntry());
    expect(readdirSync(open.folder).some((name) => name.startsWith('journal.damaged-'))).toBe(true);
    expect(await open.journal.history({ limit: 10 })).toMatchObject([{ id: known.id, end: { reason: 'exited' } }]);
  });

  test('that was damaged before is told where it is now', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'journal.sqlite'), 'x'.repeat(10_000));
    const open = openThread({ folder });
    expect(await open.journal.opening).toEqual({ unfinished: [], restored: [] });
    await lives(open);
    expect(told(open)).toEqual(['journal-damaged error']);
    expect(open.problems[0]?.message).toContain(join(folder, 'journal.damaged-'));
  });

  test('of a newer version is left alone; this run has its history in memory, and its hooks', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'journal.sqlite');
    copyFileSync(join(import.meta.dirname, 'testdata', 'version-1.sqlite'), file);
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    const open = openThread({ folder, wanted: ['a'] });
    expect(await open.journal.opening).toEqual({ unfinished: [], restored: [] });
    await lives(open);
    expect(told(open)).toEqual(['journal-newer error']);
    expect(await open.journal.history({ limit: 10 })).toHaveLength(1);
    expect(await open.journal.hooks.deliveries('a', 'pending', 10)).toHaveLength(4);
    await open.journal.close();
    using look = lookAt(file);
    expect(look.count('SELECT count(*) FROM sessions')).toBe(3);
  });

  test('whose folder is missing is made when it is there', async () => {
    const folder = join(temporaryFolder(), 'later');
    const open = openThread({ folder });
    await until(() => open.problems.length === 1);
    const during = await lives(open);
    mkdirSync(folder);
    await until(() => open.problems.length === 2);
    expect(ids(open.file)).toEqual(during);
  });
});
