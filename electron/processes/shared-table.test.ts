import { describe, expect, it } from 'vitest';
import type { ProcessEntry, ProcessTable } from './process-table.ts';
import { shareTable } from './shared-table.ts';

function tableInSteps() {
  const lists: PromiseWithResolvers<ProcessEntry[]>[] = [];
  let marksRead = 0;
  const table: ProcessTable = {
    list: () => {
      const list = Promise.withResolvers<ProcessEntry[]>();
      lists.push(list);
      return list.promise;
    },
    find: async () => null,
    sessionMark: async (pid) => {
      marksRead += 1;
      return `mark ${pid}`;
    },
    foregroundGroup: async () => null,
    foregroundUsage: async () => null,
  };
  return { lists, marksRead: () => marksRead, shared: shareTable(table) };
}

describe('a shared process table', () => {
  it('gives no caller a list that was begun before the question, and one list to all who ask meanwhile', async () => {
    const { lists, shared } = tableInSteps();
    const first = shared.list();
    const second = shared.list();
    const third = shared.list();
    expect(lists).toHaveLength(1);
    lists[0]?.resolve([]);
    const begunBefore = await first;
    await Promise.resolve();
    expect(lists).toHaveLength(2);
    lists[1]?.resolve([]);
    expect(await second).toBe(await third);
    expect(await second).not.toBe(begunBefore);
    const later = shared.list();
    expect(lists).toHaveLength(3);
    lists[2]?.resolve([]);
    await later;
  });

  it('works after a list that failed', async () => {
    const { lists, shared } = tableInSteps();
    const first = shared.list();
    const second = shared.list();
    lists[0]?.reject(new Error('no /proc'));
    await expect(first).rejects.toThrow('no /proc');
    while (lists.length < 2) await Promise.resolve();
    lists[1]?.resolve([]);
    expect(await second).toEqual([]);
  });

  it('reads each mark once for a list, and again for the next', async () => {
    const { lists, marksRead, shared } = tableInSteps();
    const first = shared.list();
    lists[0]?.resolve([]);
    await first;
    expect(await Promise.all([shared.sessionMark(7), shared.sessionMark(7)])).toEqual(['mark 7', 'mark 7']);
    expect(marksRead()).toBe(1);
    const second = shared.list();
    lists[1]?.resolve([]);
    await second;
    await shared.sessionMark(7);
    expect(marksRead()).toBe(2);
  });
});
