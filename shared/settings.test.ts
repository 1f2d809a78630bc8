import fc from 'fast-check';
import { expect, test } from 'vitest';
import { effectiveLimitsSchema, LIMIT_NAMES, limitsSchema, MAX_LIMIT_SECONDS, partialLimitsSchema } from './limits.ts';
import { profileSchema, titleSchema } from './profile.ts';
import { DEFAULT_SETTINGS, policySchema, preferencesSchema, SETTING_PATHS, settingsSchema } from './settings.ts';

/** Addresses of all values in nested settings; lists are values. */
function addresses(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => addresses(inner, prefix === '' ? key : `${prefix}.${key}`));
}

test('the defaults are valid settings', () => {
  expect(settingsSchema.parse(DEFAULT_SETTINGS)).toEqual(DEFAULT_SETTINGS);
});

test('every preference has an address, and every address leads to one', () => {
  const { version: _, profiles: __, ...preferences } = DEFAULT_SETTINGS;
  expect(addresses(preferencesSchema.parse(preferences)).sort()).toEqual([...SETTING_PATHS].sort());
});

test('the names of limits are those of their schema', () => {
  expect([...LIMIT_NAMES].sort()).toEqual(Object.keys(limitsSchema.shape).sort());
});

test('a timeout is whole seconds, up to a week; 0 is off', () => {
  const taken = (idleTimeoutSeconds: unknown) => partialLimitsSchema.safeParse({ idleTimeoutSeconds }).success;
  fc.assert(fc.property(fc.integer({ min: 0, max: MAX_LIMIT_SECONDS }), taken));
  for (const value of [-1, 0.5, MAX_LIMIT_SECONDS + 1, Number.NaN, Number.POSITIVE_INFINITY, '60', null]) {
    expect(taken(value)).toBe(false);
  }
});

test.each([
  ['no activity', { activity: [] }],
  ['unknown activity', { activity: ['mouse'] }],
  ['too many warnings', { warnBeforeSeconds: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
  ['half an extension', { extensions: { count: 1 } }],
  ['a grace period beyond a minute', { closeGraceSeconds: 61 }],
  ['a limit that is none', { maxCoffees: 5 }],
])('limits with %s are refused', (_what, limits) => {
  expect(partialLimitsSchema.safeParse(limits).success).toBe(false);
});

test('effective limits name an origin for each limit', () => {
  const values = {
    idleTimeoutSeconds: 60,
    maxDurationSeconds: 0,
    activity: ['input'],
    warnBeforeSeconds: [],
    extensions: { count: 0, seconds: 1 },
    closeGraceSeconds: 0,
    maxCommands: 0,
    onExpiry: 'close',
    thawWindowSeconds: 600,
  };
  const caps = { idleTimeoutSeconds: 0, maxDurationSeconds: 0 };
  const origins = Object.fromEntries(LIMIT_NAMES.map((name) => [name, 'default']));
  expect(effectiveLimitsSchema.safeParse({ values, origins, caps }).success).toBe(true);
  const { activity: _, ...incomplete } = origins;
  expect(effectiveLimitsSchema.safeParse({ values, origins: incomplete, caps }).success).toBe(false);
});

test('a policy without fields has the shortest timeout of a minute', () => {
  expect(policySchema.parse({})).toEqual({ minimumTimeoutSeconds: 60 });
});

test('a title has 1 to 80 characters and none that controls a terminal', () => {
  expect(titleSchema.parse('  Build  ')).toBe('Build');
  for (const title of ['', '   ', 'a'.repeat(81), 'a\u001B[2Jb', 'a\nb', 'a\u009Bb', 'a\u0000']) {
    expect(titleSchema.safeParse(title).success).toBe(false);
  }
});

test('a profile cannot name a variable that no shell takes, nor a field that is none', () => {
  const profile = { id: 'node', name: 'Node', backend: 'pty' };
  expect(profileSchema.parse(profile)).toMatchObject({ args: [], environment: {}, limits: {}, recording: 'on' });
  for (const extra of [{ environment: { 'A=B': 'c' } }, { id: '../x' }, { backend: 'ssh' }, { command: 'rm' }]) {
    expect(profileSchema.safeParse({ ...profile, ...extra }).success).toBe(false);
  }
});
