import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import { openJournal } from './open-journal.ts';
import { endEntry, record, sessionId, startEntry } from './testing/entries.ts';
import { lookAt, openStore } from './testing/open-store.ts';

// Threads and processes take their time to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

/** Lets another process write into a journal, and kills it after so many events; gives those it was told are kept. */
async function writeUntilKilled(folder: string, count: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing', 'writing-process.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > count) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
  return text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== 'ready');
}

describe('an app that is killed while it writes', () => {
  test('loses nothing that was kept, leaves nothing half, and breaks no order', async () => {
    const folder = temporaryFolder();
    const kept: string[] = [];
    for (const count of [0, 20, 57, 301]) kept.push(...(await writeUntilKilled(folder, count)));
    using journal = lookAt(join(folder, 'journal.sqlite'));
    expect(journal.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' });

    const events = journal.all('SELECT id, session_id, type FROM events ORDER BY seq');
    const ids = new Set(events.map(({ id }) => id));
    expect(kept.filter((id) => !ids.has(id))).toEqual([]);
    expect(kept.length).toBeGreaterThan(300);

    // Each event with what it owes to both hooks, or neither.
    const owed = journal.all(
      `SELECT e.id, e.type, count(d.id) AS deliveries FROM events e
       LEFT JOIN messages m ON m.event_id = e.id LEFT JOIN deliveries d ON d.message = m.seq GROUP BY e.id`,
    );
    expect(owed.filter(({ type, deliveries }) => deliveries !== (type === 'session:state' ? 0 : 2))).toEqual([]);
    // What the database says of an end and what the event says are one.
    const ends = journal.count("SELECT count(*) FROM events WHERE type = 'session:end'");
    expect(journal.count('SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL')).toBe(ends);
    // All but those of the last run got their end, and never two.
    expect(journal.count('SELECT count(*) FROM sessions WHERE ended_at IS NULL')).toBeLessThanOrEqual(3);

    // In each lane, the end of a session comes before the start of the one that follows it.
    const lanes = journal.all(
      `SELECT d.lane, m.event, m.session_id FROM deliveries d JOIN messages m ON m.seq = d.message
       WHERE d.hook = 'a' AND m.event IN ('session:start', 'session:end') ORDER BY d.id`,
    );
    const open = new Map<unknown, unknown>();
    for (const { lane, event, session_id } of lanes) {
      if (event === 'session:start') {
        expect(open.get(lane) ?? null).toBeNull();
        open.set(lane, session_id);
      } else {
        expect(open.get(lane)).toBe(session_id);
        open.set(lane, null);
      }
    }
    // Only the first that a lane owes is ready.
    const ready = journal.count('SELECT count(*) FROM deliveries WHERE ready_at IS NOT NULL');
    expect(ready).toBe(
      journal.count("SELECT count(*) FROM (SELECT DISTINCT hook, lane FROM deliveries WHERE state = 'owed')"),
    );
  });
});

describe('a log that is damaged', () => {
  test('costs at most what it holds, and nothing before it', () => {
    const folder = temporaryFolder();
    const live = openStore(folder);
    const early = record(sessionId());
    live.store.write([startEntry(early), endEntry(early)].map((entry) => ({ kind: 'event', entry })));
    live.connection.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const late = [1, 2, 3].map(() => record(sessionId()));
    for (const known of late) live.store.write([{ kind: 'event', entry: startEntry(known) }]);
    const copy = join(folder, 'copy.sqlite');
    copyFileSync(join(folder, 'journal.sqlite'), copy);
    const log = readFileSync(join(folder, 'journal.sqlite-wal'));
    live[Symbol.dispose]();
    const whole = readFileSync(copy);

    fc.assert(
      fc.property(
        fc.nat({ max: log.length - 1 }),
        fc.nat({ max: log.length }),
        fc.integer({ min: 1, max: 255 }),
        (at, length, bits) => {
          const bytes = Buffer.from(log.subarray(0, Math.max(at + 1, length)));
          bytes.writeUInt8(bytes.readUInt8(at) ^ bits, at);
          writeFileSync(copy, whole);
          writeFileSync(`${copy}-wal`, bytes);
          const opened = openJournal(copy);
          if (opened.outcome !== 'open' || opened.damaged !== null) return false;
          const found = opened.connection.all('SELECT id FROM sessions ORDER BY seq').map(({ id }) => id);
          opened.connection[Symbol.dispose]();
          const all = [early, ...late].map(({ id }) => id);
          return found.length > 0 && found.every((id, index) => id === all[index]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
