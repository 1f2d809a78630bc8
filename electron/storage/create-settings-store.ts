import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { messageOf } from '../../shared/error-message.ts';
import { RequestError } from '../../shared/errors.ts';
import type { Profile } from '../../shared/profile.ts';
import {
  type Policy,
  type Problem,
  SETTINGS_VERSION,
  type SettingChange,
  type SettingPath,
  type Settings,
} from '../../shared/settings.ts';
import { applyPolicy, effectiveSettings, policyRule } from './effective-settings.ts';
import { readEnvironment } from './environment.ts';
import { BUILT_IN_POLICY, policyAfter, policyProblem, policySource } from './policy.ts';
import { assertProfile, withoutProfile, withPreset, withProfile } from './profile-changes.ts';
import {
  completeValues,
  parseSetting,
  SETTING_RULES,
  type SomeSettingValues,
  someSettingValuesSchema,
  toPreferences,
} from './setting-values.ts';
import { settingsEdits } from './settings-edits.ts';
import type {
  EffectiveSettings,
  PolicyState,
  SettingsFile,
  SettingsFileProblem,
  SettingsStore,
} from './settings-store.ts';
import { type LoadedSettings, loadSettings, toStored, type UserSettings } from './stored-settings.ts';

export interface SettingsStoreOptions {
  readonly file: SettingsFile;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called at the start, and when the policy's file was changed. */
  readonly readPolicy: () => PolicyState;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** What a full path looks like; this machine's without it. */
  readonly platform?: string;
}

/** Reads settings, environment and policy, and keeps them. Problems with any of them are told, never thrown. */
export function createSettingsStore({
  file,
  env,
  readPolicy,
  logger,
  platform = process.platform,
}: SettingsStoreOptions): SettingsStore {
  let policy = readPolicy();
  let wrongWithPolicy = policyProblem(policy);
  let rules = policy.ok ? policy.policy : BUILT_IN_POLICY;
  let loaded = loadSettings(file);
  let environment = readEnvironment(env, rules);
  const problems = (): readonly Problem[] => [
    ...(wrongWithPolicy === null ? [] : [wrongWithPolicy]),
    ...environment.problems,
    ...(loaded.problem === null ? [] : [asProblem(loaded.problem)]),
  ];
  const warn = (problem: Problem): void => logger.warn({ problem }, 'Settings are not as they should be');
  for (const problem of problems()) warn(problem);

  let user: UserSettings = loaded.user;
  let settings = settingsOf(user);
  let effective: EffectiveSettings = effectiveSettings(user.values, environment.values, rules);
  const listeners = new Set<() => void>();

  const notify = (): void => {
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        logger.error({ err: error }, 'A listener for changed settings failed');
      }
    }
  };

  /** Puts settings in force. */
  const adopt = (next: UserSettings): boolean => {
    if (isDeepStrictEqual(next, user)) return false;
    user = next;
    settings = settingsOf(user);
    effective = effectiveSettings(user.values, environment.values, rules);
    return true;
  };

  /** Reads the file again: its owner, or another process, may have changed it. */
  const reload = (): void => {
    const fresh = loadSettings(file);
    const isNew = !isDeepStrictEqual(fresh.problem, loaded.problem);
    if (isNew && fresh.problem !== null) warn(fresh.problem);
    loaded = fresh;
  };

  const refresh = (): void => {
    const before: LoadedSettings = loaded;
    reload();
    // What cannot be read does not undo what is in force.
    const changed = !loaded.protected && adopt(loaded.user);
    if (changed) logger.info('The settings file was changed');
    if (changed || !isDeepStrictEqual(before.problem, loaded.problem)) notify();
  };

  const refreshPolicy = (): void => {
    const before = { policy, problem: wrongWithPolicy };
    const { state, problem } = policyAfter(policy, readPolicy());
    if (isDeepStrictEqual(before, { policy: state, problem })) return;
    policy = state;
    wrongWithPolicy = problem;
    if (problem !== null) warn(problem);
    if (!isDeepStrictEqual(before.policy, state)) logger.info({ file: state.file }, 'The policy was changed');
    // Without a policy no session starts; those that run keep the rules that they have.
    if (state.ok) rules = state.policy;
    environment = readEnvironment(env, rules);
    effective = effectiveSettings(user.values, environment.values, rules);
    notify();
  };

  /** Makes one change of what is stored now; what it throws refuses the change. */
  const apply = (change: (base: UserSettings) => UserSettings, told: object): void => {
    const before = loaded.problem;
    const fresh = loadSettings(file);
    if (fresh.protected && !loaded.protected) {
      throw new RequestError('invalid_setting', fresh.problem?.message ?? `${file.path} must not be changed`);
    }
    loaded = fresh;
    const next = change(loaded.protected ? user : loaded.user);
    if (!loaded.protected && !isDeepStrictEqual(next, loaded.user)) {
      save(() => file.edit(settingsEdits(loaded, next)));
      reload();
    }
    const changed = adopt(next);
    if (changed) logger.info(told, 'Settings changed');
    if (changed || !isDeepStrictEqual(before, loaded.problem)) notify();
  };

  const changeProfiles = (id: string, change: (profiles: readonly Profile[]) => readonly Profile[]): void =>
    apply((base) => ({ ...base, profiles: change(base.profiles) }), { profile: id });

  return {
    get settings() {
      return settings;
    },
    get effective() {
      return effective;
    },
    path: file.path,
    get policy() {
      return policy;
    },
    get policyProblem() {
      return wrongWithPolicy;
    },
    get problems() {
      return problems();
    },
    get fileProblem() {
      return loaded.problem;
    },
    profile: (id: string): Profile | undefined => settings.profiles.find((profile) => profile.id === id),
    change(changes) {
      // Refused before anything is read or written.
      changedValues(user.values, changes, policy);
      apply((base) => ({ ...base, values: changedValues(base.values, changes, policy) }), {
        settings: changes.map(({ path }) => path),
      });
    },
    saveProfile(profile, before) {
      assertProfile(profile, policy, platform);
      changeProfiles(profile.id, (profiles) => withProfile(profiles, profile, before));
    },
    deleteProfile: (id) => changeProfiles(id, (profiles) => withoutProfile(profiles, id)),
    resetProfile: (id) => changeProfiles(id, (profiles) => withPreset(profiles, id)),
    refresh,
    refreshPolicy,
    replaceFile() {
      let copy = '';
      save(() => {
        copy = file.setAside();
        file.replace(toStored(user));
      });
      reload();
      logger.info({ copy }, 'The settings file was replaced');
      notify();
      return copy;
    },
    onChange(listener) {
      const own = (): void => listener();
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
  };
}

/** What windows are notified of. */
function asProblem({ id, severity, title, message }: SettingsFileProblem): Problem {
  return { id, severity, title, message };
}

function settingsOf({ values, profiles }: UserSettings): Settings {
  const preferences = toPreferences(completeValues(values));
  return { version: SETTINGS_VERSION, ...preferences, profiles: [...profiles] };
}

function save(write: () => void): void {
  try {
    write();
  } catch (cause) {
    const why = messageOf(cause);
    throw new RequestError('internal', `The settings could not be saved: ${why}`, { cause });
  }
}

/** The values after all changes. Throws `RequestError` for the first that is not valid or not allowed. */
function changedValues(
  values: SomeSettingValues,
  changes: readonly SettingChange[],
  policy: PolicyState,
): SomeSettingValues {
  const next: Record<string, unknown> = { ...values };
  for (const { path, value } of changes) {
    if (!policy.ok && isLimit(path)) throw new RequestError('policy_unreadable', policy.message);
    if (value === null || value === undefined) {
      delete next[path];
      continue;
    }
    const parsed = parseSetting(path, value);
    if (parsed === null) throw new RequestError('invalid_setting', `Must be ${SETTING_RULES[path]}.`, { field: path });
    if (policy.ok && !allows(policy.policy, path, parsed.value)) {
      throw new RequestError('invalid_setting', `${policyRule(path, policy.policy)} (${policySource(policy)}).`, {
        field: path,
      });
    }
    next[path] = parsed.value;
  }
  return someSettingValuesSchema.parse(next);
}

/** Whether a policy might have a say in this setting. */
function isLimit(path: SettingPath): boolean {
  return path.startsWith('limits.') || path.startsWith('sessions.');
}

function allows(policy: Policy, path: SettingPath, value: unknown): boolean {
  const asked = completeValues(someSettingValuesSchema.parse({ [path]: value }));
  return isDeepStrictEqual(applyPolicy(asked, policy)[path], asked[path]);
}
