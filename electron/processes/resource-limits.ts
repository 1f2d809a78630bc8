import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import type { Resources } from '../../shared/profile.ts';
import type { IsolationItem } from '../../shared/session.ts';
import type { Controller } from './cgroup-places.ts';
import type { LimitSupport } from './cgroup-support.ts';

const MIB = 1024 * 1024;
/** The span over which processor time is counted, in microseconds; the kernel's default. */
const CPU_PERIOD_US = 100_000;

/**
 * What bounds a resource: a cgroup of version 2 or 1, a scope of systemd, the limits of setrlimit(2), or nothing because
 * there is nothing here that could.
 */
export type LimitPlace = 'unified' | 'legacy' | 'scope' | 'rlimit' | 'none';

/** One bound of a session. */
export interface Limit {
  readonly controller: Controller;
  /** Bytes, processes and threads, or processors. */
  readonly amount: number;
  readonly place: LimitPlace;
}

/**
 * Decides what bounds each resource.
 *
 * @param canLimitProcesses whether the kernel holds this user to a number of processes: not the superuser.
 */
export function planLimits(resources: Resources, support: LimitSupport, canLimitProcesses: boolean): Limit[] {
  const place = (controller: Controller, otherwise: LimitPlace): LimitPlace => {
    const { cgroups, legacy } = support;
    if (cgroups?.controllers.includes(controller) === true) return cgroups.kind === 'scope' ? 'scope' : 'unified';
    return legacy.has(controller) ? 'legacy' : otherwise;
  };
  const { memoryMiB, pids, cpus } = resources;
  const limits: Limit[] = [];
  if (memoryMiB !== null) {
    limits.push({
      controller: 'memory',
      amount: memoryMiB * MIB,
      place: place('memory', canLimitData() ? 'rlimit' : 'none'),
    });
  }
  if (cpus !== null) limits.push({ controller: 'cpu', amount: cpus, place: place('cpu', 'none') });
  if (pids !== null) {
    limits.push({ controller: 'pids', amount: pids, place: place('pids', canLimitProcesses ? 'rlimit' : 'none') });
  }
  return limits;
}

/**
 * Whether the kernel holds processes to an amount of private memory that they may write (RLIMIT_DATA of setrlimit(2)): since
 * Linux 4.7, unless it was started with `ignore_rlimit_data`. A bound on addresses (RLIMIT_AS) is no substitute: Node.js, Java and
 * browsers reserve many times more than they use, and do not start with one.
 *
 * @param kernel its release, such as `6.1.0-18-amd64`.
 * @param ignored the text of its parameter `ignore_rlimit_data`.
 */
export function canLimitData(kernel = release(), ignored = readParameter('ignore_rlimit_data')): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return (major > 4 || (major === 4 && minor >= 7)) && ignored.trim() !== 'Y';
}

function readParameter(name: string): string {
  try {
    return readFileSync(`/sys/module/kernel/parameters/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** Sets a bound of a cgroup; `folder` is of the version that the limit's place names. @throws when the system refuses. */
export function applyLimit(limit: Limit, folder: string): void {
  const set = (file: string, value: string): void => writeFileSync(join(folder, file), value, { flag: 'r+' });
  const isUnified = limit.place === 'unified';
  switch (limit.controller) {
    case 'memory':
      set(isUnified ? 'memory.max' : 'memory.limit_in_bytes', String(limit.amount));
      // Without swap, or what is above the bound would go there. Where swap is not counted the file is missing.
      setIfThere(set, isUnified ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes', isUnified ? 0 : limit.amount);
      break;
    case 'pids':
      set('pids.max', String(limit.amount));
      break;
    case 'cpu':
      if (isUnified) {
        set('cpu.max', `${cpuQuotaUs(limit)} ${CPU_PERIOD_US}`);
      } else {
        set('cpu.cfs_period_us', String(CPU_PERIOD_US));
        set('cpu.cfs_quota_us', String(cpuQuotaUs(limit)));
      }
  }
}

function setIfThere(set: (file: string, value: string) => void, file: string, value: number): void {
  try {
    set(file, String(value));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

function cpuQuotaUs(limit: Limit): number {
  return Math.max(1000, Math.round(limit.amount * CPU_PERIOD_US));
}

/** The bounds that a scope gets when it is made (systemd.resource-control(5)). */
export function scopeProperties(limits: readonly Limit[]): string[] {
  return limits
    .filter((limit) => limit.place === 'scope')
    .flatMap(({ controller, amount }) => {
      switch (controller) {
        case 'memory':
          return [`MemoryMax=${amount}`, 'MemorySwapMax=0'];
        case 'pids':
          return [`TasksMax=${amount}`];
        case 'cpu':
          return [`CPUQuota=${Math.max(1, Math.round(amount * 100))}%`];
        default:
          return [];
      }
    });
}

/** Whether the kernel holds a cgroup to the bound: what its files say now. */
export function isApplied(limit: Limit, folder: string): boolean {
  const read = (file: string): string => {
    try {
      return readFileSync(join(folder, file), 'utf8').trim();
    } catch {
      return '';
    }
  };
  const isLegacy = limit.place === 'legacy';
  switch (limit.controller) {
    case 'memory':
      return Number(read(isLegacy ? 'memory.limit_in_bytes' : 'memory.max')) === limit.amount;
    case 'pids':
      return Number(read('pids.max')) === limit.amount;
    case 'cpu': {
      const [quota, period] = isLegacy
        ? [read('cpu.cfs_quota_us'), read('cpu.cfs_period_us')]
        : read('cpu.max').split(' ');
      return Math.abs(Number(quota) / Number(period) - limit.amount) < 0.02;
    }
    default:
      return false;
  }
}

/** Whether the text of `/proc/<pid>/limits` holds the process to the bound (proc_pid_limits(5)). */
export function isInLimits(limit: Limit, text: string): boolean {
  const name = limit.controller === 'memory' ? 'Max data size' : 'Max processes';
  const hard = new RegExp(`^${name}\\s+\\S+\\s+(\\d+)\\s`, 'm').exec(text)?.[1];
  return hard !== undefined && Number(hard) <= limit.amount;
}

/** The limits as labels of a badge, with those that the profile leaves out and those that are not available. */
export function describeLimits(limits: readonly Limit[]): IsolationItem[] {
  return [
    describe(limits, 'memory', 'no memory limit'),
    ...(limits.some((limit) => limit.controller === 'cpu') ? [describe(limits, 'cpu', '')] : []),
    describe(limits, 'pids', 'no process limit'),
  ];
}

function describe(limits: readonly Limit[], controller: Controller, without: string): IsolationItem {
  const limit = limits.find((each) => each.controller === controller);
  if (limit === undefined) return { text: without, open: true };
  if (limit.place === 'none') return { text: `${NAMES[controller]} not limited (needs a cgroup)`, open: true };
  const amount = describeAmount(limit);
  return limit.place === 'rlimit'
    ? { text: `${amount}${controller === 'memory' ? ' per process' : ''} (rlimit)`, open: false }
    : { text: `${amount} (cgroup)`, open: false };
}

const NAMES = { memory: 'memory', cpu: 'CPU', pids: 'processes' } as const;

/** “512 MB”, “1.5 CPUs”, “64 processes”. */
export function describeAmount({ controller, amount }: Limit): string {
  switch (controller) {
    case 'memory':
      return `${amount / MIB} MB`;
    case 'pids':
      return `${amount} processes`;
    case 'cpu':
      return amount === 1 ? '1 CPU' : `${amount} CPUs`;
    default:
      return '';
  }
}
