import { describe, expect, test } from 'vitest';
import { type ExitFacts, exitStatus } from './exit-status.ts';

const ended = (facts: Partial<ExitFacts>): ReturnType<typeof exitStatus> =>
  exitStatus({
    exitCode: 0,
    own: null,
    foreign: null,
    outOfMemory: false,
    oomBeforeMs: null,
    memoryMiB: 64,
    ...facts,
  });

describe('a container’s end is reported', () => {
  test.each([0, 1, 130, 137, 255])('as exit code %i where no one sent a signal', (exitCode) => {
    expect(ended({ exitCode })).toEqual({ exitCode, signal: null });
  });

  test('as a signal where Sandglass sent it and the code says so', () => {
    const own = { signal: 'SIGHUP', beforeMs: 10 };
    expect(ended({ exitCode: 129, own })).toEqual({ exitCode: null, signal: 'SIGHUP' });
    expect(ended({ exitCode: 0, own })).toEqual({ exitCode: 0, signal: null });
  });

  test('as killed from outside, before what Sandglass did', () => {
    const foreign = { signal: 'SIGKILL', beforeMs: 60_000 };
    expect(ended({ exitCode: 137, foreign, own: { signal: 'SIGKILL', beforeMs: 1 } })).toEqual({
      exitCode: null,
      signal: 'SIGKILL',
      detail: 'Killed from outside Sandglass (SIGKILL)',
    });
  });

  test('as a reaction to a signal that someone sent shortly before', () => {
    const detail = 'Ended after SIGTERM from outside Sandglass';
    expect(ended({ exitCode: 3, foreign: { signal: 'SIGTERM', beforeMs: 100 } })).toEqual({
      exitCode: 3,
      signal: null,
      detail,
    });
    expect(ended({ exitCode: 3, foreign: { signal: 'SIGTERM', beforeMs: 60_000 } })).toEqual({
      exitCode: 3,
      signal: null,
    });
    expect(ended({ exitCode: 3, foreign: { signal: 'SIGWINCH', beforeMs: 1 } })).toEqual({ exitCode: 3, signal: null });
  });

  test('as out of memory, with its limit, only if it ended by that and just now', () => {
    const oom = { exitCode: 137, outOfMemory: true, oomBeforeMs: 100 };
    expect(ended(oom)).toEqual({
      exitCode: null,
      signal: 'SIGKILL',
      cause: 'out_of_memory',
      detail: 'It reached its memory limit of 64 MB',
    });
    expect(ended({ ...oom, memoryMiB: null })).toMatchObject({ detail: 'The machine ran out of memory' });
    expect(ended({ ...oom, oomBeforeMs: null })).toMatchObject({ cause: 'out_of_memory' });
    expect(ended({ ...oom, oomBeforeMs: 60_000 })).toEqual({ exitCode: 137, signal: null });
    expect(ended({ ...oom, exitCode: 1 })).toEqual({ exitCode: 1, signal: null });
    expect(ended({ ...oom, own: { signal: 'SIGKILL', beforeMs: 1 } })).toEqual({ exitCode: null, signal: 'SIGKILL' });
  });
});
