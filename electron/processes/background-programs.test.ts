import { expect, test } from 'vitest';
import { backgroundPrograms, programNames } from './background-programs.ts';
import type { ProcessEntry } from './process-table.ts';

const SHELL = 10;
const entry = (pid: number, command: string, changes: Partial<ProcessEntry> = {}): ProcessEntry => ({
  pid,
  parent: SHELL,
  session: SHELL,
  startedAt: pid,
  command,
  isZombie: false,
  isStopped: false,
  cpuMs: 0,
  ...changes,
});

/** `groups`: the process group of each process that has the terminal. */
function named(members: readonly ProcessEntry[], groups: Readonly<Record<number, number>>, front: number) {
  const own = (pid: number): number | undefined => groups[pid];
  return backgroundPrograms({
    members: [entry(SHELL, 'bash', { parent: 1 }), ...members],
    shell: SHELL,
    isOwn: ({ pid }) => pid === SHELL,
    table: {
      foregroundGroup: async (pid) => {
        const group = own(pid);
        return group === undefined ? null : { own: group, front };
      },
    },
  });
}

test('at a prompt, jobs and what was detached are in the background', async () => {
  const members = [entry(11, 'sleep'), entry(12, 'node', { parent: 1, session: 12 })];
  expect(await named(members, { [SHELL]: SHELL, 11: 11 }, SHELL)).toEqual(['sleep', 'node']);
});

test('a whole pipeline in front, and what it has started, is not', async () => {
  const members = [
    entry(11, 'yes'),
    entry(12, 'less'),
    entry(13, 'helper', { parent: 12, session: 13 }),
    entry(14, 'server', { parent: 1, session: 14 }),
  ];
  expect(await named(members, { [SHELL]: SHELL, 11: 11, 12: 11 }, 11)).toEqual(['server']);
});

test('a stopped job is still there; one that has ended is not', async () => {
  const members = [entry(11, 'vim', { isStopped: true }), entry(12, 'gone', { isZombie: true })];
  expect(await named(members, { [SHELL]: SHELL, 11: 11 }, SHELL)).toEqual(['vim']);
});

test('all programs are named where the foreground is unknown', async () => {
  expect(await named([entry(11, 'node.exe')], {}, 0)).toEqual(['node.exe']);
});

test('each name comes once, and helpers of prompts and keys are left out', () => {
  expect(programNames(['sleep', 'sleep', 'gitstatusd-linu', 'ssh-agent', '', 'node'])).toEqual(['sleep', 'node']);
  expect(programNames(Array.from({ length: 50 }, (_, index) => `p${index}`))).toHaveLength(20);
});
