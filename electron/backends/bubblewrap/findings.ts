import type { BubblewrapOptions } from '../../../shared/profile.ts';
import type { IsolationItem } from '../../../shared/session.ts';
import type { Mount } from '../../processes/mountinfo.ts';
import { describeAmount, describeLimits, isApplied, isInLimits, type Limit } from '../../processes/resource-limits.ts';
import type { SessionCgroups } from '../../processes/session-cgroups.ts';
import { CREDENTIALS_INSIDE, describeCredentials } from '../credential-folders.ts';
import { privateFolders } from './bwrap-args.ts';
import type { FileIdentity, Inspection, NamespaceKind } from './inspection.ts';
import type { SandboxUser } from './sandbox-user.ts';
import type { SystemView } from './system-view.ts';

/** What a sandbox was meant to be. */
export interface Expectation {
  readonly options: BubblewrapOptions;
  readonly user: SandboxUser;
  readonly view: SystemView;
  /** The chosen folder as it was when it was checked; null where the sandbox sees none. */
  readonly folder: ({ readonly path: string } & FileIdentity) | null;
  /** The folder of its secrets, and how many are in it; null where it has none. */
  readonly credentials: ({ readonly count: number } & FileIdentity) | null;
  readonly limits: readonly Limit[];
  readonly cgroups: Pick<SessionCgroups, 'folderOf' | 'main'>;
  /** Whether there is a system call filter for this architecture. */
  readonly isFiltered: boolean;
}

/** What was found: what a badge says, and what was asked for and is missing. */
export interface Findings {
  readonly items: readonly IsolationItem[];
  readonly missing: readonly string[];
}

const NAMESPACE_LABELS: Readonly<Record<NamespaceKind, string>> = {
  user: 'users of its own',
  mnt: 'a file system of its own',
  pid: 'processes of its own',
  ipc: 'shared memory of its own',
  uts: 'a host name of its own',
  cgroup: 'cgroups of its own',
  net: 'a network of its own',
};

/** Devices that bwrap shows, besides terminals of the sandbox's own. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console'].map((name) => `/dev/${name}`);

/** Compares what was found with what was asked for. */
export function judgeSandbox(found: Inspection, expected: Expectation): Findings {
  const { options, user } = expected;
  const missing: string[] = [];
  const demand = (holds: boolean, label: string): void => {
    if (!holds) missing.push(label);
  };
  for (const [kind, label] of Object.entries(NAMESPACE_LABELS)) {
    // The host's network is a choice. Cgroups of its own hide names only, and old kernels have none.
    if (kind === 'cgroup' || (kind === 'net' && options.network === 'host')) continue;
    demand(
      [...found.ownNamespaces].some((own) => own === kind),
      label,
    );
  }
  if (options.network === 'none') {
    demand(
      found.interfaces.every((name) => name === 'lo'),
      `no network interfaces (${found.interfaces.join(', ')})`,
    );
  }
  demand(found.hasNoCapabilities, 'no capabilities');
  demand(found.noNewPrivileges, 'no new privileges');
  demand(found.uid.inside === user.uid, `user ${user.uid}`);
  demand(found.isFiltered || !expected.isFiltered, 'the system call filter');
  missing.push(...judgeMounts(found.mounts, expected));
  const { folder } = expected;
  if (folder !== null) {
    const isSame = found.folder?.device === folder.device && found.folder.inode === folder.inode;
    demand(isSame, `the folder ${folder.path} as it was when it was checked`);
  }
  const { credentials } = expected;
  const isOwn = found.credentials?.device === credentials?.device && found.credentials?.inode === credentials?.inode;
  demand(isOwn, credentials === null ? 'no credentials' : 'its own credentials');
  for (const limit of expected.limits)
    demand(isBounded(found, expected, limit), `the limit of ${describeAmount(limit)}`);
  return { items: describeSandbox(found, expected), missing };
}

function isBounded(found: Inspection, { cgroups }: Expectation, limit: Limit): boolean {
  if (limit.place === 'none') return true;
  if (limit.place === 'rlimit') return isInLimits(limit, found.limits);
  const folder = cgroups.folderOf(limit);
  const where = limit.place === 'legacy' ? found.cgroups.legacy.get(limit.controller) : found.cgroups.unified;
  return folder !== null && where === folder && isApplied(limit, folder);
}

/** Every mount must be one that was asked for, and read-only unless it was asked for otherwise. */
function judgeMounts(mounts: readonly Mount[], expected: Expectation): string[] {
  const { options, user, view, folder } = expected;
  const missing: string[] = [];
  const memory = privateFolders(options, user).map(({ path }) => path);
  const shown = ['/etc', ...view.entries.flatMap((entry) => (entry.kind === 'read-only' ? [entry.path] : []))];
  const readOnly = ['/', '/dev', ...shown];
  const chosen = folder === null ? null : { path: folder.path, isWritable: options.folderAccess === 'read-write' };

  for (const mount of mounts) {
    const { folder: path, type, options: flags } = mount;
    if (chosen !== null && isWithin(path, chosen.path)) {
      if (!chosen.isWritable && !flags.has('ro')) missing.push(`${path} read-only`);
    } else if (path === CREDENTIALS_INSIDE && expected.credentials !== null) {
      if (!flags.has('ro')) missing.push(`${path} read-only`);
    } else if (memory.includes(path)) {
      if (type !== 'tmpfs') missing.push(`a private ${path}`);
    } else if (path === '/proc' || path === '/dev/pts') {
      // New ones: those of the host would show its processes and terminals.
      if (type !== (path === '/proc' ? 'proc' : 'devpts') || mount.root !== '/') missing.push(`${path} of its own`);
    } else if (DEVICES.includes(path)) {
      // Written to, not changed.
    } else if (path.startsWith('/proc/') || readOnly.some((each) => path === each || isBelow(path, each, shown))) {
      if (!flags.has('ro')) missing.push(`${path} read-only`);
    } else {
      missing.push(`no ${path} from outside`);
    }
    if (!flags.has('nosuid')) missing.push(`no setuid programs in ${path}`);
  }
  const top = mounts.findLast((mount) => mount.folder === '/');
  if (top?.type !== 'tmpfs') missing.push('a file system of its own');
  for (const path of [...memory, '/etc', '/proc', '/dev', ...(user.isRootOutside ? view.guarded : [])]) {
    if (!mounts.some((mount) => mount.folder === path)) missing.push(`${path} of its own`);
  }
  return missing;
}

/** Whether a mount lies in one of the host's that is shown: it is shown with it. */
function isBelow(path: string, folder: string, shown: readonly string[]): boolean {
  return shown.includes(folder) && isWithin(path, folder);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The badge's labels. */
function describeSandbox(found: Inspection, expected: Expectation): IsolationItem[] {
  const { options, folder, user, credentials } = expected;
  const item = (text: string, open = false): IsolationItem => ({ text, open });
  return [
    item('bubblewrap'),
    options.network === 'none' ? item('no network') : item('host network', true),
    item('read-only system'),
    folder === null
      ? item('no folder')
      : item(`${folder.path} ${options.folderAccess === 'read-write' ? 'read-write' : 'read-only'}`),
    ...(credentials === null || credentials.count === 0 ? [] : [item(describeCredentials(credentials.count))]),
    item(`uid ${found.uid.inside}`),
    ...(user.isRootOutside ? [item('root outside', true)] : []),
    ...describeLimits(expected.limits),
    found.isFiltered ? item('system calls filtered') : item('system calls not filtered', true),
  ];
}
