import { isDeepStrictEqual } from 'node:util';
import { ACTIVITY_KINDS, type LimitOrigin, MAX_LIMIT_SECONDS } from '../../shared/limits.ts';
import { activityRule, commandsRule, extensionsRule, timeoutRule } from '../../shared/profile-check.ts';
import { type Policy, SETTING_PATHS, type SettingPath, settingsViewSchema } from '../../shared/settings.ts';
import { completeValues, type SettingValues, type SomeSettingValues, toPreferences } from './setting-values.ts';
import type { EffectiveSettings } from './settings-store.ts';

/**
 * The settings in force: what the user set, or the default, unless the environment says otherwise, and all of it
 * within the policy. Each with the level it comes from; `policy` where the policy had to change it.
 */
export function effectiveSettings(
  user: SomeSettingValues,
  environment: SomeSettingValues,
  policy: Policy,
): EffectiveSettings {
  const wanted = completeValues(user, environment);
  const allowed = applyPolicy(wanted, policy);
  const originOf = (path: SettingPath): LimitOrigin => {
    if (!isDeepStrictEqual(allowed[path], wanted[path])) return 'policy';
    if (environment[path] !== undefined) return 'environment';
    return user[path] === undefined ? 'default' : 'settings';
  };
  const origins = settingsViewSchema.shape.origins.parse(
    Object.fromEntries(SETTING_PATHS.map((path) => [path, originOf(path)])),
  );
  return { preferences: toPreferences(allowed), origins };
}

/** `local` or `sandboxed`: each kind of session has its own. */
type IdleTimeoutPath = Extract<SettingPath, `${string}.idleTimeoutSeconds`>;
type MaxDurationPath = Extract<SettingPath, `${string}.maxDurationSeconds`>;

/** Brings every value within the policy; those that are already stay as they are. */
export function applyPolicy(values: SettingValues, policy: Policy): SettingValues {
  const { minimumTimeoutSeconds: shortest, allowedActivity } = policy;
  const activity = values['limits.activity'].filter((kind) => allowedActivity?.includes(kind) ?? true);
  const idle = (path: IdleTimeoutPath) => withinPolicy(values[path], shortest, policy.maxIdleTimeoutSeconds);
  const duration = (path: MaxDurationPath) => withinPolicy(values[path], shortest, policy.maxMaxDurationSeconds);
  return {
    ...values,
    'limits.local.idleTimeoutSeconds': idle('limits.local.idleTimeoutSeconds'),
    'limits.local.maxDurationSeconds': duration('limits.local.maxDurationSeconds'),
    'limits.sandboxed.idleTimeoutSeconds': idle('limits.sandboxed.idleTimeoutSeconds'),
    'limits.sandboxed.maxDurationSeconds': duration('limits.sandboxed.maxDurationSeconds'),
    'limits.activity': activity.length > 0 ? activity : leastActivity(policy),
    'limits.extensions.count': Math.min(
      values['limits.extensions.count'],
      policy.maxExtensions ?? Number.POSITIVE_INFINITY,
    ),
    'limits.maxCommands': commandsWithinPolicy(values['limits.maxCommands'], policy),
    'sessions.maxConcurrentSessions': Math.min(
      values['sessions.maxConcurrentSessions'],
      policy.maxConcurrentSessions ?? Number.POSITIVE_INFINITY,
    ),
  };
}

/** A timeout in seconds (0 = off) within `shortest` and `longest`; a longest one also forbids off. */
export function withinPolicy(seconds: number, shortest: number, longest: number | undefined): number {
  if (seconds === 0) return longest ?? 0;
  return Math.min(Math.max(seconds, shortest), longest ?? MAX_LIMIT_SECONDS);
}

/** A number of commands (0 = off) within the policy, which also forbids off where it has a largest number. */
export function commandsWithinPolicy(count: number, { maxMaxCommands: most }: Policy): number {
  return count === 0 ? (most ?? 0) : Math.min(count, most ?? count);
}

/** What counts as activity when levels have none in common: input, else the first that the policy allows at all. */
export function leastActivity({ allowedActivity: allowed }: Policy): SettingValues['limits.activity'] {
  return [ACTIVITY_KINDS.find((kind) => allowed?.includes(kind) ?? true) ?? 'input'];
}

/** What the policy lets this setting be, in words that follow its name: “at least 1 minute, or off”. */
export function policyRule(path: SettingPath, policy: Policy): string {
  switch (path) {
    case 'limits.local.idleTimeoutSeconds':
    case 'limits.sandboxed.idleTimeoutSeconds':
      return timeoutRule(policy.minimumTimeoutSeconds, policy.maxIdleTimeoutSeconds);
    case 'limits.local.maxDurationSeconds':
    case 'limits.sandboxed.maxDurationSeconds':
      return timeoutRule(policy.minimumTimeoutSeconds, policy.maxMaxDurationSeconds);
    case 'limits.activity':
      return activityRule(policy.allowedActivity ?? []);
    case 'limits.extensions.count':
      return extensionsRule(policy.maxExtensions ?? 0);
    case 'limits.maxCommands':
      return commandsRule(policy.maxMaxCommands);
    case 'sessions.maxConcurrentSessions':
      return `Must be at most ${policy.maxConcurrentSessions}`;
    default:
      return 'Cannot be changed';
  }
}
