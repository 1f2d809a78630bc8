import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { METADATA_FILE, metadataSchema, type SessionMetadata } from '../../shared/recording.ts';
import type { SessionEndEvent } from '../../shared/session.ts';
import type { UnfinishedSession } from '../journal/journal.ts';
import { fileError } from '../recording/failure.ts';
import { writeMetadata } from '../recording/metadata.ts';
import { repairRecording } from '../recording/repair/repair.ts';
import { METADATA, STARTED_AT, TempFolder } from '../recording/testing/recordings.ts';
import { CrashedFolder, crashedSession, idOf } from './testing/crashes.ts';

const CRASH_LABEL = 'ended when Sandglass stopped unexpectedly';

const HELLO = '[1.000, "o", "hello\\r\\n"]\n';

async function metadataOf(crashed: CrashedFolder, id: string): Promise<SessionMetadata> {
  return metadataSchema.parse(JSON.parse(await readFile(crashed.fileOf(id, METADATA_FILE), 'utf8')));
}

/** The metadata of a session that had ended by itself. */
function endedMetadata(session: UnfinishedSession): SessionMetadata {
  const end = { ...METADATA.end, exitCode: 3 };
  const event: SessionEndEvent = { id: 'own-end', sessionId: session.record.id, at: end.at, type: 'session:end', end };
  return { ...METADATA, ...session.record, end, events: [...session.events, event] };
}

describe('a session that a crash left without an end', () => {
  test('has ended at its last heartbeat: recording closed, metadata written, end emitted', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    const session = crashedSession(1);
    const { id } = session.record;
    await crashed.record(id, `${HELLO}[0.500, "o", "tor`);
    let order = '';
    crashed.journal.onAppend = () => {
      // By then the rest is on the disk.
      order = existsSync(crashed.fileOf(id, METADATA_FILE)) ? 'metadata first' : 'end first';
    };

    const report = await crashed.recover([session]);

    expect(order).toBe('metadata first');
    const file = await readFile(crashed.fileOf(id));
    expect(file.toString().split('\n').slice(1)).toEqual([
      HELLO.trimEnd(),
      `[4.000, "m", "${CRASH_LABEL}"]`,
      '[0.000, "x", "-1"]',
      '',
    ]);
    const [event] = report.ended;
    expect(event).toMatchObject({
      type: 'session:end',
      sessionId: id,
      at: STARTED_AT + 5_000,
      end: { reason: 'app_crash', at: STARTED_AT + 5_000, durationSeconds: 5, exitCode: null, detail: null },
    });
    const metadata = await metadataOf(crashed, id);
    expect(metadata.events).toEqual([...session.events, event]);
    expect(metadata).toMatchObject({
      end: event?.end,
      endedAt: STARTED_AT + 5_000,
      durationSeconds: 5,
      counters: session.record.counters,
      recording: { bytes: file.length, sha256: createHash('sha256').update(file).digest('hex'), truncated: true },
    });
    expect(crashed.journal.entries).toEqual([{ event, record: session.record, recording: metadata.recording }]);
    expect(report.tabs).toEqual([
      { record: session.record, events: metadata.events, end: event?.end, recording: metadata.recording },
    ]);
    expect(report.problem).toMatchObject({ id: 'app-crash', severity: 'warning' });
    expect(report.problem?.message).toContain('A session that was open has ended');
    expect(crashed.complaints).toEqual([]);
  });

  test.each([
    ['the journal', 5_000.4, '', 5_000.4],
    ['the recording', 500, '[7.250, "o", "later"]\n', 8_250],
  ])('lasted until the later of both signs: %s', async (_which, heartbeatMs, more, durationMs) => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    await crashed.record(idOf(1), HELLO + more);
    const { ended } = await crashed.recover([crashedSession(1, { heartbeatMs })]);
    expect(ended[0]?.end.durationSeconds).toBe(durationMs / 1_000);
    expect(ended[0]?.end.at).toBe(STARTED_AT + durationMs);
  });

  test.each([
    ['set back an hour', -3_600_000, STARTED_AT],
    ['set back a little', 3_000, STARTED_AT + 3_000],
    ['set forward a day', 86_400_000, STARTED_AT + 5_000],
  ])('lasted as long as it did when the clock was %s meanwhile', async (_what, wallMs, at) => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    crashed.wall = STARTED_AT + wallMs;
    await crashed.record(idOf(1), HELLO);
    const { ended } = await crashed.recover([crashedSession(1)]);
    expect(ended[0]?.end).toMatchObject({ reason: 'app_crash', durationSeconds: 5, at });
    expect(await metadataOf(crashed, idOf(1))).toMatchObject({ endedAt: at, durationSeconds: 5 });
  });

  test('whose recording had been closed keeps it, and its status is reported', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    await crashed.record(idOf(1), `${HELLO}[0.200, "x", "3"]\n`);
    const before = await readFile(crashed.fileOf(idOf(1)));
    const { ended, tabs } = await crashed.recover([crashedSession(1, { heartbeatMs: 0 })]);
    expect(await readFile(crashed.fileOf(idOf(1)))).toEqual(before);
    expect(ended[0]?.end).toMatchObject({
      reason: 'app_crash',
      durationSeconds: 1.2,
      detail: 'Its shell had ended with status 3 before.',
    });
    expect(tabs[0]?.recording).toMatchObject({ truncated: false, message: null });
  });

  test('that was not recorded has an end and no files', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    // The second had made its folder, the third the file, but nothing in it; the fourth a part of the header.
    await mkdir(crashed.folderOf(idOf(2)), { recursive: true });
    await crashed.record(idOf(3), '');
    await writeFile(crashed.fileOf(idOf(3)), '');
    await crashed.record(idOf(4), '');
    await writeFile(crashed.fileOf(idOf(4)), '{"version":3,"te');
    const { ended, failed, tabs } = await crashed.recover([1, 2, 3, 4].map((index) => crashedSession(index)));
    expect(ended).toHaveLength(4);
    expect(failed).toEqual([]);
    expect(tabs.map(({ recording }) => recording)).toEqual([null, null, null, null]);
    for (const index of [1, 2, 3, 4]) expect(existsSync(crashed.folderOf(idOf(index)))).toBe(false);
    expect(crashed.complaints).toEqual([]);
  });

  test('keeps a recording that cannot be played, and says so', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    await crashed.record(idOf(1), '');
    await writeFile(crashed.fileOf(idOf(1)), `damaged\n${HELLO}`);
    const { ended, failed } = await crashed.recover([crashedSession(1)]);
    expect(ended[0]?.end).toMatchObject({ reason: 'app_crash', durationSeconds: 5 });
    expect(failed).toEqual([]);
    expect(await readFile(crashed.fileOf(idOf(1)), 'utf8')).toBe(`damaged\n${HELLO}`);
    const { recording } = await metadataOf(crashed, idOf(1));
    expect(recording).toMatchObject({ bytes: 8 + HELLO.length, sha256: null, truncated: true });
    expect(recording.message).toContain('nothing to be played');
  });

  test('says where more of its recording is missing', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    await crashed.record(idOf(1), `${HELLO}[0.000, "m", "gap: 70000 bytes of output are missing"]\n${HELLO}`);
    const { tabs } = await crashed.recover([crashedSession(1)]);
    expect(tabs[0]?.recording?.message).toBe(
      'Sandglass stopped unexpectedly: the last second of output may be missing. Some output before the end is missing, too; markers in the recording say where.',
    );
  });

  test('leaves no temporary file, and follows no link', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    const victim = `${temp.path}/victim`;
    await writeFile(victim, 'private');
    await crashed.record(idOf(1), HELLO);
    await writeFile(crashed.fileOf(idOf(1), `${METADATA_FILE}.tmp`), 'half');
    await crashed.record(idOf(2), HELLO);
    await rm(crashed.fileOf(idOf(2)));
    await symlink(victim, crashed.fileOf(idOf(2)));
    await crashed.recover([crashedSession(1), crashedSession(2)]);
    expect((await readdir(crashed.folderOf(idOf(1)))).toSorted()).toEqual(['recording.cast', 'session.json']);
    expect(await readFile(victim, 'utf8')).toBe('private');
    expect(crashed.journal.endOf(idOf(2))?.recording).toBeNull();
  });
});

describe('a session that had ended before the app was gone', () => {
  test('has that very end emitted, once, and no tab', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    const session = crashedSession(1);
    await crashed.record(idOf(1), HELLO);
    await writeMetadata(crashed.folderOf(idOf(1)), endedMetadata(session));
    const before = await readFile(crashed.fileOf(idOf(1)));
    const report = await crashed.recover([session], { reattach: () => Promise.reject(new Error('not to be asked')) });
    expect(report.ended).toEqual([endedMetadata(session).events.at(-1)]);
    expect(crashed.journal.entries).toMatchObject([
      { event: { id: 'own-end', end: { reason: 'exited', exitCode: 3 } }, recording: METADATA.recording },
    ]);
    expect(report).toMatchObject({ tabs: [], problem: null, failed: [] });
    expect(await readFile(crashed.fileOf(idOf(1)))).toEqual(before);
  });

  test('is not taken for one by damaged metadata, or that of another; which is kept aside', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    await crashed.record(idOf(1), HELLO);
    await writeFile(crashed.fileOf(idOf(1), METADATA_FILE), '{"version": 1, "id": ');
    await crashed.record(idOf(2), HELLO);
    await writeMetadata(crashed.folderOf(idOf(2)), endedMetadata(crashedSession(7)));
    const { ended } = await crashed.recover([crashedSession(1), crashedSession(2)]);
    expect(ended.map(({ end }) => end.reason)).toEqual(['app_crash', 'app_crash']);
    for (const index of [1, 2]) {
      expect((await metadataOf(crashed, idOf(index))).id).toBe(idOf(index));
      expect((await readdir(crashed.folderOf(idOf(index)))).toSorted()).toEqual([
        'recording.cast',
        'session.json',
        'session.json.damaged',
      ]);
    }
  });
});

describe('a session that has outlived the app', () => {
  test('continues, untouched; one that cannot be attached to ends', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    for (const index of [1, 2, 3]) await crashed.record(idOf(index), `${HELLO}[0.1, "o", "tor`);
    const before = await readFile(crashed.fileOf(idOf(1)));
    const report = await crashed.recover(
      [1, 2, 3].map((index) => crashedSession(index)),
      {
        async reattach({ record }) {
          if (record.id === idOf(3)) throw new Error('the engine hangs');
          return record.id === idOf(1);
        },
      },
    );
    expect(report.reattached).toEqual([idOf(1)]);
    expect(await readFile(crashed.fileOf(idOf(1)))).toEqual(before);
    expect(crashed.journal.endOf(idOf(1))).toBeUndefined();
    expect(report.ended.map(({ sessionId }) => sessionId).toSorted()).toEqual([idOf(2), idOf(3)]);
    expect(report.problem?.message).toContain('2 sessions that were open have ended');
    expect(report.problem?.message).toContain('A session in a container went on');
  });
});

describe('a recovery', () => {
  test.each(['before the repair', 'after the repair', 'before the end is kept', 'after the end is kept'])(
    'that is killed %s is completed by the next, with one end that journal and metadata agree on',
    async (moment) => {
      await using temp = await TempFolder.make();
      const crashed = new CrashedFolder(temp.path);
      const session = crashedSession(1);
      await crashed.record(idOf(1), `${HELLO}[0.500, "o", "tor`);
      const killed = Promise.withResolvers<void>();
      const dies = async (at: string): Promise<void> => {
        if (at !== moment) return;
        killed.resolve();
        await new Promise(() => {});
      };
      const journal: typeof crashed.journal.append = async (entry) => {
        await dies('before the end is kept');
        await crashed.journal.append(entry);
        await dies('after the end is kept');
      };
      void crashed.recover([session], {
        journal: { append: journal },
        async repair(file, options) {
          await dies('before the repair');
          const result = await repairRecording(file, options);
          await dies('after the repair');
          return result;
        },
      });
      await killed.promise;

      const hasEnd = crashed.journal.endOf(idOf(1)) !== undefined;
      expect(hasEnd).toBe(moment === 'after the end is kept');
      if (!hasEnd) await crashed.recover([session]);
      expect(crashed.journal.entries).toHaveLength(1);
      const [entry] = crashed.journal.entries;
      expect(entry?.event).toMatchObject({ end: { reason: 'app_crash', durationSeconds: 5, at: STARTED_AT + 5_000 } });
      const metadata = await metadataOf(crashed, idOf(1));
      expect(metadata.events.at(-1)).toEqual(entry?.event);
      expect(metadata.recording).toEqual(entry?.recording);
      const file = await readFile(crashed.fileOf(idOf(1)));
      expect(metadata.recording.sha256).toBe(createHash('sha256').update(file).digest('hex'));
    },
  );

  test('of thousands of sessions does a few at a time, and stops at none that fails', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    let running = 0;
    let most = 0;
    const report = await crashed.recover(
      Array.from({ length: 3_000 }, (_value, index) => crashedSession(index)),
      {
        async repair(file) {
          running += 1;
          most = Math.max(most, running);
          await new Promise(setImmediate);
          running -= 1;
          if (file.includes(idOf(17))) throw new Error('a bug');
          return { ok: false, obstacle: 'missing', message: '', lastEventMs: 0, bytes: 0 };
        },
      },
    );
    expect(most).toBe(4);
    expect(new Set(report.ended.map(({ sessionId }) => sessionId)).size).toBe(3_000);
    expect(report.failed).toEqual([
      { id: idOf(17), message: '“session 17” could not be recovered. The log has the details.' },
    ]);
    // The latest, in their order.
    expect(report.tabs.map(({ record }) => record.id)).toEqual(
      Array.from({ length: 100 }, (_value, index) => idOf(2_900 + index)),
    );
    expect(crashed.complaints).toEqual(['A session of an earlier run could not be recovered']);
  });

  test('on a disk that takes nothing emits every end, and the next one writes what is missing', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    await crashed.record(idOf(1), `${HELLO}[0.1, "o", "tor`);
    // Metadata cannot be written where a folder stands in its way.
    await mkdir(crashed.fileOf(idOf(1), `${METADATA_FILE}.tmp/full`), { recursive: true });
    const { ended, failed, tabs, problem } = await crashed.recover([crashedSession(1)], {
      repair: async (file) => ({
        ok: false,
        obstacle: 'unwritable',
        message: `${file}: The disk is full.`,
        lastEventMs: 1_000,
        bytes: 99,
      }),
    });
    expect(ended[0]?.end).toMatchObject({ reason: 'app_crash', durationSeconds: 5 });
    expect(failed).toHaveLength(1);
    expect(problem).toMatchObject({ severity: 'error' });
    expect(problem?.message).toMatch(/The disk is full\. It is tried again at the next start\.$/);
    expect(crashed.journal.endOf(idOf(1))?.recording).toMatchObject({ sha256: null, truncated: true });
    expect(existsSync(crashed.fileOf(idOf(1), METADATA_FILE))).toBe(false);

    await rm(crashed.fileOf(idOf(1), `${METADATA_FILE}.tmp`), { recursive: true });
    const next = await crashed.recover([], { restored: tabs });
    const file = await readFile(crashed.fileOf(idOf(1)));
    const metadata = await metadataOf(crashed, idOf(1));
    expect(metadata.events.at(-1)).toEqual(ended[0]);
    expect(metadata.recording).toMatchObject({ sha256: createHash('sha256').update(file).digest('hex') });
    expect(next.tabs[0]?.recording).toEqual(metadata.recording);
    expect(next.problem).toBeNull();
    // And the one after that has nothing to do.
    expect(
      (await crashed.recover([], { restored: next.tabs, repair: () => Promise.reject(new Error('no')) })).tabs,
    ).toEqual(next.tabs);
    expect(crashed.journal.entries).toHaveLength(1);
  });

  test('removes what else was left, and does not depend on it', async () => {
    await using temp = await TempFolder.make();
    const crashed = new CrashedFolder(temp.path);
    let removed = 0;
    await crashed.recover([], {
      removeLeftovers: async () => {
        removed += 1;
      },
    });
    expect(removed).toBe(1);
    const report = await crashed.recover([crashedSession(1)], {
      removeLeftovers: () => Promise.reject(fileError('EROFS', 'read-only')),
    });
    expect(report.ended).toHaveLength(1);
    expect(crashed.complaints).toEqual(['What an earlier run has left could not be removed']);
  });
});
