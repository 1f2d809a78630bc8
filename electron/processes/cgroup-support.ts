import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { threadId } from 'node:worker_threads';
import { Cgroup, removeCgroup, sweepCgroups } from './cgroup.ts';
import {
  appLeaf,
  CGROUP_PREFIX,
  CONTROLLERS,
  type Controller,
  cgroupPlaces,
  ownCgroupFolder,
  parseCgroupPlaces,
} from './cgroup-places.ts';
import { linuxProcesses } from './linux-processes.ts';
import { findMembers } from './process-table.ts';

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 2000;
const SYSTEMD_RUN = '/usr/bin/systemd-run';
const SCOPE = ['--user', '--scope', '--quiet', '--collect'];
let probes = 0;

/**
 * How a session gets a cgroup of version 2 of its own: as a folder below `parent`, which this process may write, or as a
 * scope of the user's systemd, made by the program at `systemdRun`. `controllers`: what it can bound there.
 */
export type CgroupSupport =
  | { readonly kind: 'folder'; readonly parent: string; readonly controllers: readonly Controller[] }
  | { readonly kind: 'scope'; readonly systemdRun: string; readonly controllers: readonly Controller[] };

/** What can bound the resources of a session here. */
export interface LimitSupport {
  readonly cgroups: CgroupSupport | null;
  /** Folders of cgroup version 1 below which sessions' can be made, for what `cgroups` cannot bound. */
  readonly legacy: ReadonlyMap<Controller, string>;
}

/** What cgroups are probed with. */
export interface CgroupProbe {
  /** Where to make them instead of below the app's own cgroup. */
  readonly parent?: string | undefined;
  readonly systemdRun?: string | undefined;
}

/** Finds out whether a process can really be moved into a new cgroup below `parent`. */
async function canContain(parent: string): Promise<boolean> {
  // Several may be probing at the same time, in several threads too.
  probes += 1;
  const folder = join(parent, `${CGROUP_PREFIX}-${process.pid}-probe${threadId}-${probes}`);
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
    removeCgroup(folder);
  }
}

/**
 * Makes a scope with bounds and finds out which of them can have an effect there.
 *
 * @returns null when no scope can be made.
 */
async function scopeControllers(systemdRun: string): Promise<readonly Controller[] | null> {
  const script = 'cat /proc/self/cgroup; echo; cat /proc/self/mountinfo; echo; while read x; do :; done';
  const scope = [...SCOPE, '-p', 'MemoryMax=64M', '-p', 'TasksMax=64', '-p', 'CPUQuota=100%'];
  try {
    const running = run(systemdRun, [...scope, '--', '/bin/sh', '-c', script], { timeout: PROBE_TIMEOUT_MS });
    const texts = new Promise<string>((resolve, reject) => {
      let text = '';
      running.child.stdout?.on('data', (part: string) => {
        text += part;
        if (text.endsWith('\n\n') && text.includes(' - ')) resolve(text);
      });
      running.catch(reject);
    });
    const [cgroups = '', mountinfo = ''] = (await texts).split('\n\n');
    const { unified } = parseCgroupPlaces(cgroups, mountinfo);
    const found = unified === null ? [] : listed(join(unified, 'cgroup.controllers'));
    running.child.stdin?.end();
    await running;
    return CONTROLLERS.filter((controller) => found.includes(controller));
  } catch {
    return null;
  }
}

/** The names in one of a cgroup's lists of controllers; none when it cannot be read. */
function listed(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\s+/).filter(Boolean);
  } catch {
    return [];
  }
}

/**
 * Lets the cgroups below `parent` bound what `wanted` names, as far as `parent` may itself.
 *
 * @returns which of them can be bounded below it now.
 */
export function enableControllers<T extends string>(parent: string, wanted: readonly T[]): readonly T[] {
  const control = join(parent, 'cgroup.subtree_control');
  const available = listed(join(parent, 'cgroup.controllers'));
  const enabled = listed(control);
  for (const controller of wanted) {
    if (!available.includes(controller) || enabled.includes(controller)) continue;
    try {
      writeFileSync(control, `+${controller}`);
    } catch {
      // Not ours to change, or processes are in it: a cgroup holds processes, or bounds those below it, not both.
    }
  }
  const now = listed(control);
  return wanted.filter((controller) => now.includes(controller));
}

/**
 * Moves the processes in `parent` to a cgroup of their own below it, so that `parent` may bound others there: only if all of
 * them are the app's own.
 *
 * @returns false when it was not done.
 */
export async function moveAppAside(parent: string): Promise<boolean> {
  const leaf = new Cgroup(join(parent, appLeaf(process.pid)));
  const own = async (): Promise<Set<number>> => {
    const clues = { shell: null, known: [], contained: new Set([process.pid]), self: -1 };
    return new Set(findMembers(await linuxProcesses.list(), clues).map((entry) => entry.pid));
  };
  const inside = (): number[] => listed(join(parent, 'cgroup.procs')).map(Number);
  try {
    const ours = await own();
    if (inside().some((pid) => !ours.has(pid))) return false;
    mkdirSync(leaf.folder, { recursive: true });
    // Twice, for what was started meanwhile.
    for (let round = 0; round < 2; round += 1) {
      for (const pid of inside()) await leaf.holds(pid);
    }
    return inside().length === 0;
  } catch {
    return false;
  }
}

/** Finds out by trying how sessions can get cgroups of their own here; null when they cannot. Takes some milliseconds. */
export async function probeCgroups({ parent, systemdRun = SYSTEMD_RUN }: CgroupProbe): Promise<CgroupSupport | null> {
  if (process.platform !== 'linux') return null;
  const folder = parent ?? (await ownCgroupFolder());
  if (folder !== null && (await canContain(folder))) {
    sweepCgroups(folder);
    const enabled = listed(join(folder, 'cgroup.subtree_control'));
    const controllers = CONTROLLERS.filter((controller) => enabled.includes(controller));
    return { kind: 'folder', parent: folder, controllers };
  }
  const controllers = await scopeControllers(systemdRun);
  return controllers === null ? null : { kind: 'scope', systemdRun, controllers };
}

/**
 * Finds out by trying what can bound the resources of sessions, and prepares it: folders that are the app's own are allowed
 * to bound what is below them. What systemd manages is left to it where it can do it.
 */
export async function probeLimits(probe: CgroupProbe): Promise<LimitSupport> {
  const found = await probeCgroups(probe);
  if (found?.kind === 'scope') return { cgroups: found, legacy: await legacyFolders(found.controllers) };
  const controllers = found === null ? [] : enableControllers(found.parent, CONTROLLERS);
  const legacy = await legacyFolders(controllers);
  const plain = { cgroups: found === null ? null : { ...found, controllers }, legacy };
  if (found === null || controllers.length + legacy.size === CONTROLLERS.length) return plain;

  const systemdRun = probe.systemdRun ?? SYSTEMD_RUN;
  const scope = probe.parent === undefined ? await scopeControllers(systemdRun) : null;
  if (scope !== null && scope.length > controllers.length) {
    return { cgroups: { kind: 'scope', systemdRun, controllers: scope }, legacy: await legacyFolders(scope) };
  }
  if (probe.parent !== undefined || !(await moveAppAside(found.parent))) return plain;
  const enabled = enableControllers(found.parent, CONTROLLERS);
  return { cgroups: { ...found, controllers: enabled }, legacy: await legacyFolders(enabled) };
}

/** The folders of version 1 where cgroups can be made for what is not in `controllers`. */
export async function legacyFolders(controllers: readonly Controller[]): Promise<ReadonlyMap<Controller, string>> {
  const usable = new Map<Controller, string>();
  for (const [controller, folder] of (await cgroupPlaces('self')).legacy) {
    if (controllers.includes(controller) || !(await canContain(folder))) continue;
    sweepCgroups(folder);
    usable.set(controller, folder);
  }
  return usable;
}

/**
 * The command that runs `command` in a scope of its own; the process stays the same one.
 *
 * @param properties limits, as properties of systemd (systemd.resource-control(5)).
 */
export function scopeCommand(
  systemdRun: string,
  sessionId: string,
  properties: readonly string[],
  command: readonly string[],
): [string, ...string[]] {
  const unit = `--unit=${CGROUP_PREFIX}-${process.pid}-${sessionId}.scope`;
  return [systemdRun, ...SCOPE, unit, ...properties.flatMap((text) => ['-p', text]), '--', ...command];
}

/** The folder of the scope that {@link scopeCommand} puts the process in; null while it is not in it yet. */
export async function scopeFolder(pid: number, sessionId: string): Promise<string | null> {
  const { unified } = await cgroupPlaces(pid);
  return unified?.endsWith(`/${CGROUP_PREFIX}-${process.pid}-${sessionId}.scope`) === true ? unified : null;
}
