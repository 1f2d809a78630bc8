import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { METADATA_FILE, metadataSchema, RECORDING_FILE } from '../../shared/recording.ts';
import { sessionEventSchema } from '../../shared/session.ts';
import { SystemClock } from '../base/clock.ts';
import { SESSION_MARK } from '../environment/inherited-environment.ts';
import type { JournalOpening } from '../journal/journal.ts';
import { readCast } from '../recording/exports/cast-reader.ts';
import { createRecorderFactory } from '../recording/recorder-factory.ts';
import { findLocations, type Locations, makeFolders } from '../storage/locations.ts';
import { recoverSessions } from './recover.ts';
import { runAndKill } from './testing/run-and-kill.ts';
import { openTestJournal } from './testing/test-journal.ts';

const CRASH_LABEL = 'ended when Sandglass stopped unexpectedly';

/** How many lines the app prints before it is killed: while it recovers, while it starts, and in full swing. */
const MOMENTS = [3, 40, 2, 90, 7, 150, 1, 23];
const PATIENCE_MS = 120_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Recovers as the next launch does, with its wall clock off by so much. */
async function recover(locations: Locations, wallOffsetMs: number) {
  const clock = new SystemClock();
  const journal = openTestJournal(locations, silent);
  const recorders = createRecorderFactory({ folder: locations.sessions, clock, logger: silent });
  let eventIds = 0;
  let opening: JournalOpening = { unfinished: [], restored: [] };
  try {
    opening = await journal.opening;
    const report = await recoverSessions({
      ...opening,
      journal,
      recorders,
      wall: () => clock.wall() + wallOffsetMs,
      newEventId: () => `last-${++eventIds}`,
      logger: silent,
    });
    return { report, opening };
  } finally {
    await journal.close();
  }
}

function eventsIn(locations: Locations) {
  using journal = new DatabaseSync(join(locations.data, 'journal.sqlite'), { readOnly: true });
  const rows = z
    .array(z.object({ body: z.string() }))
    .parse(journal.prepare('SELECT body FROM events ORDER BY seq').all());
  return rows.map(({ body }) => sessionEventSchema.parse(JSON.parse(body)));
}

/** Processes of sessions below this folder. */
function processesOf(ids: ReadonlySet<string>): string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const mark = new RegExp(`${SESSION_MARK}=(\\w+)`).exec(readFileSync(`/proc/${entry}/environ`, 'latin1'));
      return mark?.[1] !== undefined && ids.has(mark[1]);
    } catch {
      return false;
    }
  });
}

describe.runIf(process.platform === 'linux')('an app that is killed again and again', () => {
  const home = mkdtempSync(join(tmpdir(), 'sandglass-crash-'));
  const locations = findLocations({ env: { SANDGLASS_HOME: home }, platform: process.platform });
  const errors: string[] = [];
  const startedAt = Date.now();
  let last: Awaited<ReturnType<typeof recover>>;

  beforeAll(async () => {
    makeFolders(locations);
    for (const lines of MOMENTS) errors.push(...(await runAndKill(home, lines)));
    last = await recover(locations, 0);
  }, PATIENCE_MS);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test('has reported no error, and left no session to the next launch', async () => {
    expect(errors).toEqual([]);
    expect(last.opening.unfinished.length).toBeGreaterThan(0);
    const again = await recover(locations, 0);
    expect(again.opening.unfinished).toEqual([]);
    expect(again.report).toMatchObject({ ended: [], failed: [], problem: null });
    expect(again.report.tabs.map(({ record }) => record.id)).toEqual(last.report.tabs.map(({ record }) => record.id));
  });

  test('has given every session that was started one end, after its start', () => {
    const events = eventsIn(locations);
    const started = new Set<string>();
    const ended = new Map<string, string>();
    for (const event of events) {
      if (event.type === 'session:start') started.add(event.sessionId);
      if (event.type !== 'session:end') continue;
      expect(started.has(event.sessionId)).toBe(true);
      expect(ended.has(event.sessionId), 'a second end').toBe(false);
      ended.set(event.sessionId, event.end.reason);
      expect(event.end.at).toBeGreaterThanOrEqual(startedAt);
      expect(event.end.at).toBeLessThanOrEqual(Date.now());
    }
    expect(ended.size).toBe(started.size);
    const reasons = new Set(ended.values());
    expect(reasons.has('app_crash')).toBe(true);
    expect([...reasons].filter((reason) => !['app_crash', 'closed', 'exited'].includes(reason))).toEqual([]);
  });

  test('has left recordings that can be played to their end, and are what the metadata says', async () => {
    const ends = new Map(
      eventsIn(locations).flatMap((event) => (event.type === 'session:end' ? [[event.sessionId, event]] : [])),
    );
    const folders = globSync(join(locations.sessions, '*/*/*'));
    expect(folders.length).toBeGreaterThan(MOMENTS.length);
    for (const folder of folders) {
      expect(readdirSync(folder).toSorted()).toEqual([RECORDING_FILE, METADATA_FILE]);
      const metadata = metadataSchema.parse(JSON.parse(readFileSync(join(folder, METADATA_FILE), 'utf8')));
      const end = ends.get(basename(folder));
      expect(metadata.events.filter(({ type }) => type === 'session:end')).toEqual([end]);
      expect(metadata.end).toEqual(end?.end);
      const bytes = readFileSync(join(folder, RECORDING_FILE));
      expect(metadata.recording).toMatchObject({
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      });
      await using recording = await readCast(join(folder, RECORDING_FILE), bytes.length);
      const events = [];
      for await (const event of recording.events) events.push(event);
      if (metadata.end.reason !== 'app_crash') continue;
      const [marker, exit] = events.slice(-2);
      if (metadata.end.detail === null) expect(marker?.data).toBe(CRASH_LABEL);
      expect(exit?.code).toBe('x');
      expect(metadata.durationSeconds * 1_000).toBeGreaterThanOrEqual((exit?.atMicros ?? 0) / 1_000 - 1);
    }
  });

  test('has left no process behind', async () => {
    const ids = new Set(eventsIn(locations).map(({ sessionId }) => sessionId));
    await expect.poll(() => processesOf(ids), { timeout: 30_000, interval: 200 }).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('an app whose clock is set while it is down', () => {
  test.each([
    ['back by an hour', -3_600_000],
    ['forward by a day', 86_400_000],
  ])(
    'ends its sessions as long after their start as they lived: %s',
    async (_way, offsetMs) => {
      const home = mkdtempSync(join(tmpdir(), 'sandglass-crash-'));
      try {
        const locations = findLocations({ env: { SANDGLASS_HOME: home }, platform: process.platform });
        makeFolders(locations);
        expect(await runAndKill(home, 60)).toEqual([]);
        const now = Date.now() + offsetMs;
        const { report, opening } = await recover(locations, offsetMs);
        expect(report.failed).toEqual([]);
        expect(opening.unfinished.length).toBeGreaterThan(0);
        for (const { record } of opening.unfinished) {
          const end = report.ended.find(({ sessionId }) => sessionId === record.id)?.end;
          expect(end?.durationSeconds).toBeLessThan(60);
          if (end?.reason !== 'app_crash') continue;
          // A clock that was set back shows a time before the start: then that is when it ended, too.
          const at = Math.max(record.startedAt, Math.min(record.startedAt + end.durationSeconds * 1_000, now));
          expect(Math.abs(end.at - at)).toBeLessThan(offsetMs < 0 ? 60_000 : 1);
          expect(end.at).toBeGreaterThanOrEqual(record.startedAt);
        }
        expect(existsSync(locations.sessions)).toBe(true);
        const ids = new Set(eventsIn(locations).map(({ sessionId }) => sessionId));
        await expect.poll(() => processesOf(ids), { timeout: 30_000, interval: 200 }).toEqual([]);
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    },
    PATIENCE_MS,
  );
});
