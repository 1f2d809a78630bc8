import { createHash } from 'node:crypto';
import { appendFile, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RECORDING_FILE } from '../../../shared/recording.ts';
import type { OpenEnded } from '../recorder.ts';
import { createRecorderFactory } from '../recorder-factory.ts';
import { ManualTimers, openRecording, SESSION_ID, TempFolder } from '../testing/recordings.ts';
import { repairRecording } from './repair.ts';

const factoryIn = (folder: string) =>
  createRecorderFactory({ folder, clock: new ManualTimers(), logger: { warn: () => {} } });

/** A recording as an app leaves it that is killed: what was written last may be torn. */
async function leftOpen(folder: string, torn = ''): Promise<string> {
  const { recorder } = await openRecording(folder);
  recorder.output(10, Buffer.from('hello\r\n'));
  recorder.resize(20, 132, 50);
  recorder.output(1_500, Buffer.from('before\r\n'));
  // Without an exit status there is no end.
  const { file } = await recorder.close(1_500, null);
  await appendFile(file, torn);
  return file;
}

async function reopened(folder: string): Promise<OpenEnded> {
  const result = await factoryIn(folder).reopen(SESSION_ID);
  if (!result.ok) throw new Error(result.failure.message);
  return result;
}

async function events(file: string): Promise<unknown[]> {
  const [, ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

describe('a recording that goes on', () => {
  test.each([
    ['whole', ''],
    ['torn', '[0.500, "o", "lost wh'],
  ])(
    'after a crash that left it %s continues in the same file, in its time, and is what its checksum says',
    async (_, torn) => {
      await using temp = await TempFolder.make();
      const file = await leftOpen(temp.path, torn);
      const found = await reopened(temp.path);
      expect(found).toMatchObject({ lastEventMs: 1_500, cols: 132, rows: 50 });
      const result = await found.resume({ onTruncated: () => {} });
      if (!result.ok) throw new Error(result.failure.message);
      result.recorder.marker(13_500, 'attached again');
      result.recorder.output(14_000, Buffer.from('after\r\n'));
      const closed = await result.recorder.close(15_000, 3);
      expect(await events(file)).toEqual([
        [0.01, 'o', 'hello\r\n'],
        [0.01, 'r', '132x50'],
        [1.48, 'o', 'before\r\n'],
        [12, 'm', 'attached again'],
        [0.5, 'o', 'after\r\n'],
        [1, 'x', '3'],
      ]);
      const content = await readFile(file);
      expect(closed).toEqual({
        file,
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
        truncated: false,
        message: null,
      });
      expect(await repairRecording(file, { endMs: 99_000 })).toMatchObject({
        sha256: closed.sha256,
        lastEventMs: 15_000,
      });
      expect(temp.openFiles()).toEqual([]);
    },
  );

  test('twice goes on twice', async () => {
    await using temp = await TempFolder.make();
    const file = await leftOpen(temp.path);
    for (const atMs of [2_000, 3_000]) {
      const result = await (await reopened(temp.path)).resume({ onTruncated: () => {} });
      if (!result.ok) throw new Error(result.failure.message);
      result.recorder.output(atMs, Buffer.from(`at ${atMs}`));
      await result.recorder.close(atMs, null);
      await appendFile(file, '[0.1, "');
    }
    const { lastEventMs } = await reopened(temp.path);
    expect(lastEventMs).toBe(3_000);
    expect((await events(file)).slice(-2)).toEqual([
      [0.5, 'o', 'at 2000'],
      [1, 'o', 'at 3000'],
    ]);
  });

  test('is longer than what is read of it at once', async () => {
    await using temp = await TempFolder.make();
    const file = await leftOpen(temp.path);
    const line = `[0.001, "o", "${'x'.repeat(60_000)}"]\n`;
    await appendFile(file, line.repeat(20));
    const result = await (await reopened(temp.path)).resume({ onTruncated: () => {} });
    if (!result.ok) throw new Error(result.failure.message);
    const { sha256 } = await result.recorder.close(60_000, 0);
    expect(sha256).toBe(
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    );
  });

  test('does so for no other than its own file, and leaves nothing open', async () => {
    await using temp = await TempFolder.make();
    const file = await leftOpen(temp.path);
    const other = join(temp.path, 'other');
    await writeFile(other, 'precious');

    const changed = await reopened(temp.path);
    await appendFile(file, '[0.1, "o", "by somebody else"]\n');
    expect(await changed.resume({ onTruncated: () => {} })).toMatchObject({
      ok: false,
      failure: { stage: 'recording' },
    });

    const linked = await reopened(temp.path);
    await rm(file);
    await symlink(other, file);
    expect(await linked.resume({ onTruncated: () => {} })).toMatchObject({ ok: false });
    expect(await factoryIn(temp.path).reopen(SESSION_ID)).toMatchObject({ ok: false });
    expect(await readFile(other, 'utf8')).toBe('precious');
    expect(temp.openFiles()).toEqual([]);
  });

  test('was not closed: one with an exit status, and one without a header, do not go on', async () => {
    await using temp = await TempFolder.make();
    const { recorder, folder } = await openRecording(temp.path);
    await recorder.close(100, 0);
    const file = join(folder, RECORDING_FILE);
    const before = await readFile(file);
    const ended = await reopened(temp.path);
    expect(await ended.resume({ onTruncated: () => {} })).toMatchObject({ ok: false });
    expect(await readFile(file)).toEqual(before);
    await truncate(file, 10);
    expect(await factoryIn(temp.path).reopen(SESSION_ID)).toMatchObject({ ok: false, failure: { stage: 'recording' } });
    await rm(file);
    expect(await factoryIn(temp.path).reopen(SESSION_ID)).toMatchObject({ ok: false });
    expect(temp.openFiles()).toEqual([]);
  });
});
