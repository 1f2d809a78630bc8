import { dirname } from 'node:path';
import type { BubblewrapOptions, FolderAccess } from '../../../shared/profile.ts';
import { CREDENTIALS_INSIDE } from '../credential-folders.ts';
import { type EtcFolders, NETWORK_INSIDE } from './sandbox-etc.ts';
import type { SandboxUser } from './sandbox-user.ts';
import type { SystemEntry, SystemView } from './system-view.ts';

const MIB = 1024 * 1024;
/** What the private folders are sized by where the profile sets no bound on memory. */
const MEMORY_MIB = 4096;
/** The name of the machine inside. */
export const HOSTNAME = 'sandbox';

/** What the installed bubblewrap can do beyond the basics. */
export interface BwrapFeatures {
  /** `--disable-userns` (0.8.0, and not where bwrap is setuid). */
  readonly disableUserns: boolean;
  /** `--size` for tmpfs (0.7.0). */
  readonly size: boolean;
}

/** Descriptors that bwrap finds open. Each is read to its end. */
interface SandboxDescriptors {
  readonly passwd: number;
  /** The filter; null where there is none for this architecture. */
  readonly seccomp: number | null;
}

/** One sandbox to set up. */
export interface SandboxSpec {
  readonly options: BubblewrapOptions;
  /** The chosen folder's real path; null where the sandbox sees none. */
  readonly folder: string | null;
  /** Where the files of its secrets are on this machine; null without any. */
  readonly credentials: string | null;
  readonly user: SandboxUser;
  /** All variables of the shell. */
  readonly environment: Readonly<Record<string, string>>;
  readonly view: SystemView;
  readonly etc: EtcFolders;
  readonly features: BwrapFeatures;
  readonly descriptors: SandboxDescriptors;
}

/** A folder of the sandbox's own, in memory. */
export interface PrivateFolder {
  readonly path: string;
  readonly mode: string;
  readonly bytes: number;
}

/** The folders that a sandbox may write to, besides the chosen one. They are empty at the start and gone at the end. */
export function privateFolders(options: BubblewrapOptions, user: SandboxUser): PrivateFolder[] {
  const memory = options.resources.memoryMiB ?? MEMORY_MIB;
  const part = (share: number): number => Math.max(4, Math.floor(memory / share)) * MIB;
  return [
    { path: '/tmp', mode: '1777', bytes: part(4) },
    { path: '/var/tmp', mode: '1777', bytes: part(8) },
    { path: '/run', mode: '0755', bytes: part(64) },
    { path: '/dev/shm', mode: '1777', bytes: part(8) },
    { path: user.home, mode: '0700', bytes: part(4) },
  ];
}

/**
 * The options of bwrap(1) for one sandbox, without the command.
 *
 * There is no `--new-session`: it would take the terminal away from the shell, and with it job control. What it guards
 * against is a program that types into the terminal of the program that started bwrap (TIOCSTI, CVE-2017-5226). This terminal was
 * made for the session and has no other reader: what is typed into it reaches the session's own shell, and after its end
 * no one. The filter refuses the request nonetheless.
 */
export function bwrapArgs(spec: SandboxSpec): string[] {
  const { options, folder, credentials, user, environment, view, etc, features, descriptors } = spec;
  const isOffline = options.network === 'none';
  const writable = privateFolders(options, user);
  const shm = writable.filter(({ path }) => path.startsWith('/dev/'));
  const others = writable.filter(({ path }) => !path.startsWith('/dev/'));
  return [
    ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(isOffline ? ['--unshare-net'] : []),
    ...(features.disableUserns ? ['--disable-userns'] : []),
    '--die-with-parent',
    ...['--hostname', HOSTNAME],
    ...(user.isRootOutside ? ['--uid', String(user.uid), '--gid', String(user.gid)] : []),
    ...['--cap-drop', 'ALL'],
    '--clearenv',
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),

    // Or bwrap would make them as hidden from others as what is in them.
    ...foldersAround([...others, ...view.entries].map(({ path }) => path)).flatMap((path) => ['--dir', path]),
    // Before the rest: some of it lies in these.
    ...others.flatMap((each) => privateFolder(each, features)),
    ...view.entries.flatMap(show),
    ...['--ro-bind', etc.etc, '/etc'],
    // The user's shell is the session's own.
    ...['--perms', '0644', '--ro-bind-data', String(descriptors.passwd), '/etc/passwd'],
    // The folder, not its files: those that take their places are seen.
    ...['--ro-bind', isOffline ? etc.offline : etc.online, NETWORK_INSIDE],

    ...['--proc', '/proc'],
    // Files of root's: a user who is root outside owns them inside as well, whatever the number there.
    ...(user.isRootOutside ? view.guarded : view.guarded.filter((path) => path === '/proc/sys')).flatMap(readOnly),
    ...(user.isRootOutside ? view.hidden : []).flatMap((path) => ['--ro-bind', '/dev/null', path]),

    ...['--dev', '/dev'],
    ...shm.flatMap((each) => privateFolder(each, features)),
    ...['--remount-ro', '/dev'],
    ...(folder === null ? [] : chosenFolder(folder, options.folderAccess)),
    // The folder, not its files: those that take their places are seen.
    ...(credentials === null ? [] : ['--ro-bind', credentials, CREDENTIALS_INSIDE]),
    // The folder that all the others are in.
    ...['--remount-ro', '/'],
    ...['--chdir', folder ?? user.home],
    ...(descriptors.seccomp === null ? [] : ['--seccomp', String(descriptors.seccomp)]),
  ];
}

/** The folders above these, from the top; not `/` itself. */
function foldersAround(paths: readonly string[]): string[] {
  const above = new Set<string>();
  for (const path of paths) {
    for (let at = dirname(path); at !== '/'; at = dirname(at)) above.add(at);
  }
  return [...above].filter((path) => !paths.includes(path) && !path.startsWith('/run/')).sort();
}

function readOnly(path: string): string[] {
  return ['--ro-bind', path, path];
}

function show(entry: SystemEntry): string[] {
  switch (entry.kind) {
    case 'link':
      return ['--symlink', entry.target, entry.path];
    case 'read-only':
      return readOnly(entry.path);
    default:
      return [];
  }
}

function privateFolder({ path, mode, bytes }: PrivateFolder, features: BwrapFeatures): string[] {
  return ['--perms', mode, ...(features.size ? ['--size', String(bytes)] : []), '--tmpfs', path];
}

function chosenFolder(path: string, access: FolderAccess): string[] {
  switch (access) {
    case 'read-write':
      return ['--bind', path, path];
    case 'read-only':
      return readOnly(path);
    case 'none':
      return [];
    default:
      return [];
  }
}
