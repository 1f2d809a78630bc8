import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStat } from './linux-stat.ts';
import { parsePs } from './other-processes.ts';
import { findMembers, type ProcessEntry } from './process-table.ts';

function entry(pid: number, parent: number, startedAt: number, session: number | null = null): ProcessEntry {
  return { pid, parent, startedAt, session, command: 'sleep', isZombie: false, isStopped: false, cpuMs: 0 };
}

const none = { shell: null, known: [], contained: new Set<number>(), self: 1000 };
const pids = (entries: readonly ProcessEntry[]): number[] => entries.map(({ pid }) => pid).sort((a, b) => a - b);

test('a pid that was given to another process is not taken for the shell, nor are its children', () => {
  const shell = { pid: 10, startedAt: 100 };
  const entries = [entry(10, 1, 900, 10), entry(11, 10, 950, 10)];
  expect(findMembers(entries, { ...none, shell, known: [shell] })).toEqual([]);
});

test('the members of the shell’s process session and their descendants belong, also after the shell is gone', () => {
  const shell = { pid: 10, startedAt: 100 };
  const entries = [entry(11, 1, 110, 10), entry(12, 11, 120, 12), entry(13, 1, 90, 10), entry(14, 1, 130, 14)];
  expect(pids(findMembers(entries, { ...none, shell }))).toEqual([11, 12]);
});

test('where process sessions are unknown, the shell and its children belong, also children that outlive it', () => {
  const shell = { pid: 10, startedAt: 100 };
  const children = [entry(11, 10, 110), entry(12, 11, 120), entry(13, 10, 90)];
  expect(pids(findMembers([entry(10, 1, 100), ...children], { ...none, shell }))).toEqual([10, 11, 12]);
  expect(pids(findMembers(children, { ...none, shell }))).toEqual([11, 12]);
});

test('a process that is known or contained belongs, wherever it went', () => {
  const clues = { ...none, known: [{ pid: 20, startedAt: 5 }], contained: new Set([30]) };
  expect(pids(findMembers([entry(20, 1, 5), entry(21, 20, 6), entry(30, 1, 7), entry(40, 1, 8)], clues))).toEqual([
    20, 21, 30,
  ]);
});

test('a child that is older than its parent is not its child', () => {
  expect(pids(findMembers([entry(20, 1, 50), entry(21, 20, 40)], { ...none, contained: new Set([20]) }))).toEqual([20]);
});

test('whatever the table holds, neither init nor the app is a member, and the search ends', () => {
  const table = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 3 })),
  );
  fc.assert(
    fc.property(table, fc.integer({ min: 2, max: 30 }), (rows, self) => {
      const entries = rows.map(([pid, parent, startedAt]) => entry(pid, parent, startedAt, parent));
      const found = findMembers(entries, {
        self,
        shell: { pid: 1, startedAt: 0 },
        known: entries,
        contained: new Set([0, 1, self]),
      });
      expect(found.some(({ pid }) => pid <= 1 || pid === self)).toBe(false);
      expect(new Set(pids(found)).size).toBe(found.length);
    }),
  );
});

test('a process name cannot forge its entry', () => {
  const tail = 'S 1 2 3 34816 4 0 0 0 0 0 5 6 7 8 20 0 1 0 99 0';
  expect(parseStat(`42 (a) Z 7 7 (b) ${tail}`)).toMatchObject({
    pid: 42,
    command: 'a) Z 7 7 (b',
    isZombie: false,
    isStopped: false,
    parent: 1,
    group: 2,
    session: 3,
    front: 4,
    cpuMs: 260,
    startedAt: 99,
  });
  expect(parseStat('')).toBeNull();
  expect(parseStat('42 (sh) S 1')).toBeNull();
});

test('the output of ps is read, with days of CPU time and spaces in a command', () => {
  const output = [
    '    1     0 Ss   Mon Nov 16 09:00:01 2026       0:01.50 /sbin/launchd',
    ' 4242     1 Z+   Sat Nov 21 10:02:03 2026  1-02:03:04 /Applications/A B.app/My Tool',
  ].join('\n');
  expect(parsePs(output)).toMatchObject([
    { pid: 1, parent: 0, command: 'launchd', isZombie: false, isStopped: false, cpuMs: 1500 },
    { pid: 4242, parent: 1, command: 'My Tool', isZombie: true, isStopped: false, cpuMs: 93_784_000 },
  ]);
});
