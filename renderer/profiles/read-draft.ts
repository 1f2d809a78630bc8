import { formatDuration } from '../../shared/duration.ts';
import type { PartialLimits } from '../../shared/limits.ts';
import { isSandboxed, type Profile, profileSchema, type Resources } from '../../shared/profile.ts';
import { checkProfile, type ProfileField, profileFieldAt } from '../../shared/profile-check.ts';
import type { Preferences, SettingsView } from '../../shared/settings.ts';
import { parseSetting } from '../settings/parse.ts';
import { rangeOf } from '../settings/paths.ts';
import type { Draft } from './draft.ts';
import { type Read, readArguments, readCount, readCpus, readMemory, readNames } from './text.ts';

/** What is wrong with a form, by field; `environment.2` is the third variable. */
export type DraftErrors = Readonly<Partial<Record<ProfileField | `environment.${number}`, string>>>;

/** What a form is read with. */
export interface DraftContext {
  readonly policy: SettingsView['policy'];
  /** The settings in force: what a limit left empty is. */
  readonly inForce: Preferences;
  /** Of the machine that runs the engine, as Node names it. */
  readonly platform: string;
}

/** The profile that a form describes, or what keeps it from being one. */
export type ReadDraft = { ok: true; profile: Profile } | { ok: false; errors: DraftErrors };

/** What a field takes, for texts that its schema refuses. */
const TAKES: Readonly<Record<ProfileField, string>> = {
  name: 'Give it a name of up to 80 characters.',
  backend: 'It cannot be of this kind.',
  shell: 'It can be a path or a name of up to 4096 characters.',
  args: 'There can be up to 64 arguments, each of up to 4096 characters.',
  folder: 'It can be a path of up to 4096 characters.',
  folderAccess: 'Choose one of the three.',
  mountAt: 'Write a full path in the container, such as /src, without a colon.',
  environment: 'Names have letters, digits and _, and do not begin with a digit.',
  environmentAllow: 'Write up to 64 names, such as LANG or LC_*.',
  idleTimeoutSeconds: 'Write a time such as 15m.',
  maxDurationSeconds: 'Write a time such as 1h.',
  activity: 'It is not valid.',
  warnBeforeSeconds: 'It is not valid.',
  extensions: 'It is not valid.',
  closeGraceSeconds: 'It is not valid.',
  maxCommands: 'Write a whole number up to 1000000, or 0 for no limit.',
  onExpiry: 'Choose one of the three.',
  thawWindowSeconds: 'Write a time from 1 second to 1 day.',
  recording: 'It is not valid.',
  network: 'It can be none, bridge, or the name of a network made for containers.',
  memoryMiB: 'It can be 16 MB to 1 TB, or empty for no bound.',
  cpus: 'It can be 0.05 to 1024, or empty for no bound.',
  pids: 'It can be 8 to 1000000, or empty for no bound.',
  image: 'Write an image name such as debian:bookworm-slim.',
  pull: 'Choose one of the three.',
  user: 'Write a name or a number, with a group if you like: 1000:1000.',
  runtime: 'Choose one of the engine’s runtimes.',
  readOnlyRoot: 'It is not valid.',
  capabilities: 'There is no such capability.',
  noNewPrivileges: 'It is not valid.',
  pool: 'It can be 0 to 16.',
  survive: 'It is not valid.',
  credentials: 'One of them is not valid.',
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
  draft.environment.forEach(({ name, value }, index) => {
    const trimmed = name.trim();
    if (trimmed === '' && value === '') return;
    if (!VARIABLE_NAME.test(trimmed)) note(`environment.${index}`, TAKES.environment);
    else if (Object.hasOwn(environment, trimmed)) note(`environment.${index}`, `${trimmed} is there already.`);
    else environment[trimmed] = value;
  });
  const common = {
    id: base.id,
    name: draft.name,
    ...(draft.shell.trim() === '' ? {} : { shell: draft.shell.trim() }),
    args: draft.args === null ? base.args : readArguments(draft.args),
    ...(draft.folder.trim() === '' ? {} : { folder: draft.folder.trim() }),
    environment,
    limits: readLimits(draft, base, context, note),
    recording: draft.recording,
  };
  const sandbox = {
    folderAccess: draft.folderAccess,
    network: draft.network.trim(),
    resources,
    environmentAllow: readNames(draft.environmentAllow),
  };
  const candidate = ((): object => {
    switch (draft.backend) {
      case 'pty':
        return { ...common, backend: 'pty' };
      case 'bubblewrap':
        return { ...common, backend: 'bubblewrap', bubblewrap: sandbox };
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
          },
        };
    }
  })();

  const parsed = profileSchema.safeParse(candidate);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const field = profileFieldAt(issue.path) ?? 'name';
      note(field, TAKES[field]);
    }
    return { ok: false, errors };
  }
  for (const { field, message, byPolicy } of checkProfile(parsed.data, context.policy, context.platform)) {
    // The engine writes out the home folder.
    if (field === 'folder' && /^~(?=$|[\\/])/.test(draft.folder.trim())) continue;
    const sentence = message.charAt(0).toUpperCase() + message.slice(1);
    note(field, byPolicy ? `${sentence}, says the policy.` : `${sentence}.`);
  }
  return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, profile: parsed.data };
}

/** The limits in the form, with those that it does not show as they were. */
function readLimits(
  draft: Draft,
  base: Profile,
  context: DraftContext,
  note: (field: ProfileField, message: string) => void,
): PartialLimits {
  const { idleTimeoutSeconds: _, maxDurationSeconds: __, ...limits } = base.limits;
  const result: PartialLimits = limits;
  const kind = isSandboxed(draft.backend) ? 'sandboxed' : 'local';
  for (const field of ['idleTimeoutSeconds', 'maxDurationSeconds'] as const) {
    if (draft[field].trim() === '') continue;
    const read = parseSetting(draft[field], { kind: 'duration' }, rangeOf(`limits.${kind}.${field}`, context.policy));
    if (!read.ok) note(field, read.message);
    else if (read.value === 0) {
      const inherited = formatDuration(context.inForce.limits[kind][field]);
      note(field, `A profile cannot switch it off. Leave it empty for ${inherited}, as the settings have it.`);
    } else if (typeof read.value === 'number') result[field] = read.value;
  }
  return result;
}
