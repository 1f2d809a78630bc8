import * as z from 'zod';
import { type GroupedUsage, parsePsTime, usageInFront } from '../../../processes/ps-usage.ts';
import type { ForegroundUsage } from '../../../processes/usage.ts';

/** What `ps` on the engine's machine is asked for; the engine wants `pid` among it. No bytes: `ps` does not know them. */
export const TOP_COLUMNS = '-eo pid,ppid,pgid,tpgid,etimes,time';

/** The answer to `GET /containers/{id}/top`, without `Titles`: they are as they were asked for. */
export const topSchema = z.object({ Processes: z.array(z.array(z.string())).nullish() });

/** Reads the rows of an answer to a request with {@link TOP_COLUMNS}; rows that are not numbers are left out. */
export function parseTop({ Processes: rows }: z.infer<typeof topSchema>): GroupedUsage[] {
  return (rows ?? []).flatMap(([pid, parent, group, front, seconds, time = '']) => {
    const entry = {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      front: Number(front),
      ageMs: Number(seconds) * 1_000,
      cpuMs: parsePsTime(time),
      readBytes: null,
      storageReadBytes: null,
      writtenBytes: null,
    };
    return Object.values(entry).some(Number.isNaN) ? [] : [entry];
  });
}

/** What the command in front of a container's shell has used: the shell is the first child of the engine's init. */
export function usageInContainer(entries: readonly GroupedUsage[], initPid: number): ForegroundUsage | null {
  const [shell] = entries.filter(({ parent }) => parent === initPid).toSorted((a, b) => b.ageMs - a.ageMs);
  return shell === undefined ? null : usageInFront(entries, shell.pid);
}
