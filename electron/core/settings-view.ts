import {
  DEFAULT_SETTINGS,
  type Policy,
  type Preferences,
  policySchema,
  type SettingsView,
} from '../../shared/settings.ts';
import type { SettingsStore } from '../storage/settings-store.ts';

/** The settings as a window shows them. */
export function settingsView(store: SettingsStore): SettingsView {
  const { settings, effective, policy } = store;
  const inForce: Policy = policy.ok ? policy.policy : policySchema.parse({});
  return {
    preferences: preferencesOf(settings),
    effective: effective.preferences,
    origins: { ...effective.origins },
    defaults: preferencesOf(DEFAULT_SETTINGS),
    policy: inForce,
    policyFile: policy.file,
    policyIsOwn: policy.ok && policy.isOwn === true,
    policyProblem: store.policyProblem?.message ?? null,
    profiles: [...settings.profiles],
    file: fileState(store),
  };
}

function fileState({ path, fileProblem }: SettingsStore): SettingsView['file'] {
  if (fileProblem === null) return null;
  const { title, message, isUnused } = fileProblem;
  return { path, title, message, isUnused };
}

function preferencesOf({ limits, sessions, history, terminal, appearance }: Preferences): Preferences {
  return { limits, sessions, history, terminal, appearance };
}
