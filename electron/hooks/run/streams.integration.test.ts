import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../storage/testing/temporary-folder.ts';
import { removeOrphanedStreams } from './streams.ts';

/** A folder of a run, with an event in it. */
function left(temporary: string, name: string): string {
  const folder = join(temporary, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'event'), '{}');
  return folder;
}

test('what an app has left that was killed is removed; what runs, and what is not ours, stays', async () => {
  const temporary = temporaryFolder();
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const gone = left(temporary, `sandglass-hook-${pid}-a1B2c3`);
  const others = [
    left(temporary, `sandglass-hook-${process.pid}-a1B2c3`),
    left(temporary, 'sandglass-hook-notes'),
    left(temporary, `hook-${pid}-a1B2c3`),
  ];
  expect(await removeOrphanedStreams(temporary)).toBe(1);
  expect(existsSync(gone)).toBe(false);
  for (const folder of others) expect(readdirSync(folder)).toEqual(['event']);
  expect(await removeOrphanedStreams(join(temporary, 'nowhere'))).toBe(0);
});
