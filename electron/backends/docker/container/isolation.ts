import { posix } from 'node:path';
import type { ContainerOptions } from '../../../../shared/profile.ts';
import type { Isolation, IsolationItem } from '../../../../shared/session.ts';
import type { Inspection } from '../client/inspection.ts';
import { capabilityName } from '../client/linux-capabilities.ts';
import { LABELS } from '../fleet/labels.ts';
import type { ContainerIdentity } from './container-identity.ts';
import { MIB, NANO_CPUS } from './container-spec.ts';

/** What the kernel says of the container's first process, where it can be asked. */
export interface KernelView {
  /** Inside the container; null where it is unknown. */
  readonly uid: number | null;
  /** Capabilities that any program in it could have. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly seccomp: boolean;
}

/** What was found of a container: the engine's word, and the kernel's where it can be asked. */
export interface Found {
  readonly inspection: Inspection;
  readonly kernel: KernelView | null;
  /** The engine's own list of what it secures containers with: `seccomp`, `apparmor`, … */
  readonly securityOptions: readonly string[];
}

/** What was asked for. */
export interface Asked {
  readonly options: ContainerOptions;
  /** The folder to be mounted; null for none. */
  readonly folder: string | null;
  /** The app's own files that name the user. */
  readonly identity: ContainerIdentity | null;
}

/** Runtimes that run programs as processes of the engine's own kernel; others are named on the badge. */
const PLAIN_RUNTIMES = /^(|runc|crun|youki|oci|io\.containerd\.runc\.v[12])$/;

/** Whether the processes in the container are processes of the engine's kernel, so that its view of them counts. */
export function hasPlainRuntime(inspection: Inspection): boolean {
  return PLAIN_RUNTIMES.test(inspection.HostConfig.Runtime ?? '');
}

const item = (text: string): IsolationItem => ({ text, open: false });
const loose = (text: string): IsolationItem => ({ text, open: true });

/** The badge: what was found, with the labels and in the order of all badges. What loosens the default is marked. */
export function describeIsolation(found: Found): Isolation {
  const { inspection, kernel } = found;
  const { HostConfig: host } = inspection;
  const cpus = cpusOf(host);
  const pids = host.PidsLimit ?? 0;
  const memory = host.Memory ?? 0;
  const items = [
    item(hasPlainRuntime(inspection) ? 'container' : `container (${host.Runtime})`),
    networkItem(host.NetworkMode ?? ''),
    host.ReadonlyRootfs === true ? item('read-only root') : loose('writable root'),
    ...mountItems(inspection),
    userItem(found),
    memory > 0 ? item(megabytes(memory)) : loose('no memory limit'),
    cpus === null ? loose('no CPU limit') : item(`${round(cpus)} ${cpus === 1 ? 'CPU' : 'CPUs'}`),
    pids > 0 ? item(`${pids} processes`) : loose('no process limit'),
  ];
  if (memory > 0 && !limitsSwap(host)) items.push(loose('swap not limited'));
  const capabilities = kernel?.capabilities ?? (host.CapAdd ?? []).map(capabilityName);
  if (capabilities.length > 0) items.push(loose(`may ${capabilities.join(', ')}`));
  if (!(kernel?.noNewPrivileges ?? forbidsNewPrivileges(host))) items.push(loose('may gain privileges'));
  const seccomp = kernel?.seccomp ?? found.securityOptions.some((option) => option.startsWith('seccomp'));
  if (!seccomp) items.push(loose('no seccomp filter'));
  if (inspection.Config.Labels?.[LABELS.survives] === '1') items.push(item('survives a crash'));
  return items;
}

function networkItem(mode: string): IsolationItem {
  return mode === 'none' ? item('no network') : loose(`network ${mode}`);
}

/** The user's folder is stated, not marked: it is what the session is for. A volume that the image brings is not asked for. */
function mountItems({ Mounts: mounts }: Inspection): IsolationItem[] {
  return (mounts ?? [])
    .filter((mount) => mount.Type !== 'tmpfs' && !isIdentityFile(mount))
    .map(({ Type, Destination, RW }) => {
      const text = `${Destination} ${RW === false ? 'read-only' : 'read-write'}`;
      return Type === 'bind' ? item(text) : loose(`${text} (volume of the image)`);
    });
}

function userItem({ inspection, kernel }: Found): IsolationItem {
  const user = (inspection.Config.User ?? '').split(':')[0] ?? '';
  const uid = kernel?.uid ?? (/^\d+$/.test(user) ? Number(user) : user === '' || user === 'root' ? 0 : null);
  if (uid === 0) return loose('root user');
  return uid === null ? item(`user ${user}`) : item(`uid ${uid}`);
}

/**
 * What was asked for and is not there, each as a sentence without a full stop; empty when all is as it should be. An
 * engine drops a limit that its kernel cannot keep with a warning at most, so its word is compared with what it was asked.
 */
export function shortfalls(asked: Asked, found: Found): string[] {
  const { options } = asked;
  const { HostConfig: host } = found.inspection;
  const { memoryMiB, cpus, pids } = options.resources;
  const missing: string[] = [];
  const need = (isMet: boolean, message: string): void => {
    if (!isMet) missing.push(message);
  };
  const cpusFound = cpusOf(host);
  need(host.Privileged !== true, 'The container is privileged');
  need(isOwnNamespace(host.PidMode), 'The container shares its processes with others');
  need(isOwnNamespace(host.IpcMode), 'The container shares memory with others');
  need(isOwnNamespace(host.UTSMode), 'The container shares the host’s name');
  need((host.Devices ?? []).length === 0, 'The container has devices of the machine');
  need(
    hasNetwork(options.network, host.NetworkMode ?? ''),
    `The network is ${host.NetworkMode}, not ${options.network}`,
  );
  need(!options.readOnlyRoot || host.ReadonlyRootfs === true, 'The root file system is not read-only');
  need(
    memoryMiB === null || (host.Memory ?? 0) === memoryMiB * MIB,
    `The memory limit of ${memoryMiB} MB is not kept by the engine`,
  );
  need(pids === null || (host.PidsLimit ?? 0) === pids, `The limit of ${pids} processes is not kept by the engine`);
  need(
    cpus === null || (cpusFound !== null && Math.abs(cpusFound - cpus) < 0.006),
    `The limit of ${cpus} CPUs is not kept by the engine`,
  );
  need(
    options.runtime === null || host.Runtime === options.runtime,
    `The runtime is ${host.Runtime}, not ${options.runtime}`,
  );
  need((host.LogConfig?.Type ?? 'none') === 'none', 'The engine keeps a log of what the terminal shows');
  return [...missing, ...privilegeShortfalls(options, found), ...mountShortfalls(asked, found.inspection)];
}

function privilegeShortfalls(options: ContainerOptions, { inspection, kernel }: Found): string[] {
  const { HostConfig: host } = inspection;
  const missing: string[] = [];
  if (options.noNewPrivileges && !(forbidsNewPrivileges(host) && kernel?.noNewPrivileges !== false))
    missing.push('Programs in the container may gain privileges');
  const allowed = new Set(options.capabilities);
  const given = kernel?.capabilities ?? (host.CapAdd ?? []).map(capabilityName);
  const extra = given.filter((name) => !allowed.has(name));
  if (extra.length > 0) missing.push(`The container has capabilities that it was not given: ${extra.join(', ')}`);
  // Podman lists each dropped capability instead of `ALL`; where the kernel can be asked, its word counts.
  const dropped = (host.CapDrop ?? []).map(capabilityName);
  if (kernel === null && !dropped.includes('ALL') && dropped.length < 10 - allowed.size)
    missing.push('The engine did not take away the container’s capabilities');
  if ((host.SecurityOpt ?? []).some((option) => /^seccomp[=:]unconfined$/.test(option)))
    missing.push('The container runs without a seccomp filter');
  const uid = /^(\d+)/.exec(options.user)?.[1];
  if (uid !== undefined && kernel !== null && kernel.uid !== null && kernel.uid !== Number(uid))
    missing.push(`The container runs as uid ${kernel.uid}, not ${uid}`);
  return missing;
}

/** One of the files that name the user, read-only. That it is the app's own, {@link shortfalls} makes sure of. */
function isIdentityFile({
  Type,
  Destination,
  RW,
}: {
  Type?: string | null | undefined;
  Destination: string;
  RW?: boolean | null | undefined;
}): boolean {
  return Type === 'bind' && RW === false && ['/etc/passwd', '/etc/group'].includes(Destination);
}

function mountShortfalls({ options, folder, identity }: Asked, { Mounts: mounts }: Inspection): string[] {
  const missing: string[] = [];
  const at = posix.resolve(options.mountAt);
  const own = [identity?.passwd, identity?.group];
  for (const mount of mounts ?? []) {
    const { Type, Destination, RW } = mount;
    if (isIdentityFile(mount) && own.includes(mount.Source ?? undefined)) continue;
    if (Type === 'tmpfs' || Type === 'volume') continue;
    const isOurs = folder !== null && posix.resolve(Destination) === at;
    if (!isOurs) missing.push(`The container has ${Destination} of the machine`);
    else if (RW !== false && options.folderAccess !== 'read-write') missing.push(`${Destination} is not read-only`);
  }
  if (folder !== null && !(mounts ?? []).some(({ Destination }) => posix.resolve(Destination) === at))
    missing.push(`The folder is not at ${options.mountAt}`);
  return missing;
}

/** `none` must be none; another one may have another name, but is never the host's or another container's. */
function hasNetwork(asked: string, found: string): boolean {
  if (asked === 'none' || found === 'none') return asked === found;
  return found !== '' && found !== 'host' && !/^(container|ns):/.test(found);
}

/** `shareable` is what Podman calls any IPC namespace of a container's own: another one could join it if its maker asked. */
function isOwnNamespace(mode: string | null | undefined): boolean {
  return !/^(host$|container:|ns:)/.test(mode ?? '');
}

function forbidsNewPrivileges(host: Inspection['HostConfig']): boolean {
  return (host.SecurityOpt ?? []).some((option) => /^no-new-privileges([=:]true)?$/.test(option));
}

/** Without swap accounting the kernel counts memory alone, and a container can be swapped out beyond its limit. */
function limitsSwap(host: Inspection['HostConfig']): boolean {
  const swap = host.MemorySwap ?? 0;
  return swap > 0 && swap <= (host.Memory ?? 0);
}

function cpusOf({ NanoCpus, CpuQuota, CpuPeriod }: Inspection['HostConfig']): number | null {
  if (NanoCpus) return NanoCpus / NANO_CPUS;
  return CpuQuota && CpuQuota > 0 ? CpuQuota / (CpuPeriod || 100_000) : null;
}

function megabytes(bytes: number): string {
  return `${round(bytes / MIB)} MB`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
