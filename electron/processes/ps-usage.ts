import type { ForegroundUsage, ProcessUsage } from './usage.ts';

/** A process with its groups, as `ps` lists them. */
export interface GroupedUsage extends ProcessUsage {
  readonly group: number;
  readonly front: number;
}

/** Reads `ps -axo pid=,ppid=,pgid=,tpgid=,lstart=,time=`; `ps` does not show how many bytes a process has moved. */
export function parsePsUsage(output: string, wallMs: number): GroupedUsage[] {
  const line = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+([\d:.-]+)\s*$/gm;
  return [...output.matchAll(line)].map(([, pid, parent, group, front, started = '', cpu = '']) => ({
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    front: Number(front),
    ageMs: Math.max(0, wallMs - Date.parse(started)),
    cpuMs: parsePsTime(cpu),
    readBytes: null,
    storageReadBytes: null,
    writtenBytes: null,
  }));
}

/** What the group in front of this shell has used, with all descendants; null when the shell is in front, or is gone. */
export function usageInFront(entries: readonly GroupedUsage[], shellPid: number): ForegroundUsage | null {
  const shell = entries.find(({ pid }) => pid === shellPid);
  if (shell === undefined || shell.front <= 0 || shell.front === shell.group) return null;
  const children = Map.groupBy(entries, ({ parent }) => parent);
  const processes = new Map<number, ProcessUsage>();
  const waiting = entries.filter(({ group }) => group === shell.front);
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    if (processes.has(entry.pid)) continue;
    processes.set(entry.pid, entry);
    waiting.push(...(children.get(entry.pid) ?? []));
  }
  return processes.size === 0 ? null : { group: shell.front, processes: [...processes.values()] };
}

/** `[[days-]hours:]minutes:seconds.hundredths` in milliseconds. */
export function parsePsTime(text: string): number {
  const [clock = '', days = '0'] = text.split('-').reverse();
  const seconds = clock.split(':').reduce((total, part) => total * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1000);
}
