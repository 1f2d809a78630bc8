import { readdirSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { markIn } from '../environment/inherited-environment.ts';
import { readStat } from './linux-stat.ts';
import { linuxForegroundUsage } from './linux-usage.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';
import type {} from './usage.ts';

/** How many processes are read before the event loop gets its turn. */
const SLICE = 64;

/** How often a process without an environment is read, and the pause between, in milliseconds. */
const EXEC_POLLS = 4;
const EXEC_POLL_MS = 5;

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
    for (let polls = 1; ; polls += 1) {
      // Not read in the event loop: the kernel may have to wait for the process's memory here.
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      // In the middle of execve(2) there is none: the old memory is gone, the new one not filled.
      if (environment !== '' || polls === EXEC_POLLS || !hasProgram(pid)) return markIn(environment.split('\0'));
      await delay(EXEC_POLL_MS);
    }
  },

  async foregroundGroup(pid) {
    const stat = readStat(pid);
    return stat === null || stat.front <= 0 ? null : { own: stat.group, front: stat.front };
  },

  foregroundUsage: linuxForegroundUsage,
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
