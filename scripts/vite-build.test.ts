import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isOutdated } from './vite-build.ts';

const built = new Date('2026-05-01T12:00:00Z');
const before = new Date('2026-05-01T11:59:00Z');
const after = new Date('2026-05-01T12:00:01Z');

let folder: string;
let source: string;
const outdated = () => isOutdated(join(folder, 'output'), join(folder, 'stamp'), [join(folder, 'source')]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-outdated-'));
  source = join(folder, 'source', 'nested', 'file.ts');
  await mkdir(join(folder, 'source', 'nested'), { recursive: true });
  await writeFile(source, '');
  await writeFile(join(folder, 'output'), '');
  await writeFile(join(folder, 'stamp'), built.toISOString());
  for (const path of [source, join(folder, 'source', 'nested'), join(folder, 'source')]) {
    await utimes(path, before, before);
  }
});
afterEach(() => rm(folder, { recursive: true }));

test('a build newer than its sources is kept', async () => {
  expect(await outdated()).toBe(false);
});

test('a build is outdated when a source changed after it began', async () => {
  await utimes(source, after, after);
  expect(await outdated()).toBe(true);
});

test('a build is outdated when a source was removed', async () => {
  await rm(source);
  expect(await outdated()).toBe(true);
});

test('a build is outdated when its output or its stamp is gone or unreadable', async () => {
  await rm(join(folder, 'output'));
  expect(await outdated()).toBe(true);
  await writeFile(join(folder, 'output'), '');
  await writeFile(join(folder, 'stamp'), 'yesterday');
  expect(await outdated()).toBe(true);
});
