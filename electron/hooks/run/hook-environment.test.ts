import { expect, test } from 'vitest';
import { markIn } from '../../environment/inherited-environment.ts';
import { hookEnvironment } from './hook-environment.ts';

const request = {
  environment: { SANDGLASS_EVENT: 'session:end', SANDGLASS_SESSION_ID: 'S' },
  folder: '/hooks/a',
  runId: 'R',
} as const;

test('on Unix a hook sees what programs need and what it is told, and nothing else', () => {
  const host = {
    PATH: '/bin',
    HOME: '/home/ada',
    LC_TIME: 'C',
    AWS_SECRET_ACCESS_KEY: 'secret',
    LD_PRELOAD: '/lib/x.so',
    NODE_OPTIONS: '--inspect',
    SANDGLASS_HOME: '/data',
    SANDGLASS_SESSION_ID: 'of an outer session',
    TZ: undefined,
  };
  expect(hookEnvironment(request, host, 'linux')).toEqual({
    PATH: '/bin',
    HOME: '/home/ada',
    LC_TIME: 'C',
    PWD: '/hooks/a',
    SANDGLASS_EVENT: 'session:end',
    SANDGLASS_SESSION_ID: 'S',
    SANDGLASS_HOOK_RUN: 'R',
  });
});

test('programs are found also where the app was started without PATH', () => {
  expect(hookEnvironment(request, {}, 'darwin').PATH).toBe('/usr/local/bin:/usr/bin:/bin');
});

test('on Windows names have no case', () => {
  const host = { Path: 'C:\\Windows', SystemRoot: 'C:\\Windows', Token: 'secret' };
  expect(hookEnvironment(request, host, 'win32')).toMatchObject({ PATH: 'C:\\Windows', SYSTEMROOT: 'C:\\Windows' });
  expect(hookEnvironment(request, host, 'win32')).not.toHaveProperty('TOKEN');
});

test('a process of a hook is marked as the run’s, not as the session’s that it is told of', () => {
  const environment = (names: Record<string, string>) =>
    Object.entries(names).map(([name, value]) => `${name}=${value}`);
  expect(markIn(environment(hookEnvironment(request, {}, 'linux')))).toBe('R');
  expect(markIn(['SANDGLASS_SESSION_ID=S'])).toBe('S');
  expect(markIn(['HOME=/'])).toBeNull();
});
