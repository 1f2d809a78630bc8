import { describeDuration } from './duration.ts';
import { LOCAL_PROFILE_ID, type Profile } from './profile.ts';
import type { Policy } from './settings.ts';

/** The fields of a profile as the editor calls them. A refusal begins with one of these and a colon. */
export const PROFILE_FIELDS = {
  name: 'Name',
  backend: 'Kind',
  shell: 'Shell',
  args: 'Arguments',
  folder: 'Folder',
  folderAccess: 'Access to the folder',
  mountAt: 'Mounted at',
  environment: 'Variables',
  environmentAllow: 'Variables passed on',
  idleTimeoutSeconds: 'Idle timeout',
  maxDurationSeconds: 'Maximum duration',
  activity: 'Activity',
  warnBeforeSeconds: 'Warn before',
  extensions: 'Extensions',
  closeGraceSeconds: 'Closing grace period',
  recording: 'Recording',
  network: 'Network',
  memoryMiB: 'Memory',
  cpus: 'Processors',
  pids: 'Processes',
  image: 'Image',
  pull: 'Pull',
  user: 'User',
  runtime: 'Runtime',
  readOnlyRoot: 'Read-only root',
  capabilities: 'Capabilities',
  noNewPrivileges: 'No new privileges',
  pool: 'Kept ready',
} as const;
export type ProfileField = keyof typeof PROFILE_FIELDS;

/** What is wrong with one field, as the rest of a sentence that begins with its name and a colon. */
export interface ProfileIssue {
  readonly field: ProfileField;
  readonly message: string;
  /** The administrator’s policy, not the field itself, forbids it. */
  readonly byPolicy: boolean;
}

/** The field that a path into a profile leads to, as in the issues of its schema; null for none of them. */
export function profileFieldAt(path: readonly PropertyKey[]): ProfileField | null {
  for (const key of [...path].reverse()) {
    if (typeof key === 'string' && Object.hasOwn(PROFILE_FIELDS, key)) return PROFILE_FIELD_NAMES.get(key) ?? null;
  }
  return null;
}

const PROFILE_FIELD_NAMES: ReadonlyMap<string, ProfileField> = new Map(
  // Object.keys knows no more than `string`.
  (Object.keys(PROFILE_FIELDS) as ProfileField[]).map((name) => [name, name]),
);

/** The field that a refusal names, and the rest of it; null where it names none. */
export function refusedField(message: string): { field: ProfileField; message: string } | null {
  for (const [field, label] of Object.entries(PROFILE_FIELDS)) {
    const known = PROFILE_FIELD_NAMES.get(field);
    if (known === undefined || !message.startsWith(`${label}: `)) continue;
    const rest = message.slice(label.length + 2);
    return { field: known, message: rest.charAt(0).toUpperCase() + rest.slice(1) };
  }
  return null;
}

/** The capabilities that Linux has, without `CAP_` (capabilities(7)). */
export const CAPABILITIES = [
  'AUDIT_CONTROL',
  'AUDIT_READ',
  'AUDIT_WRITE',
  'BLOCK_SUSPEND',
  'BPF',
  'CHECKPOINT_RESTORE',
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'IPC_LOCK',
  'IPC_OWNER',
  'KILL',
  'LEASE',
  'LINUX_IMMUTABLE',
  'MAC_ADMIN',
  'MAC_OVERRIDE',
  'MKNOD',
  'NET_ADMIN',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_RAW',
  'PERFMON',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_CHROOT',
  'SYS_MODULE',
  'SYS_NICE',
  'SYS_PACCT',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'SYSLOG',
  'WAKE_ALARM',
] as const;

const KNOWN_CAPABILITIES: ReadonlySet<string> = new Set(CAPABILITIES);

/** What no folder of the user's is: with one of these inside, a sandbox would be none. */
const SYSTEM_FOLDERS: ReadonlySet<string> = new Set(['/', '/dev', '/proc', '/run', '/sys', '/var/run']);

/** Whether this is a full path on a machine of that platform (Node's name for it). */
export function isFullPath(path: string, platform: string): boolean {
  return platform === 'win32' ? /^(?:[A-Za-z]:[\\/]|\\\\[^\\/])/.test(path) : path.startsWith('/');
}

/**
 * What is wrong with a profile that has the right form, beyond what its schema says: combinations that make no sense,
 * and what the policy does not allow. Whether its folder exists is left to whoever can look.
 */
export function checkProfile(profile: Profile, policy: Policy, platform: string): readonly ProfileIssue[] {
  const issues: ProfileIssue[] = [];
  const refuse = (field: ProfileField, message: string): void => void issues.push({ field, message, byPolicy: false });

  if (profile.id === LOCAL_PROFILE_ID && profile.backend !== 'pty') {
    refuse('backend', 'the local shell stays one; make another profile for a sandbox');
  }
  const inContainer = profile.backend === 'docker';
  if (profile.shell !== undefined && /[\\/]/.test(profile.shell)) {
    const full = isFullPath(profile.shell, inContainer ? 'linux' : platform);
    if (!full) refuse('shell', 'a full path, or a name alone that is looked up in PATH');
  }
  if (profile.args.some((argument) => argument.includes('\0'))) {
    refuse('args', 'a NUL character cannot be passed to a program');
  }
  if (Object.values(profile.environment).some((value) => value.includes('\0'))) {
    refuse('environment', 'a value must not contain a NUL character');
  }
  if (profile.folder !== undefined && !isFullPath(profile.folder, platform)) {
    refuse('folder', `a full path, such as ${platform === 'win32' ? 'C:\\src' : '/home/me/src'}`);
  }
  if (profile.backend === 'bubblewrap') checkFolderAccess(profile.folder, profile.bubblewrap.folderAccess, refuse);
  if (profile.backend === 'docker') {
    const { folderAccess, mountAt, capabilities } = profile.container;
    checkFolderAccess(profile.folder, folderAccess, refuse);
    const [top = ''] = mountAt.split('/').filter((part) => part !== '');
    if (mountAt.split('/').includes('..')) refuse('mountAt', 'a path without “..”');
    else if (top === '') refuse('mountAt', 'a folder of its own, such as /src: / would hide the whole image');
    else if (['dev', 'proc', 'sys'].includes(top)) refuse('mountAt', `a folder of its own: /${top} is the system’s`);
    const unknown = capabilities.find((name) => !KNOWN_CAPABILITIES.has(name));
    if (unknown !== undefined) refuse('capabilities', `there is no ${unknown}`);
  }
  return [...issues, ...policyIssues(profile, policy)];
}

function checkFolderAccess(
  folder: string | undefined,
  access: 'none' | 'read-only' | 'read-write',
  refuse: (field: ProfileField, message: string) => void,
): void {
  if (access === 'none') return;
  if (folder === undefined) refuse('folder', 'choose the folder that the sandbox is to see, or no access to one');
  else if (isSystemFolder(folder)) refuse('folder', `${folder} would open the system to the sandbox; choose another`);
}

/** Whether a path, without links in it, is one of the system's folders that no sandbox gets. */
export function isSystemFolder(folder: string): boolean {
  const plain = folder.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
  return SYSTEM_FOLDERS.has(plain);
}

function policyIssues({ limits }: Profile, policy: Policy): ProfileIssue[] {
  const issues: ProfileIssue[] = [];
  const refuse = (field: ProfileField, message: string): void => void issues.push({ field, message, byPolicy: true });
  const timeout = (field: 'idleTimeoutSeconds' | 'maxDurationSeconds', longest: number | undefined): void => {
    const seconds = limits[field];
    if (seconds === undefined) return;
    const shortest = policy.minimumTimeoutSeconds;
    const allowed =
      seconds === 0 ? longest === undefined : seconds >= shortest && seconds <= (longest ?? Number.POSITIVE_INFINITY);
    if (!allowed) refuse(field, timeoutRule(shortest, longest));
  };
  timeout('idleTimeoutSeconds', policy.maxIdleTimeoutSeconds);
  timeout('maxDurationSeconds', policy.maxMaxDurationSeconds);
  const { activity, extensions } = limits;
  const { allowedActivity, maxExtensions } = policy;
  if (allowedActivity !== undefined && activity?.some((kind) => !allowedActivity.includes(kind))) {
    refuse('activity', `only ${allowedActivity.join(', ')}`);
  }
  if (maxExtensions !== undefined && extensions !== undefined && extensions.count > maxExtensions) {
    refuse('extensions', maxExtensions === 0 ? 'none' : `at most ${maxExtensions}`);
  }
  return issues;
}

/** What a policy lets a timeout be, in words: “at least 1 minute, or off”. */
export function timeoutRule(shortestSeconds: number, longestSeconds: number | undefined): string {
  if (longestSeconds === undefined) return `at least ${describeDuration(shortestSeconds)}, or off`;
  return `at least ${describeDuration(shortestSeconds)} and at most ${describeDuration(longestSeconds)}`;
}
