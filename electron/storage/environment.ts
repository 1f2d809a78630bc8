import { describeDuration } from '../../shared/duration.ts';
import { SETTING_LABELS } from '../../shared/labels.ts';
import type { Policy, Problem, SettingPath } from '../../shared/settings.ts';
import { applyPolicy, policyRule } from './effective-settings.ts';
import { completeValues, parseSetting, type SomeSettingValues, someSettingValuesSchema } from './setting-values.ts';

/** The settings each environment variable overrides. All take whole numbers; times are in seconds. */
export const ENVIRONMENT_OVERRIDES = {
  SESSION_TIMEOUT_SECS: ['limits.local.idleTimeoutSeconds', 'limits.sandboxed.idleTimeoutSeconds'],
  SESSION_MAX_CONCURRENT: ['sessions.maxConcurrentSessions'],
  SESSION_CLEANUP_INTERVAL: ['sessions.cleanupIntervalSeconds'],
} as const satisfies Readonly<Record<string, readonly SettingPath[]>>;

/**
 * Reads the overrides from the environment. One that cannot be used is left out and told as a problem; so is one that
 * the policy changes, which stays in and is brought within the policy with everything else.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  policy: Policy,
): { values: SomeSettingValues; problems: readonly Problem[] } {
  const values: Record<string, unknown> = {};
  const problems = new Map<string, Problem>();
  /** Once for each variable: what is wrong with it is the same for all that it overrides. */
  const tell = (name: string, what: string): void => {
    if (!problems.has(name)) problems.set(name, problem(name, what));
  };
  for (const [name, paths] of Object.entries(ENVIRONMENT_OVERRIDES)) {
    const text = env[name]?.trim() ?? '';
    if (text === '') continue;
    for (const path of paths) {
      const parsed = /^\d{1,9}$/.test(text) ? parseSetting(path, Number(text)) : null;
      if (parsed === null) {
        tell(name, `“${text.slice(0, 40)}” is not ${RANGES[name]}. It is ignored.`);
        continue;
      }
      values[path] = parsed.value;
      const asked = completeValues(someSettingValuesSchema.parse({ [path]: parsed.value }));
      const allowed = applyPolicy(asked, policy)[path];
      if (allowed === asked[path]) continue;
      const inForce = name === 'SESSION_TIMEOUT_SECS' ? describeDuration(allowed) : String(allowed);
      const rule = `${SETTING_LABELS[path]}: ${policyRule(path, policy)}`;
      tell(name, `${text} is not what the policy allows. ${rule}. In force: ${inForce}.`);
    }
  }
  return { values: someSettingValuesSchema.parse(values), problems: [...problems.values()] };
}

const RANGES: Readonly<Record<string, string>> = {
  SESSION_TIMEOUT_SECS: 'a whole number of seconds from 0 (off) to 604800',
  SESSION_MAX_CONCURRENT: 'a whole number from 1 to 10000',
  SESSION_CLEANUP_INTERVAL: 'a whole number of seconds from 1 to 86400',
};

function problem(name: string, what: string): Problem {
  return {
    id: `environment-${name}`,
    severity: 'warning',
    title: `${name} cannot be used as it is`,
    message: `${name}=${what}`,
  };
}
