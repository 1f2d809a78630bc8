import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { markIn } from '../environment/inherited-environment.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';
import { type GroupedUsage, parsePsTime, parsePsUsage, usageInFront } from './ps-usage.ts';

const run = promisify(execFile);
const OPTIONS = { timeout: 5000, maxBuffer: 16 * 1024 * 1024, windowsHide: true } as const;

/** Reads `ps -axo pid=,ppid=,stat=,lstart=,time=,comm=` (macOS and other BSDs). */
export function parsePs(output: string): ProcessEntry[] {
  const line = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+([\d:.-]+)\s+(.*)$/gm;
  return [...output.matchAll(line)].map(([, pid, parent, state = '', started = '', cpu = '', command = '']) => ({
    pid: Number(pid),
    parent: Number(parent),
    // `sess` is an address on macOS, not the leader's pid.
    session: null,
    startedAt: Date.parse(started),
    command: command.slice(command.lastIndexOf('/') + 1),
    isZombie: state.startsWith('Z'),
    isStopped: state.startsWith('T'),
    cpuMs: parsePsTime(cpu),
  }));
}

async function ps(args: readonly string[]): Promise<string> {
  const environment = { ...process.env, LC_ALL: 'C' };
  const { stdout } = await run('/bin/ps', args, { ...OPTIONS, env: environment });
  return stdout;
}

const USAGE_COLUMNS = 'pid=,ppid=,pgid=,tpgid=,lstart=,time=';

/** One list for everyone who asks while it is being made. */
let usages: Promise<GroupedUsage[]> | null = null;

function listUsages(): Promise<GroupedUsage[]> {
  usages ??= ps(['-axo', USAGE_COLUMNS])
    .then((output) => parsePsUsage(output, Date.now()))
    .finally(() => {
      usages = null;
    });
  return usages;
}

/** The process table through `ps`. */
export const psProcesses: ProcessTable = {
  list: async () => parsePs(await ps(['-axo', 'pid=,ppid=,stat=,lstart=,time=,comm='])),
  // `ps` fails when there is no such process.
  find: async (pid) =>
    parsePs(await ps(['-o', 'pid=,ppid=,stat=,lstart=,time=,comm=', '-p', String(pid)]).catch(() => ''))[0] ?? null,
  async sessionMark(pid) {
    const output = await ps(['-Eww', '-o', 'command=', '-p', String(pid)]).catch(() => '');
    return markIn(output.trim().split(/\s+/));
  },
  async foregroundGroup(pid) {
    const output = await ps(['-o', 'pgid=,tpgid=', '-p', String(pid)]).catch(() => '');
    const [own = 0, front = 0] = output.trim().split(/\s+/).map(Number);
    return own > 0 && front > 0 ? { own, front } : null;
  },
  foregroundUsage: async (shellPid) => usageInFront(await listUsages(), shellPid),
};

const cimProcess = z.object({
  ProcessId: z.number(),
  ParentProcessId: z.number(),
  Name: z.string().nullable(),
  Started: z.number(),
  CpuMs: z.number(),
});

const CIM_QUERY =
  'ConvertTo-Json -Compress @(Get-CimInstance Win32_Process | Select-Object ProcessId,ParentProcessId,Name,' +
  '@{n="Started";e={if ($_.CreationDate) {([DateTimeOffset]$_.CreationDate).ToUnixTimeMilliseconds()} else {0}}},' +
  '@{n="CpuMs";e={($_.KernelModeTime+$_.UserModeTime)/10000}})';

async function listCim(): Promise<ProcessEntry[]> {
  const { stdout } = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', CIM_QUERY], OPTIONS);
  return z
    .array(cimProcess)
    .parse(JSON.parse(stdout))
    .map((process) => ({
      pid: process.ProcessId,
      parent: process.ParentProcessId,
      session: null,
      startedAt: process.Started,
      command: process.Name ?? '',
      isZombie: false,
      isStopped: false,
      cpuMs: process.CpuMs,
    }));
}

/** Windows' process table, through PowerShell. It shows neither other processes' environment nor what is in front. */
export const cimProcesses: ProcessTable = {
  list: listCim,
  find: async (pid) => (await listCim()).find((entry) => entry.pid === pid) ?? null,
  sessionMark: async () => null,
  foregroundGroup: async () => null,
  foregroundUsage: async () => null,
};
