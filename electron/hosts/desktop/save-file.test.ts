import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RequestError } from '../../../shared/errors.ts';
import { saveFile } from './save-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-save-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('writes the whole stream, for the user alone, over what was there', async () => {
  const file = join(folder, 'a.txt');
  await writeFile(file, 'old');
  await saveFile(file, () => Readable.from(['one ', 'two']));
  expect(await readFile(file, 'utf8')).toBe('one two');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['a.txt']);
});

test('a stream that fails leaves the old file and nothing else', async () => {
  const file = join(folder, 'a.txt');
  await writeFile(file, 'old');
  const failing = () =>
    new Readable({
      read() {
        this.push('half');
        this.destroy(new Error('the recording is gone'));
      },
    });
  await expect(saveFile(file, failing)).rejects.toThrow(`${file} could not be written: the recording is gone`);
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['a.txt']);
});

test('says in words what is wrong with the place', async () => {
  await mkdir(join(folder, 'taken'));
  const content = () => Readable.from(['x']);
  await expect(saveFile(join(folder, 'gone', 'a.txt'), content)).rejects.toThrow('its folder does not exist');
  const onFolder = await saveFile(join(folder, 'taken'), content).catch((error: unknown) => error);
  expect(onFolder).toBeInstanceOf(RequestError);
  expect(onFolder).toMatchObject({ code: 'export_failed', message: expect.stringContaining('a folder of this name') });
  expect(await readdir(folder)).toEqual(['taken']);
});
