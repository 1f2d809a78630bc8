import fc from 'fast-check';
import { expect, test } from 'vitest';
import { policySchema } from '../../shared/settings.ts';
import { effectiveSettings, policyRule } from './effective-settings.ts';
import { readEnvironment } from './environment.ts';
import { BUILT_IN_POLICY } from './policy.ts';
import { DEFAULT_VALUES, nestValues, settingValuesSchema, toPreferences, valueAt } from './setting-values.ts';

const IDLE = 'limits.local.idleTimeoutSeconds';
const SANDBOXED_IDLE = 'limits.sandboxed.idleTimeoutSeconds';

test('with nothing set, every value is the default and says so', () => {
  const { preferences, origins } = effectiveSettings({}, {}, BUILT_IN_POLICY);
  expect(preferences).toEqual(toPreferences(DEFAULT_VALUES));
  expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
});

test('what the user set is theirs, also where it equals the default', () => {
  const { origins } = effectiveSettings({ [IDLE]: DEFAULT_VALUES[IDLE] }, {}, BUILT_IN_POLICY);
  expect(origins[IDLE]).toBe('settings');
  expect(origins['limits.local.maxDurationSeconds']).toBe('default');
});

test('the environment overrides the user, and the policy both', () => {
  const user = { [IDLE]: 1_200 };
  const environment = { [IDLE]: 1_800 };
  const overridden = effectiveSettings(user, environment, BUILT_IN_POLICY);
  expect(overridden.preferences.limits.local.idleTimeoutSeconds).toBe(1_800);
  expect(overridden.origins[IDLE]).toBe('environment');
  const capped = effectiveSettings(user, environment, policySchema.parse({ maxIdleTimeoutSeconds: 900 }));
  expect(capped.preferences.limits.local.idleTimeoutSeconds).toBe(900);
  expect(capped.origins[IDLE]).toBe('policy');
});

test('a value that the policy need not change keeps its own origin', () => {
  const { origins } = effectiveSettings({ [IDLE]: 900 }, {}, policySchema.parse({ maxIdleTimeoutSeconds: 900 }));
  expect(origins[IDLE]).toBe('settings');
});

test('a policy with a longest timeout forbids switching it off', () => {
  const policy = policySchema.parse({ maxIdleTimeoutSeconds: 900 });
  expect(effectiveSettings({ [IDLE]: 0 }, {}, policy).preferences.limits.local.idleTimeoutSeconds).toBe(900);
  expect(effectiveSettings({ [IDLE]: 0 }, {}, BUILT_IN_POLICY).preferences.limits.local.idleTimeoutSeconds).toBe(0);
});

test('a policy with a largest number of commands forbids switching that limit off', () => {
  const policy = policySchema.parse({ maxMaxCommands: 50 });
  const inForce = (count: number) => {
    const { preferences, origins } = effectiveSettings({ 'limits.maxCommands': count }, {}, policy);
    return [preferences.limits.maxCommands, origins['limits.maxCommands']];
  };
  expect(inForce(0)).toEqual([50, 'policy']);
  expect(inForce(51)).toEqual([50, 'policy']);
  expect(inForce(49)).toEqual([49, 'settings']);
  expect(policyRule('limits.maxCommands', policy)).toBe('Must be at least 1 and at most 50');
  expect(effectiveSettings({ 'limits.maxCommands': 0 }, {}, BUILT_IN_POLICY).preferences.limits.maxCommands).toBe(0);
});

test('activity is never empty: input counts, or what the policy allows', () => {
  const only = (allowedActivity: string[]) =>
    effectiveSettings({ 'limits.activity': ['cpu'] }, {}, policySchema.parse({ allowedActivity })).preferences.limits
      .activity;
  expect(only(['input', 'output'])).toEqual(['input']);
  expect(only(['output'])).toEqual(['output']);
  expect(only(['cpu', 'output'])).toEqual(['cpu']);
});

const seconds = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 604_800 }));
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const policies = fc
  .record({
    minimumTimeoutSeconds: fc.integer({ min: 1, max: 600 }),
    maxIdleTimeoutSeconds: optional(fc.integer({ min: 600, max: 604_800 })),
    maxConcurrentSessions: optional(fc.integer({ min: 1, max: 10_000 })),
    maxExtensions: optional(fc.integer({ min: 0, max: 100 })),
  })
  .map((policy) => policySchema.parse(policy));

test('whatever is set, what is in force is valid and within the policy', () => {
  fc.assert(
    fc.property(seconds, fc.integer({ min: 1, max: 10_000 }), policies, (idle, sessions, policy) => {
      const { preferences } = effectiveSettings(
        { [IDLE]: idle, 'sessions.maxConcurrentSessions': sessions },
        {},
        policy,
      );
      const inForce = preferences.limits.local.idleTimeoutSeconds;
      if (inForce === 0) expect(policy.maxIdleTimeoutSeconds).toBeUndefined();
      else expect(inForce).toBeGreaterThanOrEqual(policy.minimumTimeoutSeconds);
      expect(inForce).toBeLessThanOrEqual(policy.maxIdleTimeoutSeconds ?? 604_800);
      expect(preferences.sessions.maxConcurrentSessions).toBeLessThanOrEqual(policy.maxConcurrentSessions ?? 10_000);
      expect(preferences.limits.extensions.count).toBeLessThanOrEqual(policy.maxExtensions ?? 100);
    }),
  );
});

test('a policy’s rule is in words the user can act on', () => {
  expect(policyRule(IDLE, BUILT_IN_POLICY)).toBe('Must be at least 1 minute, or off');
  expect(policyRule(IDLE, policySchema.parse({ maxIdleTimeoutSeconds: 900 }))).toBe(
    'Must be at least 1 minute and at most 15 minutes',
  );
  expect(policyRule('limits.extensions.count', policySchema.parse({ maxExtensions: 0 }))).toBe(
    'The policy allows no extensions',
  );
});

test('nesting settings by their address and looking them up again gives the same', () => {
  const nested = nestValues(DEFAULT_VALUES);
  const again = Object.fromEntries(Object.keys(DEFAULT_VALUES).map((path) => [path, valueAt(nested, path)]));
  expect(settingValuesSchema.parse(again)).toEqual(DEFAULT_VALUES);
});

test('the environment is read as whole numbers in range', () => {
  const { values, problems } = readEnvironment(
    { SESSION_TIMEOUT_SECS: ' 120 ', SESSION_MAX_CONCURRENT: '5', SESSION_CLEANUP_INTERVAL: '' },
    BUILT_IN_POLICY,
  );
  expect(values).toEqual({ [IDLE]: 120, [SANDBOXED_IDLE]: 120, 'sessions.maxConcurrentSessions': 5 });
  expect(problems).toEqual([]);
});

test.each([
  ['SESSION_TIMEOUT_SECS', '15m'],
  ['SESSION_TIMEOUT_SECS', '-1'],
  ['SESSION_TIMEOUT_SECS', '604801'],
  ['SESSION_MAX_CONCURRENT', '0'],
  ['SESSION_MAX_CONCURRENT', '1e3'],
  ['SESSION_CLEANUP_INTERVAL', '0x10'],
])('%s=%s is ignored and told', (name, value) => {
  const { values, problems } = readEnvironment({ [name]: value }, BUILT_IN_POLICY);
  expect(values).toEqual({});
  expect(problems).toMatchObject([{ id: `environment-${name}`, severity: 'warning' }]);
  expect(problems[0]?.message).toContain(value);
});

test('an override that the policy changes is told with what is in force', () => {
  const { values, problems } = readEnvironment({ SESSION_TIMEOUT_SECS: '5' }, BUILT_IN_POLICY);
  expect(values).toEqual({ [IDLE]: 5, [SANDBOXED_IDLE]: 5 });
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toContain('In force: 1 minute');
});
