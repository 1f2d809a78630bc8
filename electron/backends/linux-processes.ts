import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { markIn } from './environment.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';

/** One tick of /proc's CPU times, in milliseconds (`USER_HZ` is 100 on every architecture that Electron supports). */
const TICK_MS = 10;
/** How many processes are looked at before the event loop gets its turn. */
const SLICE = 64;

/** How often a process without an environment is looked at, and the pause between, in milliseconds. */
const EXEC_LOOKS = 4;
const EXEC_LOOK_MS = 5;

interface Stat extends ProcessEntry {
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
function readStat(pid: number | string): Stat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    // It ended while we looked, or belongs to somebody whose processes are hidden.
    return null;
  }
}

/** The shell's entry at the moment it was started, before anything else can happen to its pid. */
export function findNow(pid: number): ProcessEntry | null {
  return readStat(pid);
}

/** Linux's process table, from /proc. */
export const linuxProcesses: ProcessTable = {
  async list() {
    const entries: ProcessEntry[] = [];
    let seen = 0;
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      seen += 1;
      if (seen % SLICE === 0) await setImmediate();
      const stat = readStat(name);
      if (stat !== null) entries.push(stat);
    }
    return entries;
  },

  find: async (pid) => readStat(pid),

  async sessionMark(pid) {
    for (let looks = 1; ; looks += 1) {
      // Not read in the event loop: the kernel may have to wait for the process's memory here.
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      // In the middle of execve(2) there is none: the old memory is gone, the new one not filled.
      if (environment !== '' || looks === EXEC_LOOKS || !hasProgram(pid)) return markIn(environment.split('\0'));
      await delay(EXEC_LOOK_MS);
    }
  },

  async foregroundGroup(pid) {
    const stat = readStat(pid);
    return stat === null || stat.front <= 0 ? null : { own: stat.group, front: stat.front };
  },
};

/** Whether a process runs a program, as the threads of the kernel do not, nor one that has ended. */
function hasProgram(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/exe`);
    return true;
  } catch {
    return false;
  }
}
