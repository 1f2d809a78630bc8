import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ACTIVITY_KINDS,
  effectiveLimitsSchema,
  type Limits,
  ON_EXPIRY,
  type PartialLimits,
} from '../../../shared/limits.ts';
import { BACKENDS, type BackendKind, isSandboxed } from '../../../shared/profile.ts';
import { type Policy, policySchema } from '../../../shared/settings.ts';
import { effectiveSettings } from '../../storage/effective-settings.ts';
import type { SomeSettingValues } from '../../storage/setting-values.ts';
import { effectiveLimits } from './effective-limits.ts';

interface Levels {
  backend?: BackendKind;
  user?: SomeSettingValues;
  environment?: SomeSettingValues;
  policy?: object;
  profile?: PartialLimits;
  tab?: PartialLimits;
}

function limitsOf({ backend = 'pty', user = {}, environment = {}, policy: fields = {}, profile = {}, tab }: Levels) {
  const policy = policySchema.parse(fields);
  return effectiveLimits({
    settings: effectiveSettings(user, environment, policy),
    policy,
    profile: { backend, limits: profile },
    tab,
  });
}

const IDLE = 'limits.local.idleTimeoutSeconds';

test('with nothing set, the defaults hold and say so', () => {
  const { values, origins, caps } = limitsOf({});
  expect(values).toMatchObject({ idleTimeoutSeconds: 3_600, maxDurationSeconds: 28_800, activity: ['input', 'busy'] });
  expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
  expect(caps).toEqual({ idleTimeoutSeconds: 0, maxDurationSeconds: 0 });
});

test.each(['bubblewrap', 'docker'] as const)('a %s session has the timeouts of sandboxes', (backend) => {
  const sandboxed = { 'limits.sandboxed.idleTimeoutSeconds': 300, [IDLE]: 120 } satisfies SomeSettingValues;
  expect(limitsOf({ backend })).toMatchObject({ values: { idleTimeoutSeconds: 900, maxDurationSeconds: 3_600 } });
  expect(limitsOf({ backend, user: sandboxed })).toMatchObject({
    values: { idleTimeoutSeconds: 300 },
    origins: { idleTimeoutSeconds: 'settings', maxDurationSeconds: 'default' },
  });
  expect(limitsOf({ backend, policy: { maxIdleTimeoutSeconds: 600 } })).toMatchObject({
    values: { idleTimeoutSeconds: 600 },
    origins: { idleTimeoutSeconds: 'policy' },
  });
});

test.each<[string, Levels, number, string]>([
  ['the user’s shorter time', { user: { [IDLE]: 600 } }, 600, 'settings'],
  ['the environment over the user', { user: { [IDLE]: 600 }, environment: { [IDLE]: 700 } }, 700, 'environment'],
  ['a stricter profile', { profile: { idleTimeoutSeconds: 300 } }, 300, 'profile'],
  ['a stricter tab', { profile: { idleTimeoutSeconds: 300 }, tab: { idleTimeoutSeconds: 120 } }, 120, 'tab'],
  ['never a looser profile', { profile: { idleTimeoutSeconds: 7_200 } }, 3_600, 'default'],
  ['never a profile that switches it off', { profile: { idleTimeoutSeconds: 0 } }, 3_600, 'default'],
  [
    'a profile where the user switched it off',
    { user: { [IDLE]: 0 }, profile: { idleTimeoutSeconds: 900 } },
    900,
    'profile',
  ],
  ['the policy over all', { policy: { maxIdleTimeoutSeconds: 900 } }, 900, 'policy'],
  [
    'the policy where it was switched off',
    { user: { [IDLE]: 0 }, policy: { maxIdleTimeoutSeconds: 900 } },
    900,
    'policy',
  ],
  ['off where no level sets a time', { user: { [IDLE]: 0 } }, 0, 'settings'],
  ['the minimum where a profile asks for less', { profile: { idleTimeoutSeconds: 5 } }, 60, 'policy'],
  [
    'a lower minimum from a policy',
    { profile: { idleTimeoutSeconds: 5 }, policy: { minimumTimeoutSeconds: 2 } },
    5,
    'profile',
  ],
  ['the earlier of equal levels', { user: { [IDLE]: 600 }, profile: { idleTimeoutSeconds: 600 } }, 600, 'settings'],
])('idle timeout: %s', (_what, levels, seconds, origin) => {
  const { values, origins } = limitsOf(levels);
  expect(values.idleTimeoutSeconds).toBe(seconds);
  expect(origins.idleTimeoutSeconds).toBe(origin);
});

test('extensions: the fewest and the shortest, each from wherever it comes', () => {
  const { values, origins } = limitsOf({
    user: { 'limits.extensions.count': 1 },
    profile: { extensions: { count: 5, seconds: 300 } },
  });
  expect(values.extensions).toEqual({ count: 1, seconds: 300 });
  expect(origins.extensions).toBe('profile');
});

test('extensions: a policy of none forbids them', () => {
  const { values, origins } = limitsOf({
    policy: { maxExtensions: 0 },
    profile: { extensions: { count: 3, seconds: 60 } },
  });
  expect(values.extensions.count).toBe(0);
  expect(origins.extensions).toBe('policy');
});

test('activity: what every level counts, and input where they have nothing in common', () => {
  const user = { 'limits.activity': ['input', 'output', 'cpu'] } satisfies SomeSettingValues;
  expect(limitsOf({ user, profile: { activity: ['cpu', 'input'] } })).toMatchObject({
    values: { activity: ['input', 'cpu'] },
    origins: { activity: 'profile' },
  });
  expect(limitsOf({ profile: { activity: ['cpu'] } }).values.activity).toEqual(['input']);
  expect(limitsOf({ user, policy: { allowedActivity: ['output'] } })).toMatchObject({
    values: { activity: ['output'] },
    origins: { activity: 'policy' },
  });
});

test('warnings and the closing grace period: the tab’s, else the profile’s, else that of the settings', () => {
  const user = { 'limits.warnBeforeSeconds': [60] } satisfies SomeSettingValues;
  const profile = { warnBeforeSeconds: [5, 30, 5], closeGraceSeconds: 10 };
  expect(limitsOf({ user })).toMatchObject({
    values: { warnBeforeSeconds: [60] },
    origins: { warnBeforeSeconds: 'settings' },
  });
  expect(limitsOf({ user, profile })).toMatchObject({
    values: { warnBeforeSeconds: [30, 5], closeGraceSeconds: 10 },
    origins: { warnBeforeSeconds: 'profile', closeGraceSeconds: 'profile' },
  });
  expect(limitsOf({ user, profile, tab: { closeGraceSeconds: 0 } })).toMatchObject({
    values: { closeGraceSeconds: 0 },
    origins: { closeGraceSeconds: 'tab' },
  });
});

const COMMANDS = 'limits.maxCommands';

test.each<[string, Levels, number, string]>([
  ['off where no level sets a number', {}, 0, 'default'],
  ['the user’s number', { user: { [COMMANDS]: 20 } }, 20, 'settings'],
  ['a stricter profile', { user: { [COMMANDS]: 20 }, profile: { maxCommands: 10 } }, 10, 'profile'],
  ['a stricter tab', { profile: { maxCommands: 10 }, tab: { maxCommands: 1 } }, 1, 'tab'],
  ['never a looser profile', { user: { [COMMANDS]: 20 }, profile: { maxCommands: 21 } }, 20, 'settings'],
  ['never a profile that switches it off', { user: { [COMMANDS]: 20 }, profile: { maxCommands: 0 } }, 20, 'settings'],
  ['a profile where the user has it off', { profile: { maxCommands: 10 } }, 10, 'profile'],
  ['the policy over all', { user: { [COMMANDS]: 20 }, policy: { maxMaxCommands: 5 } }, 5, 'policy'],
  ['the policy where it is off', { policy: { maxMaxCommands: 5 } }, 5, 'policy'],
  ['a profile within the policy', { policy: { maxMaxCommands: 5 }, profile: { maxCommands: 3 } }, 3, 'profile'],
  ['numbers beyond any timeout', { user: { [COMMANDS]: 1_000_000 } }, 1_000_000, 'settings'],
])('maximum commands: %s', (_what, levels, count, origin) => {
  const { values, origins } = limitsOf(levels);
  expect(values.maxCommands).toBe(count);
  expect(origins.maxCommands).toBe(origin);
});

test('what happens when time is up, and the thaw window: the tab’s, else the profile’s, else that of the settings', () => {
  const user = { 'limits.onExpiry': 'freeze', 'limits.thawWindowSeconds': 60 } satisfies SomeSettingValues;
  expect(limitsOf({}).values).toMatchObject({ onExpiry: 'close', thawWindowSeconds: 600 });
  expect(limitsOf({ user, profile: { thawWindowSeconds: 3_600 } })).toMatchObject({
    values: { onExpiry: 'freeze', thawWindowSeconds: 3_600 },
    origins: { onExpiry: 'settings', thawWindowSeconds: 'profile' },
  });
  expect(limitsOf({ user, profile: { onExpiry: 'reset' }, tab: { onExpiry: 'close' } })).toMatchObject({
    values: { onExpiry: 'close', thawWindowSeconds: 60 },
    origins: { onExpiry: 'tab', thawWindowSeconds: 'settings' },
  });
});

test('the caps for extensions are those of the policy', () => {
  expect(limitsOf({ policy: { maxIdleTimeoutSeconds: 900, maxMaxDurationSeconds: 7_200 } }).caps).toEqual({
    idleTimeoutSeconds: 900,
    maxDurationSeconds: 7_200,
  });
});

const timeout = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 7_200 }), fc.integer({ min: 1, max: 604_800 }));
const commands = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 1_000_000 }));
const activity = fc.subarray([...ACTIVITY_KINDS], { minLength: 1 });
const extensions = fc.record({ count: fc.integer({ min: 0, max: 9 }), seconds: fc.integer({ min: 1, max: 3_600 }) });
const level: fc.Arbitrary<PartialLimits> = fc.record(
  {
    idleTimeoutSeconds: timeout,
    maxDurationSeconds: timeout,
    activity,
    warnBeforeSeconds: fc.array(fc.integer({ min: 1, max: 86_400 }), { maxLength: 8 }),
    extensions,
    closeGraceSeconds: fc.integer({ min: 0, max: 60 }),
    maxCommands: commands,
    onExpiry: fc.constantFrom(...ON_EXPIRY),
    thawWindowSeconds: fc.integer({ min: 1, max: 86_400 }),
  },
  { requiredKeys: [] },
);
const user: fc.Arbitrary<SomeSettingValues> = fc.record(
  {
    'limits.local.idleTimeoutSeconds': timeout,
    'limits.local.maxDurationSeconds': timeout,
    'limits.sandboxed.idleTimeoutSeconds': timeout,
    'limits.sandboxed.maxDurationSeconds': timeout,
    'limits.activity': activity,
    'limits.extensions.count': fc.integer({ min: 0, max: 9 }),
    'limits.extensions.seconds': fc.integer({ min: 1, max: 3_600 }),
    'limits.maxCommands': commands,
  },
  { requiredKeys: [] },
);
const policy: fc.Arbitrary<Policy> = fc
  .record(
    {
      minimumTimeoutSeconds: fc.integer({ min: 1, max: 600 }),
      maxIdleTimeoutSeconds: fc.integer({ min: 600, max: 7_200 }),
      maxMaxDurationSeconds: fc.integer({ min: 600, max: 86_400 }),
      maxExtensions: fc.integer({ min: 0, max: 9 }),
      maxMaxCommands: fc.integer({ min: 1, max: 1_000 }),
      allowedActivity: activity,
    },
    { requiredKeys: [] },
  )
  .map((fields) => policySchema.parse(fields));

/** Off is looser than any time or number. */
const strictness = (seconds: number): number => (seconds === 0 ? Number.POSITIVE_INFINITY : seconds);

test('never looser than any level, but for the policy’s minimum, and never past the policy', () => {
  fc.assert(
    fc.property(fc.constantFrom(...BACKENDS), user, policy, level, level, (backend, settings, rules, profile, tab) => {
      const inForce = effectiveSettings(settings, {}, rules);
      const { values } = effectiveLimits({
        settings: inForce,
        policy: rules,
        profile: { backend, limits: profile },
        tab,
      });
      const levels: PartialLimits[] = [
        {
          ...inForce.preferences.limits[isSandboxed(backend) ? 'sandboxed' : 'local'],
          extensions: inForce.preferences.limits.extensions,
          maxCommands: inForce.preferences.limits.maxCommands,
        },
        profile,
        tab,
      ];
      for (const name of ['idleTimeoutSeconds', 'maxDurationSeconds'] as const) {
        for (const asked of levels) {
          const bound = Math.max(strictness(asked[name] ?? 0), rules.minimumTimeoutSeconds);
          expect(strictness(values[name])).toBeLessThanOrEqual(bound);
        }
        if (values[name] !== 0) expect(values[name]).toBeGreaterThanOrEqual(rules.minimumTimeoutSeconds);
      }
      expect(strictness(values.idleTimeoutSeconds)).toBeLessThanOrEqual(strictness(rules.maxIdleTimeoutSeconds ?? 0));
      expect(strictness(values.maxDurationSeconds)).toBeLessThanOrEqual(strictness(rules.maxMaxDurationSeconds ?? 0));
      for (const asked of levels) {
        expect(strictness(values.maxCommands)).toBeLessThanOrEqual(strictness(asked.maxCommands ?? 0));
      }
      expect(strictness(values.maxCommands)).toBeLessThanOrEqual(strictness(rules.maxMaxCommands ?? 0));
      for (const { extensions: asked } of levels) {
        expect(values.extensions.count).toBeLessThanOrEqual(asked?.count ?? 100);
        expect(values.extensions.seconds).toBeLessThanOrEqual(asked?.seconds ?? 86_400);
      }
      expect(values.extensions.count).toBeLessThanOrEqual(rules.maxExtensions ?? 100);
      for (const kind of values.activity) expect(rules.allowedActivity ?? ACTIVITY_KINDS).toContain(kind);
    }),
  );
});

test('limits that are in force already stay as they are', () => {
  fc.assert(
    fc.property(fc.constantFrom(...BACKENDS), user, policy, level, level, (backend, settings, rules, profile, tab) => {
      const inForce = effectiveSettings(settings, {}, rules);
      const once = effectiveLimits({ settings: inForce, policy: rules, profile: { backend, limits: profile }, tab });
      const twice = effectiveLimits({
        settings: inForce,
        policy: rules,
        profile: { backend, limits: once.values },
        tab,
      });
      // The innermost level's taste is the tab's.
      const taste = ({ warnBeforeSeconds, closeGraceSeconds, onExpiry, thawWindowSeconds }: Limits) => ({
        warnBeforeSeconds,
        closeGraceSeconds,
        onExpiry,
        thawWindowSeconds,
      });
      expect(twice.values).toEqual({ ...once.values, ...taste(twice.values) });
      expect(taste(twice.values)).toEqual(taste(once.values));
      expect(effectiveLimitsSchema.parse(once)).toEqual(once);
    }),
  );
});
