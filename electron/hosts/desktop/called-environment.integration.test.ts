import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../storage/testing/temporary-folder.ts';
import { calledEnvironment, isDesktopStart, userEnvironment } from './called-environment.ts';

const electrons = {
  CHROME_DESKTOP: 'sandglass.desktop',
  ORIGINAL_XDG_CURRENT_DESKTOP: 'ubuntu:GNOME',
  XDG_CURRENT_DESKTOP: 'Unity',
  NO_AT_BRIDGE: '1',
};

test('what Electron adds on Linux is taken out, and the desktop’s name put back', () => {
  const environment = { ...electrons, HOME: '/home/ada', GDK_BACKEND: 'x11', ELECTRON_RUN_AS_NODE: '' };
  expect(calledEnvironment(environment, 'linux')).toEqual({
    HOME: '/home/ada',
    GDK_BACKEND: 'x11',
    ELECTRON_RUN_AS_NODE: '',
    XDG_CURRENT_DESKTOP: 'ubuntu:GNOME',
  });
});

test('a desktop that had no name has none afterwards', () => {
  const environment = { ...electrons, ORIGINAL_XDG_CURRENT_DESKTOP: 'undefined' };
  expect(calledEnvironment(environment, 'linux')).toEqual({});
});

test('with the launcher’s list of names, exactly those are left', () => {
  const names = JSON.stringify(['HOME', 'NO_AT_BRIDGE', 'XDG_CURRENT_DESKTOP']);
  const environment = { ...electrons, HOME: '/h', GDK_BACKEND: 'x11', SANDGLASS_LAUNCH_NAMES: names };
  expect(calledEnvironment(environment, 'linux')).toEqual({
    HOME: '/h',
    NO_AT_BRIDGE: '1',
    XDG_CURRENT_DESKTOP: 'ubuntu:GNOME',
  });
  expect(calledEnvironment({ HOME: '/h', SANDGLASS_LAUNCH_NAMES: 'no JSON' }, 'darwin')).toEqual({ HOME: '/h' });
});

test('a packaged app without a terminal’s variables was started from the desktop', () => {
  expect(isDesktopStart({ HOME: '/h' }, 'darwin', true)).toBe(true);
  expect(isDesktopStart({ HOME: '/h' }, 'linux', true)).toBe(true);
  expect(isDesktopStart({ TERM: 'xterm' }, 'darwin', true)).toBe(false);
  expect(isDesktopStart({ HOME: '/h' }, 'darwin', false)).toBe(false);
  expect(isDesktopStart({ HOME: '/h' }, 'win32', true)).toBe(false);
});

test.runIf(process.platform !== 'win32')('started from the desktop, the user’s start-up files count', async () => {
  const home = temporaryFolder();
  writeFileSync(join(home, '.bash_profile'), 'export PATH=/opt/homebrew/bin:/usr/bin:/bin FROM_PROFILE=1');
  const called = { HOME: home, PATH: '/usr/bin:/bin', SHELL: '/bin/bash', XDG_SEAT: 'seat0' };
  const { environment, problem } = await userEnvironment(called, process.platform, true);
  expect(problem).toBeNull();
  expect(environment).toEqual({ ...called, PATH: '/opt/homebrew/bin:/usr/bin:/bin', FROM_PROFILE: '1' });
});

test.runIf(process.platform !== 'win32')('a shell that cannot be asked is a problem, not a failed start', async () => {
  const shell = join(temporaryFolder(), 'bash');
  writeFileSync(shell, '#!/bin/sh\nexit 3\n');
  chmodSync(shell, 0o700);
  const called = { HOME: '/nowhere', PATH: '/usr/bin:/bin', SHELL: shell };
  const { environment, problem } = await userEnvironment(called, process.platform, true);
  expect(environment).toEqual(called);
  expect(problem?.message).toContain(`${shell} did not print its environment`);
});
