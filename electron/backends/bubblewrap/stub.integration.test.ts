import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { isInteractiveShell, stubCommand } from './stub.ts';

test.each([
  ['/bin/bash', [], true],
  ['/usr/bin/zsh', ['-l'], true],
  ['/bin/bash', ['--norc', '-i'], true],
  ['/bin/bash', ['-c', 'x'], false],
  ['/bin/bash', ['-lc', 'x'], false],
  ['/usr/bin/fish', ['--command', 'x'], false],
  ['/bin/sh', ['script'], false],
  ['/usr/bin/python3', [], false],
])('%s %j is an interactive shell: %s', (path, args, expected) => {
  expect(isInteractiveShell(path, args)).toBe(expected);
});

test('a stub that is not released starts no shell', () => {
  const [file = '', ...args] = stubCommand({ limits: [], resetsInterrupts: false }, ['/bin/echo', 'ran']);
  // The channel is at its end from the beginning.
  const { stdout, status } = spawnSync(file, args, { stdio: ['ignore', 'pipe', 'pipe', 'ignore'], encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(125);
});

test('bounds are set before it says that it is ready', () => {
  const limits = [
    { controller: 'memory', amount: 64 * 1024 * 1024, place: 'rlimit' },
    { controller: 'pids', amount: 100, place: 'rlimit' },
    { controller: 'cpu', amount: 1, place: 'none' },
  ] as const;
  const script = stubCommand({ limits, resetsInterrupts: true }, ['/bin/sh'])[2] ?? '';
  expect(script.indexOf('ulimit -v 65536')).toBeLessThan(script.indexOf('echo ready'));
  expect(script).toContain('ulimit -u 100 || ulimit -p 100');
  expect(script).toContain('env --default-signal=INT,QUIT');
});
