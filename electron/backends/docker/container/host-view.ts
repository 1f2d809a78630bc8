import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { backgroundPrograms } from '../../../processes/background-programs.ts';
import { findNow, linuxProcesses } from '../../../processes/linux-processes.ts';
import { findMembers, isSame, type ProcessEntry, type ProcessIdentity } from '../../../processes/process-table.ts';
import type { ForegroundUsage } from '../../../processes/usage.ts';
import type { Foreground } from '../../backend.ts';
import { capabilitiesIn } from '../client/linux-capabilities.ts';
import type { KernelView } from './isolation.ts';

/** Where cgroups are mounted on every Linux that is in use. */
const CGROUPS = '/sys/fs/cgroup';
/** One microsecond and one nanosecond in milliseconds: the units of cgroup v2 and v1. */
const MICROSECOND = 1 / 1_000;
const NANOSECOND = 1 / 1_000_000;

/** The first process of a container that has an init: Docker's and Podman's. */
const ENGINE_INIT = /^(docker-init|catatonit|tini|podman-init)/;

/** What this machine's kernel shows of a container of an engine that runs on it: its processes are processes here. */
export class HostView {
  /** The container's first process, which is the engine's init unless it has none. */
  readonly init: ProcessIdentity;
  readonly #cpuFile: { readonly path: string; readonly unitMs: number } | null;
  #shell: ProcessEntry | null = null;

  private constructor(init: ProcessIdentity, cgroups: string) {
    this.init = init;
    this.#cpuFile = findCpuFile(cgroups);
  }

  /**
   * The view of a container by its first process; null when that is gone, or is not of this container: its control
   * groups are named after it.
   */
  static of(pid: number, containerId: string): HostView | null {
    if (pid <= 1) return null;
    const init = findNow(pid);
    const cgroups = read(`/proc/${pid}/cgroup`);
    if (init === null || cgroups === null || !cgroups.includes(containerId)) return null;
    return new HostView(init, cgroups);
  }

  /** Whether the container's first process is still there. */
  get isAlive(): boolean {
    const entry = findNow(this.init.pid);
    return entry !== null && !entry.isZombie && isSame(entry, this.init);
  }

  /** What the kernel says the container may do; null when it is gone. */
  isolation(): KernelView | null {
    const { pid } = this.init;
    const status = read(`/proc/${pid}/status`);
    if (status === null || !this.isAlive) return null;
    const field = (name: string): string | null => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? null;
    const bounding = field('CapBnd');
    const noNewPrivileges = field('NoNewPrivs');
    const uid = field('Uid');
    if (bounding === null || !/^[0-9a-f]+$/.test(bounding) || noNewPrivileges === null) return null;
    return {
      uid: uid === null ? null : uidInside(Number(uid), read(`/proc/${pid}/uid_map`)),
      capabilities: capabilitiesIn(BigInt(`0x${bounding}`)),
      noNewPrivileges: noNewPrivileges === '1',
      seccomp: field('Seccomp') === '2',
    };
  }

  /** What is in front on the container's terminal; null where it is unknown. */
  async foreground(): Promise<Foreground | null> {
    const { pid } = this.init;
    if (!this.isAlive) return null;
    const groups = await linuxProcesses.foregroundGroup(pid);
    if (groups === null) return null;
    const shell = this.#findShell();
    if (shell === null) return null;
    const own = await linuxProcesses.foregroundGroup(shell.pid);
    if (own === null || own.own === groups.front) return { isShell: true, command: shell.command };
    const leader = await linuxProcesses.find(groups.front);
    return { isShell: false, command: leader?.command ?? null };
  }

  /** What the container runs beside its shell and what is in front; null where it is unknown. */
  async background(): Promise<string[] | null> {
    const shell = this.isAlive ? this.#findShell() : null;
    if (shell === null) return null;
    const clues = { shell: this.init, known: [], contained: new Set<number>(), self: process.pid };
    return backgroundPrograms({
      members: findMembers(await linuxProcesses.list(), clues),
      shell: shell.pid,
      isOwn: (entry) => isSame(entry, this.init) || isSame(entry, shell),
      table: linuxProcesses,
    });
  }

  /** What the command in the foreground has used; null while the shell is in front, and where it is unknown. */
  async foregroundUsage(): Promise<ForegroundUsage | null> {
    const shell = this.isAlive ? this.#findShell() : null;
    return shell === null ? null : linuxProcesses.foregroundUsage(shell.pid);
  }

  /**
   * Which folder the container was started in, whatever its path: of the first process, where that is an init of the
   * engine's, which does not leave it. Null where that is not for this user to see.
   */
  startFolder(): { readonly device: number; readonly inode: number } | null {
    try {
      if (!ENGINE_INIT.test(findNow(this.init.pid)?.command ?? '')) return null;
      const { dev, ino } = statSync(`/proc/${this.init.pid}/cwd`);
      return this.isAlive ? { device: dev, inode: ino } : null;
    } catch {
      return null;
    }
  }

  /** CPU time of all the container's processes so far, in milliseconds; null where it cannot be read. */
  cpuTimeMs(): number | null {
    if (this.#cpuFile === null) return null;
    const text = read(this.#cpuFile.path);
    const used = text === null ? null : /^(?:usage_usec )?(\d+)$/m.exec(text)?.[1];
    return used === null || used === undefined ? null : Number(used) * this.#cpuFile.unitMs;
  }

  /** SIGKILL to the first process, with which the kernel ends all others; for an engine that does not do it. */
  kill(): void {
    if (!this.isAlive) return;
    try {
      process.kill(this.init.pid, 'SIGKILL');
    } catch {
      // Gone at this moment, or not this user's to signal: the engine removes the container in any case.
    }
  }

  /** The shell: the first child of the init, or the first process itself where there is no init. */
  #findShell(): ProcessEntry | null {
    if (this.#shell !== null) return this.#shell;
    const { pid } = this.init;
    const child = Number.parseInt(read(`/proc/${pid}/task/${pid}/children`) ?? '', 10);
    this.#shell = Number.isNaN(child) ? null : findNow(child);
    if (this.#shell !== null) return this.#shell;
    const first = findNow(pid);
    return first === null || ENGINE_INIT.test(first.command) ? null : first;
  }
}

/** A uid as it is inside, by the process's map (user_namespaces(7)); null when it has none there, or may not be read. */
export function uidInside(uid: number, map: string | null): number | null {
  for (const line of (map ?? '').split('\n')) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || outside === undefined || count === undefined) continue;
    if (uid >= outside && uid < outside + count) return uid - outside + inside;
  }
  return null;
}

/** Where the kernel counts the CPU time of the cgroups in a `/proc/<pid>/cgroup`; null where none of it can be seen. */
function findCpuFile(cgroups: string): { path: string; unitMs: number } | null {
  for (const line of cgroups.split('\n')) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers.split(',').includes('cpuacct')) {
      for (const mount of [controllers, 'cpuacct', 'cpu,cpuacct']) {
        const file = join(CGROUPS, mount, path, 'cpuacct.usage');
        if (read(file) !== null) return { path: file, unitMs: NANOSECOND };
      }
    }
    if (controllers === '' && path !== '') {
      const file = join(CGROUPS, path, 'cpu.stat');
      if (read(file) !== null) return { path: file, unitMs: MICROSECOND };
    }
  }
  return null;
}

/** Reads without waiting: the kernel answers these from memory. Null when there is nothing, or it may not be read. */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
