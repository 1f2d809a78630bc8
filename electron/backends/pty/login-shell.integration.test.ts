import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LoginShell } from '../../../shared/profile.ts';
import { temporaryFolder } from '../../storage/testing/temporary-folder.ts';
import { startShell, testBackend } from '../testing/shells.ts';
import { loginArguments } from './login-shell.ts';

test.each([
  ['/bin/bash', ['--norc'], ['--login', '--norc']],
  ['/bin/zsh', [], ['-l']],
  ['/usr/bin/fish', ['-c', 'x'], ['-l', '-c', 'x']],
  ['/usr/bin/pwsh', [], ['-Login']],
  ['/bin/bash', ['-l', '-c', 'x'], ['-l', '-c', 'x']],
  ['/bin/tcsh', [], ['-l']],
  ['/bin/tcsh', ['-c', 'x'], ['-c', 'x']],
  ['/usr/bin/node', ['-p', '1'], ['-p', '1']],
  ['/opt/constructor', [], []],
] as const)('%s %j becomes a login shell with %j', (shell, args, expected) => {
  expect(loginArguments(shell, args, 'yes', 'linux')).toEqual(expected);
});

test.each([
  ['automatic', 'darwin', ['-l']],
  ['automatic', 'linux', []],
  ['no', 'darwin', []],
  ['yes', 'linux', ['-l']],
  ['yes', 'win32', []],
] as const)('%s on %s', (wanted, platform, expected) => {
  expect(loginArguments('/bin/zsh', [], wanted, platform)).toEqual(expected);
});

test.runIf(process.platform !== 'win32')('a profile’s choice wins over the setting, in a real shell', async () => {
  const home = temporaryFolder();
  writeFileSync(join(home, '.bash_profile'), 'FROM_PROFILE=yes');
  let setting: LoginShell = 'no';
  const environment = { HOME: home, PATH: process.env.PATH };
  const backend = testBackend({ environment, loginShell: () => setting });
  const readsProfile = async (loginShell?: LoginShell): Promise<boolean> => {
    const args = ['-c', 'echo "read: $FROM_PROFILE."'];
    const spec = { shell: '/bin/bash', args, ...(loginShell === undefined ? {} : { loginShell }) };
    const shell = await startShell(backend, spec);
    await shell.exit;
    return shell.text().includes('read: yes.');
  };
  expect(await readsProfile()).toBe(false);
  expect(await readsProfile('yes')).toBe(true);
  setting = 'yes';
  expect(await readsProfile()).toBe(true);
  expect(await readsProfile('no')).toBe(false);
});
