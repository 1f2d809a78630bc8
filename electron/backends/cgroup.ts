import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PREFIX = 'sandglass';
const PROBE_TIMEOUT_MS = 2000;

/**
 * How a session gets a cgroup of its own: as a folder below `parent`, which this process may write, or as a scope of the
 * user's systemd, made by the program at `systemdRun`.
 */
export type CgroupSupport = { kind: 'folder'; parent: string } | { kind: 'scope'; systemdRun: string };

/** One mount of cgroup v2: where it is, and which cgroup its top folder is. */
interface CgroupMount {
  readonly folder: string;
  readonly root: string;
}

/** The cgroup v2 mounts in `/proc/self/mountinfo` (proc_pid_mountinfo(5)); in a hybrid hierarchy it is not the first. */
export function parseCgroupMounts(mountinfo: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    if (!after.startsWith('cgroup2 ')) continue;
    const [, , , root = '/', folder = ''] = before.split(' ').map(unescapeOctal);
    mounts.push({ root, folder });
  }
  return mounts;
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** The cgroup v2 path in the text of `/proc/<pid>/cgroup`; null when there is none. */
export function parseOwnCgroup(text: string): string | null {
  return /^0::(.*)$/m.exec(text)?.[1] ?? null;
}

/** The folder of a process's cgroup v2; null when none is mounted where it can be seen. */
export async function cgroupFolder(pid: number | 'self'): Promise<string | null> {
  try {
    const own = parseOwnCgroup(await readFile(`/proc/${pid}/cgroup`, 'utf8'));
    if (own === null) return null;
    for (const mount of parseCgroupMounts(await readFile('/proc/self/mountinfo', 'utf8'))) {
      const path = relative(mount.root, own);
      if (!path.startsWith('..')) return join(mount.folder, path);
    }
    return null;
  } catch {
    return null;
  }
}

/** Finds out whether a process can really be moved into a new cgroup below `parent`. */
async function canContain(parent: string): Promise<boolean> {
  const folder = join(parent, `${PREFIX}-${process.pid}-probe`);
  try {
    mkdirSync(folder);
  } catch {
    return false;
  }
  try {
    await run('/bin/sh', ['-c', 'echo 0 >"$1/cgroup.procs"', 'sandglass', folder], { timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  } finally {
    removeFolders(folder);
  }
}

async function canMakeScopes(systemdRun: string): Promise<boolean> {
  try {
    await run(systemdRun, ['--user', '--scope', '--quiet', '--collect', '--', '/bin/true'], {
      timeout: PROBE_TIMEOUT_MS,
    });
    return true;
  } catch {
    return false;
  }
}

/** Removes what an app that was killed has left: its folders, when no process is in them any more. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const app = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (app === undefined || Number(app) === process.pid) continue;
    try {
      process.kill(Number(app), 0);
    } catch {
      removeFolders(join(parent, name));
    }
  }
}

/**
 * Finds out by trying how sessions can get cgroups of their own here; null when they cannot. Takes some milliseconds.
 *
 * @param parent where to make them instead of below the app's own cgroup.
 */
export async function probeCgroups(
  parent?: string,
  systemdRun = '/usr/bin/systemd-run',
): Promise<CgroupSupport | null> {
  if (process.platform !== 'linux') return null;
  const folder = parent ?? (await cgroupFolder('self'));
  if (folder !== null && (await canContain(folder))) {
    sweep(folder);
    return { kind: 'folder', parent: folder };
  }
  return (await canMakeScopes(systemdRun)) ? { kind: 'scope', systemdRun } : null;
}

/** The command that runs `command` in a scope of its own; the process stays the same one. */
export function scopeCommand(systemdRun: string, sessionId: string, command: readonly string[]): [string, ...string[]] {
  const unit = `--unit=${PREFIX}-${process.pid}-${sessionId}.scope`;
  return [systemdRun, '--user', '--scope', '--quiet', '--collect', unit, '--', ...command];
}

/** The folder of the scope that {@link scopeCommand} puts the process in; null while it is not in it yet. */
export async function scopeFolder(pid: number, sessionId: string): Promise<string | null> {
  const folder = await cgroupFolder(pid);
  return folder?.endsWith(`/${PREFIX}-${process.pid}-${sessionId}.scope`) === true ? folder : null;
}

/** All cgroups from `folder` down, the lowest first: a session may have made more inside its own. */
function foldersBelow(folder: string): string[] {
  try {
    const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...below.flatMap((entry) => foldersBelow(join(folder, entry.name))), folder];
  } catch {
    return [];
  }
}

function removeFolders(folder: string): boolean {
  for (const path of foldersBelow(folder)) {
    try {
      rmdirSync(path);
    } catch {
      return false;
    }
  }
  return true;
}

/** One session's cgroup. */
export class Cgroup {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes an empty one below `parent`. @throws when the system refuses. */
  static create(parent: string, sessionId: string): Cgroup {
    const cgroup = new Cgroup(join(parent, `${PREFIX}-${process.pid}-${sessionId}`));
    mkdirSync(cgroup.folder);
    return cgroup;
  }

  /** Makes sure that a process is in it. False when it could not be moved in. */
  async holds(pid: number): Promise<boolean> {
    try {
      await writeFile(join(this.folder, 'cgroup.procs'), String(pid));
      return true;
    } catch (error) {
      // It has ended already: whatever it has started is in here.
      return error instanceof Error && 'code' in error && error.code === 'ESRCH';
    }
  }

  /** The pids in it and in those below; empty when it is gone. */
  members(): number[] {
    return foldersBelow(this.folder).flatMap((folder) => {
      try {
        return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
      } catch {
        return [];
      }
    });
  }

  /** SIGKILL to all in it at once, forks in progress included; one by one where the kernel is older than 5.14. */
  kill(): void {
    try {
      writeFileSync(join(this.folder, 'cgroup.kill'), '1', { flag: 'r+' });
    } catch {
      for (const pid of this.members()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself, or the next round reports it.
        }
      }
    }
  }

  /** CPU time that was used in it so far, in milliseconds; null when it is gone. */
  cpuMs(): number | null {
    try {
      const usage = /^usage_usec (\d+)$/m.exec(readFileSync(join(this.folder, 'cpu.stat'), 'utf8'))?.[1];
      return usage === undefined ? null : Number(usage) / 1000;
    } catch {
      return null;
    }
  }

  /** Removes it. False while a process is still in it. A scope removes itself, which counts as removed. */
  remove(): boolean {
    return removeFolders(this.folder);
  }
}
