import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { type CgroupPlaces, parseCgroupPlaces } from '../../processes/cgroup-places.ts';
import { findNow } from '../../processes/linux-processes.ts';
import { type Mount, parseMounts } from '../../processes/mountinfo.ts';
import type { Sandbox } from '../../processes/process-tree.ts';
import { CREDENTIALS_INSIDE } from '../credential-folders.ts';

/** Kinds of namespaces that a sandbox has of its own (namespaces(7)). */
export const NAMESPACES = ['user', 'mnt', 'pid', 'ipc', 'uts', 'cgroup', 'net'] as const;
export type NamespaceKind = (typeof NAMESPACES)[number];

/** A file or folder, whatever its name. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/** What the kernel says of a process in a sandbox, seen from outside: nothing inside can change what is read here. */
export interface Inspection {
  readonly processes: Sandbox;
  /** The namespaces that are not the app's. */
  readonly ownNamespaces: ReadonlySet<NamespaceKind>;
  /** Who the process is inside, and outside. */
  readonly uid: { readonly inside: number; readonly outside: number };
  /** Whether it has no capability and can get none. */
  readonly hasNoCapabilities: boolean;
  /** A setuid program gives it nothing. */
  readonly noNewPrivileges: boolean;
  readonly isFiltered: boolean;
  readonly mounts: readonly Mount[];
  readonly interfaces: readonly string[];
  /** The text of its `limits`. */
  readonly limits: string;
  readonly cgroups: CgroupPlaces;
  /** The chosen folder as it is inside; null where there is none. */
  readonly folder: FileIdentity | null;
  /** The folder of its secrets as it is inside; null where there is none. */
  readonly credentials: FileIdentity | null;
}

/**
 * Inspects the process that runs in a sandbox.
 *
 * @throws when the process is gone, or may not be inspected.
 */
export function inspectSandbox(processes: Sandbox, folder: string | null): Inspection {
  const { pid } = processes.shell;
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  const status = parseStatus(read('status'));
  const own = NAMESPACES.filter(
    (kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) !== readlinkSync(`/proc/self/ns/${kind}`),
  );
  const outside = Number(status.get('Uid')?.split('\t')[0] ?? Number.NaN);
  return {
    processes,
    ownNamespaces: new Set(own),
    uid: { outside, inside: insideId(read('uid_map'), outside) },
    hasNoCapabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].every((name) =>
      /^0+$/.test(status.get(name) ?? ''),
    ),
    noNewPrivileges: status.get('NoNewPrivs') === '1',
    isFiltered: status.get('Seccomp') === '2',
    mounts: parseMounts(read('mountinfo')),
    interfaces: parseInterfaces(read('net/dev')),
    limits: read('limits'),
    cgroups: parseCgroupPlaces(read('cgroup'), readFileSync('/proc/self/mountinfo', 'utf8')),
    folder: folder === null ? null : identityOf(`/proc/${pid}/root${folder}`),
    credentials: existsSync(`/proc/${pid}/root${CREDENTIALS_INSIDE}`)
      ? identityOf(`/proc/${pid}/root${CREDENTIALS_INSIDE}`)
      : null,
  };
}

/** Which file a path leads to now. @throws when there is none. */
function identityOf(path: string): FileIdentity {
  const { dev, ino } = statSync(path);
  return { device: dev, inode: ino };
}

/** The fields of `/proc/<pid>/status` (proc_pid_status(5)). */
export function parseStatus(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^(\w+):\s*(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/** The names of network interfaces in the text of `/proc/<pid>/net/dev` (proc_pid_net(5)). */
export function parseInterfaces(text: string): string[] {
  return [...text.matchAll(/^\s*([^\s:|]+):/gm)].map(([, name = '']) => name);
}

/** The number inside for one outside, by the text of `uid_map` (user_namespaces(7)). */
export function insideId(map: string, outside: number): number {
  for (const line of map.split('\n')) {
    const [first = Number.NaN, lower = Number.NaN, count = 0] = line.trim().split(/\s+/).map(Number);
    if (outside >= lower && outside < lower + count) return first + outside - lower;
  }
  return Number.NaN;
}

/**
 * Follows the children of bwrap: to the first process in the new PID namespace, and to what that has started.
 *
 * @param keeper pid of the bwrap that waits outside.
 * @throws when there is no sandbox.
 */
export function findSandbox(keeper: number): Sandbox {
  let parent = keeper;
  let init: number | null = null;
  // bwrap may have a process more between, depending on its version.
  for (let depth = 0; depth < 4; depth += 1) {
    const child = childOf(parent);
    if (child === null) break;
    const numbers = (parseStatus(readFileSync(`/proc/${child}/status`, 'utf8')).get('NSpid') ?? '').split('\t');
    if (init !== null) {
      return { keeper: identify(keeper), init: identify(init), shell: identify(child) };
    }
    if (numbers.length > 1 && numbers.at(-1) === '1') init = child;
    parent = child;
  }
  throw new Error('There is no process in a namespace below bwrap');
}

function identify(pid: number): { pid: number; startedAt: number } {
  const entry = findNow(pid);
  if (entry === null) throw new Error(`Process ${pid} of the sandbox is gone`);
  return { pid, startedAt: entry.startedAt };
}

/** The first child of a process; null without one. */
function childOf(pid: number): number | null {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? null : Number(children.split(' ')[0]);
  } catch {
    // A kernel without CONFIG_PROC_CHILDREN.
    const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return names.map(Number).find((each) => findNow(each)?.parent === pid) ?? null;
  }
}
