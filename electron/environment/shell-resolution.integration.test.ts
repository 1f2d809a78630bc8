import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import { environmentOfLoginShell } from './shell-resolution.ts';

describe.runIf(process.platform !== 'win32')('the environment of a login shell', () => {
  const ask = (profile: string, timeoutMs = 10_000, added: Record<string, string> = {}) => {
    const home = temporaryFolder();
    writeFileSync(join(home, '.bash_profile'), profile);
    const environment = { HOME: home, PATH: '/usr/bin:/bin', SHELL: '/bin/bash', ...added };
    return environmentOfLoginShell({ environment, platform: process.platform, timeoutMs });
  };

  test('is read whatever start-up files print, and whatever the values hold', async () => {
    const result = await ask(
      'echo hello; export TEXT=$\'one\\ntwo=2\'; echo "done $SANDGLASS_RESOLVING_ENVIRONMENT" >&2',
    );
    expect(result).toMatchObject({ ok: true, environment: { TEXT: 'one\ntwo=2' } });
    if (result.ok) expect(Object.keys(result.environment).sort()).toEqual(['HOME', 'PATH', 'SHELL', 'TEXT']);
  });

  test('does not wait for what a start-up file leaves in the background', async () => {
    const result = await ask('sleep 1000 & export LATE=1', 20_000);
    expect(result).toMatchObject({ ok: true, environment: { LATE: '1' } });
  });

  test('is given up, with all that it started, when a start-up file hangs', async () => {
    const mark = `SG_HANGING_${process.pid}`;
    const result = await ask('sleep 1000; true', 300, { [mark]: '1' });
    expect(result).toEqual({ ok: false, message: '/bin/bash did not start up within 0.3 seconds' });
    await expect.poll(() => markedBy(mark)).toEqual([]);
  });

  test('is not asked of a shell that Sandglass does not know', async () => {
    const result = await environmentOfLoginShell({ environment: { SHELL: '/usr/bin/python3' }, platform: 'linux' });
    expect(result).toEqual({ ok: false, message: '/usr/bin/python3 is not a shell that Sandglass can ask' });
  });
});

function markedBy(mark: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${mark}=`);
    } catch {
      return false;
    }
  });
}
