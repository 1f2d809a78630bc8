import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOCAL_PROFILE } from '../../e2e/runner/options.ts';
import { type Launches, sessionOf } from '../launches.ts';
import { Random } from '../random.ts';
import type { Receiver } from '../receiver.ts';
import { launchesTold } from '../told.ts';
import { eventsInJournal } from '../verify.ts';

/** Random bytes over a part of the file, beginning at a page. */
function scribble(file: string, page: number, pages: number): void {
  const random = new Random(page);
  const bytes = Buffer.from(Array.from({ length: pages * 4_096 }, () => random.between(0, 255)));
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, page * 4_096);
  closeSync(descriptor);
}

/** What may happen to a journal while nobody looks. */
const DAMAGES: readonly (readonly [string, (file: string) => void])[] = [
  ['its first page is random', (file) => scribble(file, 0, 1)],
  ['its tables are random', (file) => scribble(file, 1, 8)],
  ['it was cut off', (file) => truncateSync(file, 6_000)],
  ['it is another file', (file) => writeFileSync(file, 'This is no database.\n'.repeat(1_000))],
  [
    'a folder is in its place',
    (file) => {
      rmSync(file);
      mkdirSync(file);
      writeFileSync(join(file, 'notes.txt'), 'Somebody’s own.');
    },
  ],
];

describe('a journal that was damaged', () => {
  let launches: Launches;
  let receiver: Receiver;
  beforeEach(async () => {
    ({ launches, receiver } = await launchesTold());
  });
  afterEach(async () => {
    await launches[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  const kept = (): string[] => readdirSync(launches.dataFolder).filter((name) => name.startsWith('journal.damaged-'));

  test('is kept aside each time, and told; sessions and hooks work, and recordings stay', {
    timeout: 180_000,
  }, async () => {
    let window = await launches.launch();
    const ids: string[] = [];
    for (const [what, damage] of DAMAGES) {
      const before = await window.openShell();
      await launches.isKept(window, before.id);
      await launches.allTold(window);
      await launches.end('SIGTERM');
      const asideBefore = kept();
      damage(launches.journalFile);

      window = await launches.launch();
      const { message } = await launches.told(window, 'journal-damaged', 'error');
      const [aside = '', ...others] = kept().filter((name) => !asideBefore.includes(name));
      expect([what, aside, others]).toEqual([what, expect.stringMatching(/^journal\.damaged-.*\.sqlite$/), []]);
      expect(message).toContain(join(launches.dataFolder, aside));
      ids.unshift(before.id);
      await launches.hasHistory(window, ids);
      expect(await launches.recordingOf(before.id)).toContain('"x"');
    }
    const last = await window.openShell();
    await launches.isKept(window, last.id);
    await launches.end('SIGTERM');
    expect(kept()).toHaveLength(DAMAGES.length);
    expect(statSync(join(launches.dataFolder, kept().at(-1) ?? '')).isDirectory()).toBe(true);
    const events = eventsInJournal(launches.home);
    expect(new Set(events.map(({ sessionId }) => sessionId))).toEqual(new Set([last.id, ...ids]));
    // Each session, of whichever journal, was told of once and in order.
    const told = new Map<string, string[]>();
    for (const { sessionId, event } of receiver.events)
      told.set(sessionId ?? '', [...(told.get(sessionId ?? '') ?? []), event]);
    expect(told.size).toBe(DAMAGES.length + 1);
    for (const types of told.values()) expect(types.at(0)).toBe('session:start');
    await launches.checkNothingLeft([...told.keys()]);
  });

  test('is nothing to speak of when it is empty, or gone: a new one is begun', { timeout: 120_000 }, async () => {
    let window = await launches.launch();
    const ids: string[] = [];
    for (const damage of [(file: string) => truncateSync(file, 0), (file: string) => rmSync(file)]) {
      const before = await window.openShell();
      await launches.isKept(window, before.id);
      await launches.end('SIGTERM');
      damage(launches.journalFile);
      window = await launches.launch();
      ids.unshift(before.id);
      await launches.hasHistory(window, ids);
    }
    await launches.end('SIGTERM');
    expect(kept()).toEqual([]);
  });

  test('when the app is killed costs no session its end, which hooks are told once', { timeout: 120_000 }, async () => {
    const first = await launches.launch();
    const { id } = await first.openShell();
    await launches.isKept(first, id);
    await launches.allTold(first);
    await launches.end('SIGKILL');
    for (const file of ['', '-wal', '-shm']) rmSync(launches.journalFile + file, { force: true });
    const second = await launches.launch();
    expect(await launches.endOf(second, id)).toMatchObject({ reason: 'app_crash' });
    // So that it can be opened again.
    expect((await sessionOf(second, id)).profileId).toBe(LOCAL_PROFILE.id);
    await launches.allTold(second);
    await launches.end('SIGKILL');
    const third = await launches.launch();
    await launches.hasHistory(third, [id]);
    await launches.allTold(third);
    await launches.end('SIGTERM');
    const ends = receiver.events.filter(({ sessionId, event }) => sessionId === id && event === 'session:end');
    expect(ends).toHaveLength(1);
    await launches.checkNothingLeft([id]);
  });

  test('in its log costs what the log held, and nothing else, also after a crash', { timeout: 120_000 }, async () => {
    const first = await launches.launch();
    const early = await first.openShell();
    await launches.isKept(first, early.id);
    await launches.end('SIGTERM');
    const second = await launches.launch();
    const late = await second.openShell();
    await launches.isKept(second, late.id);
    await launches.end('SIGKILL');
    const log = `${launches.journalFile}-wal`;
    expect(statSync(log).size).toBeGreaterThan(0);
    truncateSync(log, Math.floor(statSync(log).size / 2));
    const third = await launches.launch();
    expect((await launches.endOf(third, early.id)).reason).toBe('app_quit');
    // What the log alone knew of is told by its recording.
    expect((await launches.endOf(third, late.id)).reason).toBe('app_crash');
    const again = await third.openShell();
    await launches.isKept(third, again.id);
    expect((await third.problems()).filter(({ id }) => id === 'journal-damaged')).toEqual([]);
    await launches.end('SIGTERM');
    await launches.checkNothingLeft([early.id, late.id, again.id]);
  });
});
