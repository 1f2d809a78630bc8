import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { METADATA_FILE } from '../../shared/recording.ts';
import type { SessionId } from '../../shared/session.ts';
import { openStore } from '../journal/testing/open-store.ts';
import { writeMetadata } from '../recording/metadata.ts';
import { METADATA, STARTED_AT } from '../recording/testing/recordings.ts';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import { CrashedFolder, idOf } from './testing/crashes.ts';
import { findUnknownSessions, type UnknownSessions } from './unknown-sessions.ts';

const LINE = '[0.500, "o", "hello"]\n';
const never = new AbortController().signal;

let crashed: CrashedFolder;
let journal: ReturnType<typeof openStore>;
let logged: string[];

beforeEach(() => {
  crashed = new CrashedFolder(temporaryFolder());
  journal = openStore(null);
  logged = [];
});

afterEach(() => journal[Symbol.dispose]());

function find(before = STARTED_AT + 1_000_000): Promise<UnknownSessions> {
  const log = (_details: object, message: string): void => void logged.push(message);
  return findUnknownSessions({
    root: crashed.folder,
    before,
    profiles: [
      { id: 'other', name: 'Häuser “zsh”', backend: 'docker' },
      { id: 'mine', name: 'Häuser “zsh”', backend: 'pty' },
    ],
    journal: {
      unknown: async (ids) => journal.store.unknown(ids),
      adopt: async (sessions) => {
        journal.store.write(sessions.map((session) => ({ kind: 'adopt', session })));
        return true;
      },
    },
    logger: { debug() {}, info() {}, warn: log, error: log },
  });
}

/** A session that ended and whose metadata says so. */
async function ended(id: SessionId): Promise<void> {
  await crashed.record(id, `${LINE}[0.100, "x", "0"]\n`);
  const event = {
    id: `end-of-${id}`,
    sessionId: id,
    at: METADATA.endedAt,
    type: 'session:end',
    end: METADATA.end,
  } as const;
  await writeMetadata(crashed.folderOf(id), { ...METADATA, id, events: [event] });
}

const history = (): SessionId[] => journal.store.history(undefined, 100).map(({ id }) => id);

describe('sessions that the journal does not know', () => {
  test('are in the history again when they had ended, by what stands in their metadata', async () => {
    const ids = Array.from({ length: 120 }, (_, index) => idOf(index));
    for (const id of ids) await ended(id);
    const unknown = await find();
    expect(unknown.unfinished).toEqual([]);
    await unknown.adopt(never);
    expect(journal.store.history(undefined, 200).map(({ id }) => id)).toEqual(ids.toReversed());
    expect(journal.store.events(idOf(0))).toMatchObject([{ type: 'session:end', end: METADATA.end }]);
    expect(await find()).toMatchObject({ unfinished: [] });
    expect(logged).toEqual(['There are sessions that the journal does not know; they are read back']);
  });

  test('get their end when they ended while no app ran, by what their recordings say', async () => {
    await ended(idOf(1));
    for (const index of [2, 3]) await crashed.record(idOf(index), LINE);
    const { unfinished } = await find();
    expect(unfinished.map(({ record }) => record.id)).toEqual([idOf(2), idOf(3)]);
    const { ended: ends } = await crashed.recover(unfinished);
    expect(ends.map(({ sessionId }) => sessionId).toSorted()).toEqual([idOf(2), idOf(3)]);
    for (const { end } of ends) expect(end).toMatchObject({ reason: 'app_crash', durationSeconds: 0.5 });
    expect(crashed.journal.endOf(idOf(2))?.record).toMatchObject({
      title: 'Häuser “zsh”',
      backend: 'pty',
      profile: { id: 'mine' },
    });
    // Their metadata is there now: nothing is emitted for them again.
    const again = await find();
    expect(again.unfinished).toEqual([]);
    await again.adopt(never);
    expect(history()).toEqual([idOf(3), idOf(2), idOf(1)]);
  });

  test('are left alone where they are not what they seem', async () => {
    await ended(idOf(1));
    await ended(idOf(2));
    const elsewhere = temporaryFolder();
    await rename(crashed.folderOf(idOf(1)), join(elsewhere, idOf(1)));
    await symlink(join(elsewhere, idOf(1)), crashed.folderOf(idOf(1)));
    // In the folder of another month.
    const wrong = join(crashed.folder, '2020', '01', idOf(2));
    await mkdir(dirname(wrong), { recursive: true });
    await rename(crashed.folderOf(idOf(2)), wrong);
    // Another one's metadata, damaged metadata, nothing at all, and a recording that is none.
    await ended(idOf(3));
    await writeMetadata(crashed.folderOf(idOf(3)), { ...METADATA, id: idOf(1) });
    await ended(idOf(4));
    await writeFile(crashed.fileOf(idOf(4), METADATA_FILE), '{');
    await mkdir(crashed.folderOf(idOf(5)));
    await mkdir(crashed.folderOf(idOf(6)));
    await writeFile(crashed.fileOf(idOf(6)), 'no recording\n');
    await mkdir(crashed.folderOf(idOf(7)));
    await mkdir(crashed.fileOf(idOf(7)));
    await mkdir(join(crashed.folder, 'notes'));
    await mkdir(join(dirname(crashed.folderOf(idOf(7))), 'Z'.repeat(26)));
    const unknown = await find();
    expect(unknown.unfinished).toEqual([]);
    await unknown.adopt(never);
    expect(history()).toEqual([]);
    expect(logged.filter((message) => message.endsWith('could not be searched for'))).toEqual([]);
  });

  test('are not searched for among those of this run', async () => {
    await crashed.record(idOf(1), LINE);
    expect((await find(STARTED_AT - 1)).unfinished).toEqual([]);
    expect((await find()).unfinished).toHaveLength(1);
  });

  test('are none where there is no folder, or none that can be read', async () => {
    expect((await find()).unfinished).toEqual([]);
    await writeFile(join(crashed.folder, '2026'), 'no folder');
    expect((await find()).unfinished).toEqual([]);
    expect(logged).toEqual([]);
  });

  test('are taken over by the next launch when this one ends meanwhile', async () => {
    await ended(idOf(1));
    const unknown = await find();
    await unknown.adopt(AbortSignal.abort());
    expect(history()).toEqual([]);
    await (await find()).adopt(never);
    expect(history()).toEqual([idOf(1)]);
  });
});
