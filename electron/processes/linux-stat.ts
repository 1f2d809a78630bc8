import { readFileSync } from 'node:fs';
import type { ProcessEntry } from './process-table.ts';

/** One tick of /proc's CPU times, in milliseconds (`USER_HZ` is 100 on every architecture that Electron supports). */
export const TICK_MS = 10;
/** A process as /proc shows it. */
export interface Stat extends ProcessEntry {
  readonly group: number;
  /** The process group in front on its terminal; -1 without one. */
  readonly front: number;
}

/** Reads one line of `/proc/<pid>/stat` (proc_pid_stat(5)). The name may hold spaces and parentheses. */
export function parseStat(line: string): Stat | null {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = line.slice(close + 2).split(' ');
  const number = (index: number): number => Number(fields[index] ?? Number.NaN);
  const stat: Stat = {
    pid: Number(line.slice(0, open)),
    command: line.slice(open + 1, close),
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    isStopped: fields[0] === 'T',
    parent: number(1),
    group: number(2),
    session: number(3),
    front: number(5),
    cpuMs: (number(11) + number(12) + number(13) + number(14)) * TICK_MS,
    startedAt: number(19),
  };
  return Number.isNaN(stat.startedAt) ? null : stat;
}

/** Reads without waiting: /proc answers `stat` from memory, in some microseconds. */
export function readStat(pid: number | string): Stat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // It ended meanwhile, or belongs to a user whose processes are hidden.
    return null;
  }
}
