import { describeDuration } from './duration.ts';
import { allowsKind, kindsRule } from './policy-objection.ts';
import { LOCAL_PROFILE_ID, type Profile } from './profile.ts';
import type { Policy } from './settings.ts';

/** The fields of a profile as the editor calls them. A refusal begins with one of these and a colon. */
export const PROFILE_FIELDS = {
  name: 'Name',
  backend: 'Kind',
  shell: 'Shell',
  args: 'Arguments',
  loginShell: 'Login shell',
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
  maxCommands: 'Maximum commands',
  onExpiry: 'When time is up',
  thawWindowSeconds: 'Thaw window',
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
  survive: 'Survives a crash',
  credentials: 'Credentials',
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
  // A credential has arguments of its own.
  if (path[0] === 'credentials') return 'credentials';
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

/** Places in a container where nothing can be mounted, nor in them or around them. */
const NOT_TO_MOUNT_AT = ['/dev', '/proc', '/run/secrets', '/run/sandglass', '/sbin', '/sys'];

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
  const shown = shownFolder(profile);
  if (shown !== null && profile.folder === undefined) {
    refuse('folder', 'choose the folder that the sandbox is to see, or no access to one');
  }
  if (profile.backend === 'docker') {
    const { mountAt, capabilities } = profile.container;
    const objection = shown === null ? null : mountPointObjection(mountAt);
    if (objection !== null) refuse('mountAt', objection);
    const unknown = capabilities.find((name) => !KNOWN_CAPABILITIES.has(name));
    if (unknown !== undefined) refuse('capabilities', `there is no ${unknown}`);
  }
  const [credential] = credentialIssues(profile, platform);
  if (credential !== undefined) refuse('credentials', credential.message);
  return [...issues, ...policyIssues(profile, policy)];
}

/** The fields of one credential, as the editor calls them. */
export const CREDENTIAL_PARTS = {
  env: 'Variable',
  command: 'Command',
  args: 'Arguments',
  file: 'File',
  name: 'Stored as',
  ttlSeconds: 'Good for',
} as const;
export type CredentialPart = keyof typeof CREDENTIAL_PARTS;

/** The field of a credential that a path into it leads to, as in the issues of its schema; null for none of them. */
export function credentialPartAt(path: readonly PropertyKey[]): CredentialPart | null {
  // Object.keys knows no more than `string`.
  const parts = Object.keys(CREDENTIAL_PARTS) as CredentialPart[];
  return parts.find((part) => path.includes(part)) ?? null;
}

/** What is wrong with one of a profile's credentials, as a sentence without its full stop. */
export interface CredentialIssue {
  /** Which one. */
  readonly index: number;
  readonly part: CredentialPart;
  readonly message: string;
}

/** What makes no sense of a profile's credentials. They are read on this machine, whatever runs the shell. */
export function credentialIssues(
  { credentials, environment }: Pick<Profile, 'credentials' | 'environment'>,
  platform: string,
): readonly CredentialIssue[] {
  const issues: CredentialIssue[] = [];
  const seen = new Set<string>();
  for (const [index, { env, source }] of credentials.entries()) {
    const refuse = (part: CredentialPart, message: string): void => void issues.push({ index, part, message });
    if (seen.has(env)) refuse('env', `${env} is there twice`);
    else if (/^SANDGLASS_/i.test(env)) refuse('env', `${env} is a name that Sandglass keeps for itself`);
    else if (Object.hasOwn(environment, env)) refuse('env', `${env} is also one of the variables; leave it out there`);
    seen.add(env);
    if (source.kind === 'file' && !isFullPath(source.file, platform)) {
      refuse('file', `${env} needs a full path to its file`);
    }
    if (source.kind !== 'command') continue;
    if (/[\\/]/.test(source.command) && !isFullPath(source.command, platform)) {
      refuse('command', `${env} needs the full path of its command, or a name alone that is looked up in PATH`);
    }
    if (source.args.some((argument) => argument.includes('\0'))) {
      refuse('args', `${env} has an argument with a NUL character`);
    }
  }
  return issues;
}

/** What a sandbox of this profile may do in the profile’s folder; null where it sees no folder, and for a local shell. */
export function shownFolder(profile: Profile): 'read-only' | 'read-write' | null {
  switch (profile.backend) {
    case 'pty':
      return null;
    case 'bubblewrap':
      return profile.bubblewrap.folderAccess === 'none' ? null : profile.bubblewrap.folderAccess;
    case 'docker':
      return profile.container.folderAccess === 'none' ? null : profile.container.folderAccess;
  }
}

function mountPointObjection(path: string): string | null {
  if (path === '/') return 'a folder of its own, such as /src: / would hide the whole image';
  if (/\/\/|\/\.{0,2}(\/|$)/.test(path)) return 'a path written plainly, without “..” and without a slash at its end';
  const inside = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
  const taken = NOT_TO_MOUNT_AT.find((place) => inside(path, place) || inside(place, path));
  return taken === undefined ? null : `a folder of its own, such as /src: the container has ${taken} there`;
}

function policyIssues({ backend, limits }: Profile, policy: Policy): ProfileIssue[] {
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
  if (!allowsKind(policy, backend)) refuse('backend', kindsRule(policy.allowedBackends ?? []));
  timeout('idleTimeoutSeconds', policy.maxIdleTimeoutSeconds);
  timeout('maxDurationSeconds', policy.maxMaxDurationSeconds);
  const { activity, extensions } = limits;
  const { allowedActivity, maxExtensions } = policy;
  if (allowedActivity !== undefined && activity?.some((kind) => !allowedActivity.includes(kind))) {
    refuse('activity', `only ${allowedActivity.join(', ')}`);
  }
  const { maxCommands } = limits;
  const { maxMaxCommands } = policy;
  if (maxCommands !== undefined && maxMaxCommands !== undefined) {
    if (maxCommands === 0 || maxCommands > maxMaxCommands) refuse('maxCommands', commandsRule(maxMaxCommands));
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

/** What a policy lets the number of commands be, in words. */
export function commandsRule(most: number | undefined): string {
  return most === undefined ? 'any number, or off' : `at least 1 and at most ${most}`;
}
