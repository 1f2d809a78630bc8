import type { ProcessEntry, ProcessTable } from './process-table.ts';

/**
 * One process table for many sessions that close at the same time: a caller that asks for the list while one is being made gets
 * the next one, together with all others who ask meanwhile. No caller gets a list that was begun before the question. Marks are
 * read once for each list.
 */
export function shareTable(table: ProcessTable): ProcessTable {
  let running: Promise<ProcessEntry[]> | null = null;
  let next: Promise<ProcessEntry[]> | null = null;
  let marks = new Map<number, Promise<string | null>>();

  const begin = (): Promise<ProcessEntry[]> => {
    const list = table.list().finally(() => {
      if (running === list) running = null;
    });
    running = list;
    return list;
  };

  return {
    ...table,
    list() {
      if (running === null) {
        marks = new Map();
        return begin();
      }
      next ??= running
        .catch(() => {
          // It rejects for those who asked for that list.
        })
        .then(() => {
          next = null;
          marks = new Map();
          return begin();
        });
      return next;
    },
    sessionMark(pid) {
      const known = marks.get(pid);
      if (known !== undefined) return known;
      const mark = table.sessionMark(pid);
      marks.set(pid, mark);
      return mark;
    },
  };
}
