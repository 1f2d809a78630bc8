import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readMetadata, writeMetadata } from './metadata.ts';
import { METADATA, TempFolder } from './testing/recordings.ts';

test('metadata is read back as it was written, for its owner alone', async () => {
  await using temp = await TempFolder.make();
  const file = join(temp.path, 'session.json');
  expect(await writeMetadata(temp.path, METADATA)).toEqual({ ok: true, file });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(temp.path)).toEqual(['session.json']);
  expect(await readMetadata(temp.path)).toEqual({ ok: true, metadata: METADATA });
  expect(temp.openFiles()).toEqual([]);
});

test('writing again replaces the whole file, also after an attempt that was cut off', async () => {
  await using temp = await TempFolder.make();
  await writeMetadata(temp.path, METADATA);
  await writeFile(join(temp.path, 'session.json.tmp'), '{"version": 1, "torn');
  await writeMetadata(temp.path, { ...METADATA, title: 'renamed' });
  expect(await readMetadata(temp.path)).toMatchObject({ ok: true, metadata: { title: 'renamed' } });
  expect(await readdir(temp.path)).toEqual(['session.json']);
});

test('metadata that cannot be written is told, and leaves no half file', async () => {
  await using temp = await TempFolder.make();
  await mkdir(join(temp.path, 'session.json'));
  const result = await writeMetadata(temp.path, METADATA);
  expect(result).toMatchObject({ ok: false, message: expect.stringContaining('could not be written to') });
  expect(await readdir(temp.path)).toEqual(['session.json']);
  expect(await writeMetadata(join(temp.path, 'gone'), METADATA)).toMatchObject({
    ok: false,
    message: expect.stringContaining('The file or its folder is gone.'),
  });
});

test('metadata that does not fit its schema is a bug, and is not written', async () => {
  await using temp = await TempFolder.make();
  await expect(writeMetadata(temp.path, { ...METADATA, id: '../../etc' })).rejects.toThrow();
  expect(await readdir(temp.path)).toEqual([]);
});

test('what is in the file is checked when it is read', async () => {
  await using temp = await TempFolder.make();
  expect(await readMetadata(temp.path)).toMatchObject({ ok: false, reason: 'missing' });
  const file = join(temp.path, 'session.json');
  await writeFile(file, '{"version": 1');
  expect(await readMetadata(temp.path)).toEqual({
    ok: false,
    reason: 'invalid',
    message: `${file} is damaged: it is not JSON.`,
  });
  await writeFile(file, JSON.stringify({ ...METADATA, durationSeconds: 'long' }));
  expect(await readMetadata(temp.path)).toEqual({
    ok: false,
    reason: 'invalid',
    message: `${file} is not the metadata of a session: wrong at “durationSeconds”.`,
  });
  expect(await readFile(file, 'utf8')).toContain('long');
});
