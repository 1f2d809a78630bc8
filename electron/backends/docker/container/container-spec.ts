import { posix } from 'node:path';
import type { ContainerOptions, FolderAccess } from '../../../../shared/profile.ts';
import { allowedVariables, SESSION_MARK } from '../../../environment/inherited-environment.ts';
import { CREDENTIALS_INSIDE, CREDENTIALS_VARIABLE } from '../../credential-folders.ts';
import type { ContainerSpec, HostSpec, MountSpec } from '../client/container-body.ts';
import type { ContainerIdentity } from './container-identity.ts';
import { type ContainerOwner, type ContainerPurpose, containerLabels } from './container-labels.ts';
import { barrierCommand, CREDENTIALS_MOUNT, CREDENTIALS_MOUNT_OPTIONS } from './credential-barrier.ts';

/** Bytes of one MiB, the unit of a profile's memory limit. */
export const MIB = 1024 * 1024;
/** What one processor is in the engine's unit. */
export const NANO_CPUS = 1_000_000_000;

/** The home folder inside: in memory, so that it is private to the session and gone with it. */
const HOME = '/home/sandglass';
/** Where the home folder is when the user's own folder is mounted over the usual place. */
const OTHER_HOME = '/tmp';

/**
 * The places that programs expect to be writable, kept in memory: they count towards the container's memory limit, and
 * each has a bound of its own for containers without one. Programs may be run from `/tmp` and the home folder, because
 * builds and package managers do that, and a ban would stop no one who has an interpreter.
 */
const TMPFS = {
  '/tmp': `rw,exec,nosuid,nodev,size=${256 * MIB},mode=1777`,
  '/var/tmp': `rw,noexec,nosuid,nodev,size=${64 * MIB},mode=1777`,
  '/run': `rw,noexec,nosuid,nodev,size=${16 * MIB},mode=755`,
} as const;
const HOME_TMPFS = `rw,exec,nosuid,nodev,size=${256 * MIB},mode=1777`;

/** Variables that describe this terminal; a profile may set them otherwise. */
const TERMINAL = { TERM: 'xterm-256color', COLORTERM: 'truecolor', TERM_PROGRAM: 'Sandglass' } as const;

/** Everything a container is made from. */
export interface ContainerRequest {
  readonly name: string;
  /** The image's own id, so that what runs is what was inspected. */
  readonly imageId: string;
  readonly profileId: string;
  /** Without it, the image's own entry point and command. */
  readonly shell: string | null;
  /** The shell's arguments; without a shell they take the place of the image's command. */
  readonly args: readonly string[];
  /** What the profile sets. */
  readonly environment: Readonly<Record<string, string>>;
  /** The app's own environment, of which the profile's allow-list lets something in. */
  readonly hostEnvironment: Readonly<Record<string, string | undefined>>;
  readonly options: ContainerOptions;
  /** The folder to mount, with its symbolic links followed; null where none is. */
  readonly folder: string | null;
  readonly cols: number;
  readonly rows: number;
  readonly purpose: ContainerPurpose;
  /** What is run once the session's credentials are there; null for a session without any. */
  readonly commandAfterCredentials: readonly string[] | null;
  readonly owner: ContainerOwner;
  /** Who its programs are; null where nothing is known of the image. */
  readonly identity: ContainerIdentity | null;
}

/** What a container is created with. Everything that is not said in the profile is the hardened choice. */
export function containerSpec(request: ContainerRequest): ContainerSpec {
  const { options, shell, args, folder, commandAfterCredentials } = request;
  return {
    name: request.name,
    Image: request.imageId,
    ...(commandAfterCredentials === null
      ? commandSpec(shell, args)
      : { Entrypoint: barrierCommand(commandAfterCredentials), Cmd: [] }),
    User: options.user,
    ...(folder === null ? {} : { WorkingDir: options.mountAt }),
    Env: Object.entries(containerEnvironment(request)).map(([name, value]) => `${name}=${value}`),
    Labels: containerLabels(request),
    Tty: true,
    OpenStdin: true,
    StdinOnce: false,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    // What a terminal sends that goes away; the engine then also sends it to a container that is paused.
    StopSignal: 'SIGHUP',
    // An image may have the engine run something every millisecond, beside the session and unseen by it.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: hostSpec(request),
  };
}

function commandSpec(shell: string | null, args: readonly string[]): Pick<ContainerSpec, 'Entrypoint' | 'Cmd'> {
  return {
    ...(shell === null ? {} : { Entrypoint: [shell] }),
    ...(shell === null && args.length === 0 ? {} : { Cmd: [...args] }),
  };
}

function hostSpec({ options, folder, cols, rows, commandAfterCredentials, identity }: ContainerRequest): HostSpec {
  const { memoryMiB, cpus, pids } = options.resources;
  return {
    Privileged: false,
    CapDrop: ['ALL'],
    CapAdd: [...options.capabilities],
    // The engine's default seccomp profile stays, because nothing is said of it.
    SecurityOpt: options.noNewPrivileges ? ['no-new-privileges'] : [],
    ReadonlyRootfs: options.readOnlyRoot,
    Tmpfs: {
      ...tmpfs(folder === null ? null : options.mountAt),
      ...(commandAfterCredentials === null ? {} : { [CREDENTIALS_MOUNT]: CREDENTIALS_MOUNT_OPTIONS }),
    },
    Mounts: folder === null ? [] : [mountSpec(folder, options)],
    ...identityBinds(identity),
    // Reaps what the shell leaves behind, and passes signals on.
    Init: true,
    NetworkMode: options.network,
    IpcMode: 'private',
    CgroupnsMode: 'private',
    ...(pids === null ? {} : { PidsLimit: pids }),
    // As much memory with swap as without: none is swapped out, and the limit is the limit.
    ...(memoryMiB === null ? {} : { Memory: memoryMiB * MIB, MemorySwap: memoryMiB * MIB }),
    ...(cpus === null ? {} : { NanoCpus: Math.round(cpus * NANO_CPUS) }),
    ...(options.runtime === null ? {} : { Runtime: options.runtime }),
    // The status is asked for after the end; then it is removed.
    AutoRemove: false,
    RestartPolicy: { Name: 'no' },
    // What a terminal shows is not written to the engine's disk.
    LogConfig: { Type: 'none', Config: {} },
    Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
    ConsoleSize: [rows, cols],
  };
}

/** Files of the app's own, so that they may get the label with which SELinux lets containers read them (`z`). */
function identityBinds(identity: ContainerIdentity | null): Pick<HostSpec, 'Binds'> {
  const { passwd = null, group = null } = identity ?? {};
  const binds = [
    ...(passwd === null ? [] : [`${passwd}:/etc/passwd:ro,z`]),
    ...(group === null ? [] : [`${group}:/etc/group:ro,z`]),
  ];
  return binds.length === 0 ? {} : { Binds: binds };
}

function mountSpec(source: string, { mountAt, folderAccess }: ContainerOptions): MountSpec {
  const isReadOnly = folderAccess !== 'read-write';
  return {
    Type: 'bind',
    Source: source,
    Target: mountAt,
    ReadOnly: isReadOnly,
    // Engines before Docker 25 leave what is mounted below a read-only folder writable, so it is not shown at all.
    BindOptions: { Propagation: 'rprivate', NonRecursive: isReadOnly },
  };
}

/** Whether `path` is `folder` or lies in it; both absolute, as in a container. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** Where the home folder is inside. */
export function homeInside(mountAt: string | null): string {
  return mountAt !== null && isWithin(HOME, mountAt) ? OTHER_HOME : HOME;
}

/** The places in memory. One that lies in the user's folder is left out: its mount point would be made in that folder. */
function tmpfs(mountedAt: string | null): Record<string, string> {
  const mountAt = mountedAt === null ? null : posix.resolve(mountedAt);
  const places: Record<string, string> = { ...TMPFS, [HOME]: HOME_TMPFS };
  return Object.fromEntries(Object.entries(places).filter(([place]) => mountAt === null || !isWithin(place, mountAt)));
}

/** Places that are not the image's to give away, or that hide what the container needs to run. */
const NOT_TO_MOUNT_AT = [
  '/proc',
  '/sys',
  '/dev',
  '/sbin/docker-init',
  '/run/podman-init',
  '/run/secrets',
  CREDENTIALS_MOUNT,
];

/** Why nothing can be mounted there; null where it can. */
export function mountPointObjection(mountAt: string, access: FolderAccess): string | null {
  if (access === 'none') return null;
  const path = posix.resolve(mountAt);
  if (path !== mountAt) return `The place ${mountAt} in the container is not written plainly; write ${path}`;
  if (path === '/') return 'The folder cannot take the place of the whole container';
  const taken = NOT_TO_MOUNT_AT.find((place) => isWithin(path, place) || isWithin(place, path));
  return taken === undefined ? null : `The folder cannot be mounted at ${path}, where the container has ${taken}`;
}

/**
 * The environment of a container's shell, over what the image sets: of the app's own only what the profile lets in, then
 * what describes this terminal, then what the profile sets, then the session's mark. A container of a pool has no mark,
 * because it is started before there is a session; nothing in it depends on the mark.
 */
export function containerEnvironment(
  request: Pick<
    ContainerRequest,
    'environment' | 'hostEnvironment' | 'options' | 'folder' | 'purpose' | 'commandAfterCredentials' | 'identity'
  >,
): Record<string, string> {
  const { options, purpose } = request;
  const allowed = Object.entries(allowedVariables(request.hostEnvironment, options.environmentAllow));
  // A locale that the image lacks is worse than none.
  const isKept = (name: string): boolean => request.identity === null || !/^(LANG|LC_[A-Z]+)$/.test(name);
  const environment = Object.fromEntries(allowed.filter(([name]) => isKept(name)));
  Object.assign(environment, request.identity?.environment);
  const home = homeInside(request.folder === null ? null : options.mountAt);
  Object.assign(environment, TERMINAL, { HOME: home }, request.environment);
  delete environment[SESSION_MARK];
  if (purpose.role === 'session') environment[SESSION_MARK] = purpose.sessionId;
  // Where they are; the engine does not learn what they are.
  if (request.commandAfterCredentials !== null) environment[CREDENTIALS_VARIABLE] = CREDENTIALS_INSIDE;
  return environment;
}
