import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readMetadata } from './metadata.ts';
import { MetadataWriter } from './metadata-writer.ts';
import { ManualTimers, METADATA, TempFolder } from './testing/recordings.ts';

const OTHER_ID = `${METADATA.id.slice(0, -1)}Z`;

interface Rig {
  readonly writer: MetadataWriter;
  readonly timers: ManualTimers;
  /** The titles of what was written later. */
  readonly later: string[];
  /** Lets the pause before the next try be over; resolves when that has been made. */
  fire(): Promise<void>;
}

function rig(): Rig {
  const timers = new ManualTimers();
  const later: string[] = [];
  const writer = new MetadataWriter({ clock: timers, onWritten: ({ title }) => later.push(title) });
  return {
    writer,
    timers,
    later,
    async fire() {
      timers.fire();
      // The next pause begins with its end; where there is none, all is written.
      await expect.poll(() => timers.waiting.size + later.length).toBeGreaterThan(0);
    },
  };
}

test('metadata that cannot be written is told, held, and written as soon as it can be', async () => {
  await using temp = await TempFolder.make();
  const { writer, timers, later, fire } = rig();
  const folder = join(temp.path, 'later');
  expect(await writer.write(folder, METADATA)).toMatchObject({ ok: false });
  const pauses: number[] = [];
  for (let tries = 0; tries < 8; tries += 1) {
    pauses.push(...[...timers.waiting.values()].map(({ delayMs }) => delayMs));
    await fire();
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  await mkdir(folder);
  await fire();
  expect(later).toEqual([METADATA.title]);
  expect(await readMetadata(folder)).toEqual({ ok: true, metadata: METADATA });
  await expect.poll(() => timers.waiting.size).toBe(0);
});

test('a folder that is gone for good holds up no other, and newer metadata replaces what is held', async () => {
  await using temp = await TempFolder.make();
  const { writer, later, fire } = rig();
  const folder = join(temp.path, 'later');
  await writer.write(join(temp.path, 'gone'), { ...METADATA, id: OTHER_ID });
  await writer.write(folder, METADATA);
  await writer.write(folder, { ...METADATA, title: 'newer' });
  await mkdir(folder);
  await fire();
  expect(later).toEqual(['newer']);
  expect(await readMetadata(folder)).toMatchObject({ ok: true, metadata: { title: 'newer' } });
});

test('what is still held at the end is tried once more, and then no timer is left', async () => {
  await using temp = await TempFolder.make();
  const { writer, timers, later } = rig();
  const folder = join(temp.path, 'later');
  await writeFile(folder, 'in its place');
  await writer.write(folder, METADATA);
  await rm(folder);
  await mkdir(folder);
  await writer[Symbol.asyncDispose]();
  expect(later).toEqual([METADATA.title]);
  expect(timers.waiting.size).toBe(0);
  await writer[Symbol.asyncDispose]();
  await rm(join(folder, 'session.json'));
  await rmdir(folder);
  expect(await writer.write(folder, METADATA)).toMatchObject({ ok: false });
  expect(timers.waiting.size).toBe(0);
});
