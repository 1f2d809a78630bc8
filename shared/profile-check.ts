import { describeDuration } from './duration.ts';
import { CREDENTIAL_LABELS, type CredentialPart, PROFILE_FIELDS, type ProfileField } from './labels.ts';
import type { ActivityKind } from './limits.ts';
import { allowsKind, kindsRule } from './policy-objection.ts';
import { LOCAL_PROFILE_ID, type Profile } from './profile.ts';
import type { Policy } from './settings.ts';

/** What is wrong with one field, as a sentence without its full stop. */
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
    const field = PROFILE_FIELDS.find((candidate) => candidate === key);
    if (field !== undefined) return field;
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
 * and what the policy does not allow. Whether its folder exists is not checked here.
 */
export function checkProfile(profile: Profile, policy: Policy, platform: string): readonly ProfileIssue[] {
  const issues: ProfileIssue[] = [];
  const refuse = (field: ProfileField, message: string): void => void issues.push({ field, message, byPolicy: false });

  if (profile.id === LOCAL_PROFILE_ID && profile.backend !== 'pty') {
    refuse('backend', 'The local shell stays a local shell. Make another profile for a sandbox');
  }
  const inContainer = profile.backend === 'docker';
  if (profile.shell !== undefined && /[\\/]/.test(profile.shell)) {
    const full = isFullPath(profile.shell, inContainer ? 'linux' : platform);
    if (!full) refuse('shell', 'Must be a full path, or a name alone that is looked up in PATH');
  }
  if (profile.args.some((argument) => argument.includes('\0'))) {
    refuse('args', 'A NUL character cannot be passed to a program');
  }
  if (Object.values(profile.environment).some((value) => value.includes('\0'))) {
    refuse('environment', 'A value must not contain a NUL character');
  }
  if (profile.folder !== undefined && !isFullPath(profile.folder, platform)) {
    refuse('folder', `Must be a full path, such as ${platform === 'win32' ? 'C:\\src' : '/home/me/src'}`);
  }
  const shown = shownFolder(profile);
  if (shown !== null && profile.folder === undefined) {
    refuse('folder', 'Choose the folder that the sandbox can see, or no access to one');
  }
  if (profile.backend === 'docker') {
    const { mountAt, capabilities } = profile.container;
    const objection = shown === null ? null : mountPointObjection(mountAt);
    if (objection !== null) refuse('mountAt', objection);
    const unknown = capabilities.find((name) => !KNOWN_CAPABILITIES.has(name));
    if (unknown !== undefined) refuse('capabilities', `There is no capability ${unknown}`);
  }
  const [credential] = credentialIssues(profile, platform);
  if (credential !== undefined) refuse('credentials', credential.message);
  return [...issues, ...policyIssues(profile, policy)];
}

/** The field of a credential that a path into it leads to, as in the issues of its schema; null for none of them. */
export function credentialPartAt(path: readonly PropertyKey[]): CredentialPart | null {
  // Object.keys knows no more than `string`.
  const parts = Object.keys(CREDENTIAL_LABELS) as CredentialPart[];
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
    if (seen.has(env)) refuse('env', `${env} is listed twice`);
    else if (/^SANDGLASS_/i.test(env)) refuse('env', `${env} is reserved for Sandglass`);
    else if (Object.hasOwn(environment, env)) refuse('env', `${env} is also one of the variables. Remove it there`);
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
  if (path === '/') return 'Must be a folder of its own, such as /src: / would hide the whole image';
  if (/\/\/|\/\.{0,2}(\/|$)/.test(path)) return 'Must be a plain path, without “..” and without a slash at its end';
  const inside = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
  const taken = NOT_TO_MOUNT_AT.find((place) => inside(path, place) || inside(place, path));
  return taken === undefined ? null : `Must be a folder of its own, such as /src: the container has ${taken} there`;
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
  if (!allowsKind(policy, backend)) refuse('backend', `The policy allows ${kindsRule(policy.allowedBackends ?? [])}`);
  timeout('idleTimeoutSeconds', policy.maxIdleTimeoutSeconds);
  timeout('maxDurationSeconds', policy.maxMaxDurationSeconds);
  const { activity, extensions } = limits;
  const { allowedActivity, maxExtensions } = policy;
  if (allowedActivity !== undefined && activity?.some((kind) => !allowedActivity.includes(kind))) {
    refuse('activity', activityRule(allowedActivity));
  }
  const { maxCommands } = limits;
  const { maxMaxCommands } = policy;
  if (maxCommands !== undefined && maxMaxCommands !== undefined) {
    if (maxCommands === 0 || maxCommands > maxMaxCommands) refuse('maxCommands', commandsRule(maxMaxCommands));
  }
  if (maxExtensions !== undefined && extensions !== undefined && extensions.count > maxExtensions) {
    refuse('extensions', extensionsRule(maxExtensions));
  }
  return issues;
}

/** What a policy lets a timeout be, in words: “Must be at least 1 minute, or off”. */
export function timeoutRule(shortestSeconds: number, longestSeconds: number | undefined): string {
  if (longestSeconds === undefined) return `Must be at least ${describeDuration(shortestSeconds)}, or off`;
  return `Must be at least ${describeDuration(shortestSeconds)} and at most ${describeDuration(longestSeconds)}`;
}

/** What a policy lets the number of commands be, in words. */
export function commandsRule(most: number | undefined): string {
  return most === undefined ? 'Must be a whole number, or off' : `Must be at least 1 and at most ${most}`;
}

/** What a policy lets count as activity, in words. */
export function activityRule(allowed: readonly ActivityKind[]): string {
  return `Only ${allowed.join(', ')} may count as activity`;
}

/** What a policy lets the number of extensions be, in words. */
export function extensionsRule(most: number): string {
  return most === 0 ? 'The policy allows no extensions' : `Must be at most ${most}`;
}
