import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { RequestError } from '../../shared/errors.ts';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import type { SessionRecord } from './journal.ts';
import { endEntry, extendedEntry, limitEntry, record, recorded, sessionId, startEntry } from './testing/entries.ts';
import { openThread, until } from './testing/open-client.ts';
import { lookAt } from './testing/open-store.ts';
import { journalWorkerUrl } from './worker-location.ts';

// Threads and processes take their time to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

/** The ids of all events in a journal's file, in their order. */
function eventIds(file: string): unknown[] {
  using journal = lookAt(file);
  return journal.all('SELECT id FROM events ORDER BY seq').map(({ id }) => id);
}

const sign = (known: SessionRecord, ageMs: number) => ({
  sessionId: known.id,
  ageMs,
  lastActivityMs: ageMs - 1,
  counters: { ...known.counters, bytesOut: ageMs },
});

describe('the journal', () => {
  test('keeps what it was told, with what hooks are owed, for the next run', async () => {
    const first = openThread({ wanted: ['a'] });
    expect(await first.journal.opening).toEqual({ unfinished: [], restored: [] });
    const [ended, running] = [record(sessionId()), record(sessionId())];
    const limit = limitEntry();
    const entries = [startEntry(ended), startEntry(running), endEntry(ended), limit];
    await Promise.all(entries.slice(0, 3).map((entry) => first.journal.append(entry)));
    first.journal.update({ ...running, title: 'Renamed' });
    first.journal.heartbeat([sign(running, 5_000), sign(ended, 9_000)]);
    await first.journal.append(limit);
    await first.journal.close();
    expect(eventIds(first.file)).toEqual(entries.map(({ event }) => event.id));
    expect(first.problems).toEqual([]);

    const second = openThread({ folder: first.folder });
    const { unfinished, restored } = await second.journal.opening;
    expect(unfinished).toEqual([
      {
        record: { ...running, title: 'Renamed', counters: { ...running.counters, bytesOut: 5_000 } },
        events: [entries[1]?.event],
        heartbeatMs: 5_000,
        lastActivityMs: 4_999,
      },
    ]);
    expect(restored).toEqual([]);
    expect(await second.journal.events(ended.id)).toEqual([entries[0]?.event, entries[2]?.event]);
    expect(await second.journal.events(sessionId())).toBeNull();
    expect(await second.journal.history({ limit: 10 })).toMatchObject([
      { id: running.id, title: 'Renamed', end: null },
      { id: ended.id, end: { reason: 'exited' }, recordingBytes: 1_000 },
    ]);
    expect(await second.journal.history({ before: running.id, limit: 10 })).toHaveLength(1);
    expect(await second.journal.hooks.deliveries('a', 'pending', 10)).toMatchObject([
      { event: 'session:limit' },
      { event: 'session:end' },
      { event: 'session:start', sessionId: running.id },
      { event: 'session:start', sessionId: ended.id },
    ]);
  });

  test('brings tabs back after a crash until they are dismissed', async () => {
    const folder = openThread();
    const known = record(sessionId());
    const start = startEntry(known);
    await folder.journal.append(start);
    await folder.journal.close();

    const next = openThread({ folder: folder.folder });
    expect((await next.journal.opening).unfinished).toHaveLength(1);
    const end = endEntry(known, { reason: 'app_crash', durationSeconds: 5 }, recorded(7));
    await next.journal.append(end);
    await next.journal.close();

    const third = openThread({ folder: folder.folder });
    expect(await third.journal.opening).toEqual({
      unfinished: [],
      restored: [{ record: known, events: [start.event, end.event], end: expect.anything(), recording: recorded(7) }],
    });
    third.journal.dismiss(known.id);
    await third.journal.append(limitEntry());
    await third.journal.close();
    const fourth = openThread({ folder: folder.folder });
    expect((await fourth.journal.opening).restored).toEqual([]);
  });

  test.runIf(process.platform !== 'win32')('is for its owner alone', async () => {
    const { journal, file } = openThread();
    await journal.append(startEntry(record(sessionId())));
    for (const path of [file, `${file}-wal`]) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('writes what comes together in one transaction', async () => {
    const { journal, file } = openThread();
    await journal.opening;
    const known = Array.from({ length: 200 }, () => record(sessionId()));
    await Promise.all(known.map((each) => journal.append(startEntry(each))));
    // 200 transactions, each with its commit, would be ten times as much.
    expect(statSync(`${file}-wal`).size).toBeLessThan(2_000_000);
  });

  test('tells of hooks, refuses what cannot be asked of them, and passes on what they log', async () => {
    const { journal, logged, folder } = openThread({ wanted: ['a'] });
    await journal.opening;
    const changed = Promise.withResolvers<unknown>();
    journal.hooks.onChange(changed.resolve);
    await journal.append(limitEntry());
    expect(await changed.promise).toEqual({ folder: `${folder}/hooks`, hooks: [] });
    expect(await journal.hooks.view()).toEqual({ folder: `${folder}/hooks`, hooks: [] });
    expect(await journal.hooks.test('a')).toMatchObject({ hook: 'a', event: 'hook:test', state: 'pending' });
    expect(await journal.hooks.sendAgain('a', null)).toBe(0);
    await journal.hooks.enable('a');
    await until(() => logged.length > 0);
    expect(logged).toMatchObject([{ level: 'warn', message: 'Not everything can go to another thread' }]);
  });

  test('takes nothing more and answers with nothing once it is closed', async () => {
    const { journal, file, logged } = openThread();
    const known = record(sessionId());
    await journal.opening;
    void journal.append(startEntry(known));
    await journal.close();
    await journal.close();
    await journal.append(extendedEntry(known));
    expect(eventIds(file)).toHaveLength(1);
    expect(logged).toMatchObject([{ level: 'error' }]);
    expect(await journal.history({ limit: 10 })).toEqual([]);
    await expect(journal.hooks.test('a')).rejects.toThrow(RequestError);
  });
});

describe('the hooks', () => {
  test('of a folder are served', async () => {
    const folder = temporaryFolder();
    const hook = join(folder, 'hooks', 'ci');
    mkdirSync(hook, { recursive: true });
    writeFileSync(join(hook, 'hook.yaml'), 'events: [session:end]\nwebhook:\n  url: https://example.invalid/\n');
    const { journal } = openThread({ folder, worker: journalWorkerUrl() });
    await journal.opening;
    const known = record(sessionId());
    await Promise.all([journal.append(startEntry(known)), journal.append(endEntry(known))]);
    const { hooks } = await journal.hooks.view();
    expect(hooks).toMatchObject([{ name: 'ci' }]);
    await expect(journal.hooks.test('unknown')).rejects.toThrow('There is no hook named “unknown”.');
  });
});

describe('a thread that hangs', () => {
  test('holds no session up, and does not keep the app from ending', async () => {
    const { journal, logged } = openThread();
    await journal.opening;
    const test = journal.hooks.test('hang');
    const refused = expect(test).rejects.toThrow('Hooks cannot be reached now.');
    void journal.append(limitEntry());
    await journal.close();
    await refused;
    expect(logged).toContainEqual(expect.objectContaining({ level: 'error', details: { writes: 1 } }));
  });
});

describe('a thread that is lost', () => {
  for (const how of ['throw', 'exit']) {
    test(`(${how}) is started anew, and nothing is lost or there twice`, async () => {
      const { journal, file, logged, problems } = openThread({ wanted: ['a'] });
      const known = record(sessionId());
      const entries = [startEntry(known), extendedEntry(known), endEntry(known)];
      await journal.append(entries[0] ?? limitEntry());
      const tested = journal.hooks.test(how).catch(() => {});
      const kept = entries.slice(1).map((entry) => journal.append(entry));
      await Promise.all([tested, ...kept]);
      await until(() => logged.some(({ message }) => message.startsWith('The thread of the journal was lost')));
      await journal.append(limitEntry());
      expect(eventIds(file).slice(0, 3)).toEqual(entries.map(({ event }) => event.id));
      expect(problems).toEqual([]);
      using look = lookAt(file);
      expect(look.count("SELECT count(*) FROM deliveries WHERE hook = 'a' AND message <= 10")).toBeGreaterThanOrEqual(
        4,
      );
      expect(look.count('SELECT count(*) - count(DISTINCT event_id) FROM messages')).toBe(0);
    });
  }

  test('leaves no hook behind that it ran', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
    const exit = once(child, 'exit');
    const { journal, logged, runs } = openThread({ environment: { PID: String(child.pid) } });
    await journal.opening;
    await journal.hooks.test('start');
    await until(() => logged.some(({ message }) => message === 'The run is known'));
    await journal.hooks.test('exit').catch(() => {});
    expect(await exit).toEqual([null, 'SIGKILL']);
    expect(runs).toEqual(['run started', 'run ended']);
  });

  test('again and again by one event is told, and goes on without it', async () => {
    const { journal, file, problems, logged } = openThread({ wanted: ['a'], environment: { POISON: 'poison' } });
    const known = record(sessionId());
    await journal.append(startEntry(known));
    await journal.hooks.test('poison');
    void journal.append(extendedEntry(known));
    const note = { ...known, title: 'Goes on' };
    journal.update(note);
    await until(() => logged.some(({ message }) => message.endsWith('it is given up')));
    journal.update(note);
    await until(async () => (await journal.history({ limit: 1 }))[0]?.title === 'Goes on');
    expect(problems).toMatchObject([{ id: 'journal-thread' }]);
    expect(eventIds(file)).toHaveLength(1);
  });
});
