import { formatDuration } from '../../shared/duration.ts';
import type { CredentialPart, ProfileField } from '../../shared/labels.ts';
import type { PartialLimits } from '../../shared/limits.ts';
import { isSandboxed, type Profile, profileSchema, type Resources } from '../../shared/profile.ts';
import { checkProfile, credentialIssues, credentialPartAt, profileFieldAt } from '../../shared/profile-check.ts';
import type { Preferences, SettingsView } from '../../shared/settings.ts';
import { parseSetting } from '../settings/parse.ts';
import { rangeOf } from '../settings/paths.ts';
import { credentialOf, isBlank } from './credential-rows.ts';
import type { Draft } from './draft.ts';
import { type Read, readArguments, readCount, readCpus, readMemory, readNames } from './text.ts';

/** The name of a field of one row: that of the variable, or of the credential, with this key. */
type RowField = `environment.${number}` | `credentials.${number}.${CredentialPart}`;

/** What is wrong with a form, by field. */
export type DraftErrors = Readonly<Partial<Record<ProfileField | RowField, string>>>;

/** What a form is read with. */
export interface DraftContext {
  readonly policy: SettingsView['policy'];
  /** The settings in force: what a limit left empty is. */
  readonly inForce: Preferences;
  /** Of the machine that runs the core, as Node names it. */
  readonly platform: string;
}

/** The profile that a form describes, or what keeps it from being one. */
export type ReadDraft = { ok: true; profile: Profile } | { ok: false; errors: DraftErrors };

/** What to enter in a field whose text its schema refuses. */
const TAKES: Readonly<Record<ProfileField, string>> = {
  name: 'Enter a name of up to 80 characters.',
  backend: 'This profile cannot be of this kind.',
  shell: 'Must be a path or a name of up to 4096 characters.',
  args: 'At most 64 arguments, each of up to 4096 characters.',
  loginShell: 'Choose one of the four.',
  folder: 'Must be a path of up to 4096 characters.',
  folderAccess: 'Choose one of the three.',
  mountAt: 'Enter a full path in the container, such as /src, without a colon.',
  environment: 'Names consist of letters, digits and _, and do not begin with a digit.',
  environmentAllow: 'Enter up to 64 names, such as LANG or LC_*.',
  idleTimeoutSeconds: 'Enter a time such as 15m.',
  maxDurationSeconds: 'Enter a time such as 1h.',
  activity: 'Choose at least one.',
  warnBeforeSeconds: 'This value is not valid.',
  extensions: 'This value is not valid.',
  closeGraceSeconds: 'This value is not valid.',
  maxCommands: 'Enter a whole number up to 1000000, or 0 for no limit.',
  onExpiry: 'Choose one of the three.',
  thawWindowSeconds: 'Enter a time from 1 second to 1 day.',
  recording: 'This value is not valid.',
  network: 'Must be none, bridge, or the name of a network made for containers.',
  memoryMiB: 'Must be 16 MB to 1 TB, or empty for no limit.',
  cpus: 'Must be 0.05 to 1024, or empty for no limit.',
  pids: 'Must be 8 to 1000000, or empty for no limit.',
  image: 'Enter an image name such as debian:bookworm-slim.',
  pull: 'Choose one of the three.',
  user: 'Enter a name or a number, optionally with a group: 1000:1000.',
  runtime: 'Choose one of the engine’s runtimes.',
  readOnlyRoot: 'This value is not valid.',
  capabilities: 'No such capability.',
  noNewPrivileges: 'This value is not valid.',
  pool: 'Must be 0 to 16.',
  survive: 'This value is not valid.',
  credentials: 'At most 32 credentials.',
};

/** What to enter in a field of a credential whose text its schema refuses. */
const CREDENTIAL_TAKES: Readonly<Record<CredentialPart, string>> = {
  env: 'Enter the name of a variable: letters, digits and _, not beginning with a digit.',
  command: 'Enter a full path, or a name that is looked up in PATH.',
  args: 'At most 64 arguments, each of up to 4096 characters.',
  file: 'Enter the full path of a file.',
  name: 'Enter a name: up to 64 letters, digits, dots, dashes and _.',
  ttlSeconds: 'Enter a time such as 1h, or leave empty for a value that does not expire.',
};

/** As the schema of profiles has it, but for a name that objects have a use of their own for. */
const VARIABLE_NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Reads a form. `base`: the profile it began as; what the form does not show is kept from there. */
export function readDraft(draft: Draft, base: Profile, context: DraftContext): ReadDraft {
  const errors: Record<string, string> = {};
  const note = (field: keyof DraftErrors, message: string): void => {
    errors[field] ??= message;
  };
  const number = (field: 'memoryMiB' | 'cpus' | 'pids' | 'pool', read: Read<number | null>): number | null => {
    if (read.ok) return read.value;
    note(field, read.message);
    return null;
  };

  const resources: Resources = {
    memoryMiB: number('memoryMiB', readMemory(draft.memoryMiB)),
    cpus: number('cpus', readCpus(draft.cpus)),
    pids: number('pids', readCount(draft.pids)),
  };
  const environment: Record<string, string> = {};
  for (const { key, name, value } of draft.environment) {
    const trimmed = name.trim();
    if (trimmed === '' && value === '') continue;
    if (!VARIABLE_NAME.test(trimmed)) note(`environment.${key}`, TAKES.environment);
    else if (Object.hasOwn(environment, trimmed)) note(`environment.${key}`, `${trimmed} is already listed.`);
    else environment[trimmed] = value;
  }
  const rows = draft.credentials.filter((row) => !isBlank(row));
  const noteCredential = (index: number, part: CredentialPart, message: string): void => {
    const key = rows[index]?.key;
    if (key === undefined) note('credentials', message);
    else note(`credentials.${key}.${part}`, message);
  };
  const common = {
    id: base.id,
    name: draft.name,
    ...(draft.shell.trim() === '' ? {} : { shell: draft.shell.trim() }),
    args: draft.args === null ? base.args : readArguments(draft.args),
    ...(draft.folder.trim() === '' ? {} : { folder: draft.folder.trim() }),
    environment,
    limits: readLimits(draft, base, context, note),
    recording: draft.recording,
    credentials: rows.map((row, index) => credentialOf(row, (message) => noteCredential(index, 'ttlSeconds', message))),
  };
  const login = draft.loginShell === '' ? {} : { loginShell: draft.loginShell };
  const sandbox = {
    folderAccess: draft.folderAccess,
    network: draft.network.trim(),
    resources,
    environmentAllow: readNames(draft.environmentAllow),
  };
  const candidate = ((): object => {
    switch (draft.backend) {
      case 'pty':
        return { ...common, ...login, backend: 'pty' };
      case 'bubblewrap':
        return { ...common, ...login, backend: 'bubblewrap', bubblewrap: sandbox };
      case 'docker':
        return {
          ...common,
          backend: 'docker',
          container: {
            ...sandbox,
            image: draft.image.trim(),
            pull: draft.pull,
            user: draft.user.trim(),
            mountAt: draft.mountAt.trim(),
            runtime: draft.runtime === '' ? null : draft.runtime,
            readOnlyRoot: draft.readOnlyRoot,
            capabilities: draft.capabilities,
            noNewPrivileges: draft.noNewPrivileges,
            pool: number('pool', readCount(draft.pool)) ?? 0,
            survive: draft.survive,
          },
        };
    }
  })();

  const parsed = profileSchema.safeParse(candidate);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const [, index] = issue.path;
      const part = credentialPartAt(issue.path);
      if (issue.path[0] === 'credentials' && typeof index === 'number' && part !== null) {
        noteCredential(index, part, CREDENTIAL_TAKES[part]);
        continue;
      }
      const field = profileFieldAt(issue.path) ?? 'name';
      note(field, TAKES[field]);
    }
    return { ok: false, errors };
  }
  for (const { index, part, message } of credentialIssues(parsed.data, context.platform)) {
    noteCredential(index, part, `${message}.`);
  }
  for (const { field, message, byPolicy } of checkProfile(parsed.data, context.policy, context.platform)) {
    // Each credential has its own issues, above.
    if (field === 'credentials') continue;
    // The core writes out the home folder.
    if (field === 'folder' && /^~(?=$|[\\/])/.test(draft.folder.trim())) continue;
    note(field, byPolicy ? `${message} (policy).` : `${message}.`);
  }
  return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, profile: parsed.data };
}

/** The limits in the form, with those that it does not show as they were. */
function readLimits(
  draft: Draft,
  base: Profile,
  { policy, inForce }: DraftContext,
  note: (field: ProfileField, message: string) => void,
): PartialLimits {
  const {
    idleTimeoutSeconds: _,
    maxDurationSeconds: __,
    maxCommands: ___,
    onExpiry: ____,
    activity: _____,
    ...limits
  } = base.limits;
  const result: PartialLimits = limits;
  const kind = isSandboxed(draft.backend) ? 'sandboxed' : 'local';
  const refuseOff = (field: ProfileField, inherited: string): void =>
    note(field, `A profile cannot switch this off. Leave it empty to use the setting, ${inherited}.`);
  for (const field of ['idleTimeoutSeconds', 'maxDurationSeconds'] as const) {
    if (draft[field].trim() === '') continue;
    const read = parseSetting(draft[field], { kind: 'duration' }, rangeOf(`limits.${kind}.${field}`, policy));
    if (!read.ok) note(field, read.message);
    else if (read.value === 0) refuseOff(field, formatDuration(inForce.limits[kind][field]));
    else if (typeof read.value === 'number') result[field] = read.value;
  }
  if (draft.maxCommands.trim() !== '') {
    const control = { kind: 'number', unit: '' } as const;
    const read = parseSetting(draft.maxCommands, control, rangeOf('limits.maxCommands', policy));
    if (!read.ok) note('maxCommands', read.message);
    else if (read.value === 0) refuseOff('maxCommands', commandsText(inForce.limits.maxCommands));
    else if (typeof read.value === 'number') result.maxCommands = read.value;
  }
  if (draft.activity !== null) result.activity = [...draft.activity];
  if (draft.onExpiry !== '') result.onExpiry = draft.onExpiry;
  if (showsThawWindow(draft, inForce)) {
    delete result.thawWindowSeconds;
    if (draft.thawWindowSeconds.trim() !== '') {
      const control = { kind: 'duration' } as const;
      const read = parseSetting(draft.thawWindowSeconds, control, rangeOf('limits.thawWindowSeconds', policy));
      if (!read.ok) note('thawWindowSeconds', read.message);
      else if (typeof read.value === 'number') result.thawWindowSeconds = read.value;
    }
  }
  return result;
}

/** Whether sessions of this form are frozen when their time is up. Only then is there a thaw window to set. */
export function showsThawWindow({ onExpiry }: Pick<Draft, 'onExpiry'>, inForce: Preferences): boolean {
  return (onExpiry === '' ? inForce.limits.onExpiry : onExpiry) === 'freeze';
}

/** A maximum of commands in words: “no limit” for 0. */
export function commandsText(count: number): string {
  return count === 0 ? 'no limit' : String(count);
}
