import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { type Mount, parseMounts } from './mountinfo.ts';

/** What bounds a session's resources. */
export const CONTROLLERS = ['memory', 'pids', 'cpu'] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** What the names of all folders begin with that are made here, then the app's pid. */
export const CGROUP_PREFIX = 'sandglass';

/** The cgroup that the app itself moves to where its own may hold no processes; sessions' are made beside it. */
export function appLeaf(pid: number): string {
  return `${CGROUP_PREFIX}-${pid}-app`;
}

/** Where a process is: its folder in the hierarchy of version 2, and in those of version 1 that bound resources. */
export interface CgroupPlaces {
  /** Null when none is mounted where it can be seen. */
  readonly unified: string | null;
  readonly legacy: ReadonlyMap<Controller, string>;
}

/** Reads the texts of `/proc/<pid>/cgroup` and `/proc/self/mountinfo` (cgroups(7)). */
export function parseCgroupPlaces(cgroups: string, mountinfo: string): CgroupPlaces {
  const mounts = parseMounts(mountinfo);
  const legacy = new Map<Controller, string>();
  let unified: string | null = null;
  for (const line of cgroups.split('\n')) {
    const [, id, names = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (id === '0') {
      unified = folderOf(
        path,
        mounts.filter((mount) => mount.type === 'cgroup2'),
      );
      continue;
    }
    for (const controller of CONTROLLERS) {
      if (!names.split(',').includes(controller)) continue;
      const folder = folderOf(
        path,
        mounts.filter((mount) => mount.type === 'cgroup' && mount.superOptions.has(controller)),
      );
      if (folder !== null) legacy.set(controller, folder);
    }
  }
  return { unified, legacy };
}

function folderOf(path: string, mounts: readonly Mount[]): string | null {
  for (const mount of mounts) {
    const way = relative(mount.root, path);
    if (!way.startsWith('..')) return join(mount.folder, way);
  }
  return null;
}

/** Where a process is; nowhere when it is gone, and on systems without cgroups. */
export async function cgroupPlaces(pid: number | 'self'): Promise<CgroupPlaces> {
  try {
    const cgroups = await readFile(`/proc/${pid}/cgroup`, 'utf8');
    return parseCgroupPlaces(cgroups, await readFile('/proc/self/mountinfo', 'utf8'));
  } catch {
    return { unified: null, legacy: new Map() };
  }
}

/** The folder below which the app makes sessions' cgroups of version 2: its own, or the one above its leaf. */
export async function ownCgroupFolder(): Promise<string | null> {
  const { unified } = await cgroupPlaces('self');
  return unified !== null && basename(unified) === appLeaf(process.pid) ? dirname(unified) : unified;
}
