import { readdirSync, readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { readStat, type Stat, TICK_MS } from './linux-stat.ts';
import type { ForegroundUsage, ProcessUsage } from './usage.ts';

/** At most this many processes of one command are read: they show well enough what it does. */
const MAX_PROCESSES = 1_024;

/**
 * What the process group in front of a shell has used, with all descendants of its processes; null when the shell itself
 * is in front, or is gone. Reads /proc for the shell's own descendants only, some microseconds for each.
 */
export async function linuxForegroundUsage(shellPid: number): Promise<ForegroundUsage | null> {
  const shell = readStat(shellPid);
  if (shell === null || shell.front <= 0 || shell.front === shell.group) return null;
  const uptimeMs = uptime() * 1_000;
  const processes: ProcessUsage[] = [];
  const waiting = childrenOf(shell.pid).map((pid) => ({ pid, isInFront: false }));
  for (let next = waiting.pop(); next !== undefined && processes.length < MAX_PROCESSES; next = waiting.pop()) {
    const stat = readStat(next.pid);
    if (stat === null) continue;
    const isInFront = next.isInFront || stat.group === shell.front;
    if (isInFront) processes.push(usageOf(stat, uptimeMs));
    for (const pid of childrenOf(stat.pid)) waiting.push({ pid, isInFront });
  }
  return processes.length === 0 ? null : { group: shell.front, processes };
}

function usageOf(stat: Stat, uptimeMs: number): ProcessUsage {
  const io = readOr(`/proc/${stat.pid}/io`, '');
  const bytes = (name: string): number | null => {
    const found = new RegExp(`^${name}: (\\d+)$`, 'm').exec(io)?.[1];
    return found === undefined ? null : Number(found);
  };
  return {
    pid: stat.pid,
    parent: stat.parent,
    ageMs: Math.max(0, uptimeMs - stat.startedAt * TICK_MS),
    cpuMs: stat.cpuMs ?? 0,
    // proc_pid_io(5): whatever went through read(2) and write(2) and their like, of files, pipes and sockets.
    readBytes: bytes('rchar'),
    storageReadBytes: bytes('read_bytes'),
    writtenBytes: bytes('wchar'),
  };
}

/** The children of every thread of a process (proc_tid_children(5)). */
function childrenOf(pid: number): number[] {
  const folder = `/proc/${pid}/task`;
  let threads: string[];
  try {
    threads = readdirSync(folder);
  } catch {
    // It has just ended.
    return [];
  }
  return threads.flatMap((thread) =>
    readOr(`${folder}/${thread}/children`, '')
      .split(' ')
      .filter((child) => child !== '')
      .map(Number),
  );
}

/** Not readable: the process has ended, or is another user's. */
function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return otherwise;
  }
}
