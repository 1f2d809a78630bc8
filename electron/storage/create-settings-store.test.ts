import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { RequestError } from '../../shared/errors.ts';
import { DEFAULT_SETTINGS, policySchema, SETTINGS_VERSION, settingsSchema } from '../../shared/settings.ts';
import { createSettingsStore } from './create-settings-store.ts';
import { BUILT_IN_POLICY } from './policy.ts';
import type { PolicyState } from './settings-store.ts';
import { IDLE, openSettings } from './testing/open-settings.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const logger = pino({ level: 'silent' });

const administered = (fields: object): PolicyState => ({
  ok: true,
  policy: policySchema.parse(fields),
  file: '/etc/sandglass/policy.json',
});

test('without a file the defaults are in force, and none is made', () => {
  const { store, folder } = openSettings();
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  expect(store.problems).toEqual([]);
  expect(store.profile('local')).toMatchObject({ name: 'Local shell' });
  expect(store.profile('other')).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test('a change is in force at once, told, stored, and there again after a restart', () => {
  const { store, folder, stored, path } = openSettings();
  const told = vi.fn();
  store.onChange(told);
  store.change([
    { path: IDLE, value: 120 },
    { path: 'terminal.fontSize', value: 15 },
  ]);
  expect(told).toHaveBeenCalledTimes(1);
  expect(store.effective.preferences.limits.local.idleTimeoutSeconds).toBe(120);
  expect(store.effective.origins[IDLE]).toBe('settings');
  expect(stored()).toEqual({
    version: SETTINGS_VERSION,
    limits: { local: { idleTimeoutSeconds: 120 } },
    terminal: { fontSize: 15 },
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const again = openSettings({ folder });
  expect(again.store.settings).toEqual(store.settings);
  expect(settingsSchema.safeParse(again.store.settings).success).toBe(true);
});

test('null puts the default back, as if it had never been set', () => {
  const { store, stored } = openSettings({
    content: { version: SETTINGS_VERSION, limits: { local: { idleTimeoutSeconds: 120 } } },
  });
  expect(store.effective.origins[IDLE]).toBe('settings');
  store.change([{ path: IDLE, value: null }]);
  expect(store.effective.origins[IDLE]).toBe('default');
  expect(stored()).toEqual({ version: SETTINGS_VERSION });
});

test('a listener is told no more after it has left, and one that fails harms nobody', () => {
  const { store } = openSettings();
  const first = vi.fn(() => {
    throw new Error('listener');
  });
  const second = vi.fn();
  store.onChange(first);
  const leave = store.onChange(second);
  store.change([{ path: 'appearance.theme', value: 'dark' }]);
  leave();
  store.change([{ path: 'appearance.theme', value: 'dark' }]);
  store.change([{ path: 'appearance.theme', value: 'light' }]);
  expect(first).toHaveBeenCalledTimes(2);
  expect(second).toHaveBeenCalledTimes(1);
});

test('all changes or none', () => {
  const { store, folder, refusal } = openSettings();
  const error = refusal({ path: 'terminal.fontSize', value: 15 }, { path: 'limits.extensions.count', value: -1 });
  expect(error.code).toBe('invalid_setting');
  expect(error.field).toBe('limits.extensions.count');
  expect(error.message).toBe('Must be a whole number from 0 to 100.');
  expect(error.fullMessage).toBe('Extensions: Must be a whole number from 0 to 100.');
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  [IDLE, 30, 'Must be at least 1 minute, or off (built-in policy).'],
  ['limits.local.maxDurationSeconds', '60', 'Must be a time of up to 7 days, or off.'],
  ['limits.warnBeforeSeconds', [0], 'Must be up to 8 times, each from 1 second to 1 day.'],
  ['limits.activity', [], 'Must be at least one of input, busy, output, foreground, cpu.'],
  ['limits.closeGraceSeconds', 61, 'Must be a time of up to 1 minute.'],
  ['sessions.maxConcurrentSessions', 1.5, 'Must be a whole number from 1 to 10000.'],
  ['sessions.cleanupIntervalSeconds', 0, 'Must be a time from 1 second to 1 day.'],
] as const)('%s = %j is refused with the setting and what it must be', (path, value, message) => {
  const { refusal } = openSettings();
  expect(refusal({ path, value })).toMatchObject({ code: 'invalid_setting', field: path, message });
});

test.each([
  [IDLE, 30, 'Must be at least 1 minute and at most 15 minutes (policy /etc/sandglass/policy.json).'],
  [IDLE, 901, 'Must be at least 1 minute and at most 15 minutes (policy /etc/sandglass/policy.json).'],
  [IDLE, 0, 'Must be at least 1 minute and at most 15 minutes (policy /etc/sandglass/policy.json).'],
  ['limits.extensions.count', 2, 'Must be at most 1 (policy /etc/sandglass/policy.json).'],
  [
    'limits.activity',
    ['input', 'cpu'],
    'Only input, output may count as activity (policy /etc/sandglass/policy.json).',
  ],
  ['sessions.maxConcurrentSessions', 6, 'Must be at most 5 (policy /etc/sandglass/policy.json).'],
] as const)('%s = %j is refused with the policy that forbids it', (path, value, message) => {
  const policy = administered({
    maxIdleTimeoutSeconds: 900,
    maxExtensions: 1,
    allowedActivity: ['input', 'output'],
    maxConcurrentSessions: 5,
  });
  const { store, refusal } = openSettings({ policy });
  expect(refusal({ path, value })).toMatchObject({ code: 'invalid_setting', field: path, message });
  store.change([{ path: IDLE, value: 900 }]);
  expect(store.effective.origins[IDLE]).toBe('settings');
});

test('lists are kept without repetitions, in one order', () => {
  const { store } = openSettings();
  store.change([
    { path: 'limits.warnBeforeSeconds', value: [10, 60, 10] },
    { path: 'limits.activity', value: ['cpu', 'input', 'cpu'] },
  ]);
  expect(store.settings.limits).toMatchObject({ warnBeforeSeconds: [60, 10], activity: ['input', 'cpu'] });
});

test('a value that the environment overrides can be stored, and stays overridden', () => {
  const { store } = openSettings({ env: { SESSION_TIMEOUT_SECS: '600' } });
  store.change([{ path: IDLE, value: 1_200 }]);
  expect(store.settings.limits.local.idleTimeoutSeconds).toBe(1_200);
  expect(store.effective.preferences.limits.local.idleTimeoutSeconds).toBe(600);
  expect(store.effective.origins[IDLE]).toBe('environment');
});

test('without a readable policy no limit can be changed, but how it looks can', () => {
  const file = '/etc/sandglass/policy.json';
  const policy: PolicyState = { ok: false, file, why: 'broken', message: 'The policy is broken' };
  const { store, refusal } = openSettings({ policy });
  expect(store.problems).toMatchObject([{ severity: 'error', message: 'The policy is broken' }]);
  expect(refusal({ path: IDLE, value: 600 })).toMatchObject({ code: 'policy_unreadable' });
  store.change([{ path: 'appearance.theme', value: 'dark' }]);
  expect(store.settings.appearance.theme).toBe('dark');
});

test.each([
  ['broken JSON', '{"version": 1, "terminal": {'],
  ['nothing at all', ''],
  ['an array', '[1]'],
  ['null', 'null'],
  ['a version that is none', '{"version": "latest"}'],
  ['bytes that are no text', '\u0000\uFFFD\u0001'],
])('a file with %s is left alone, and defaults are in force', (_what, content) => {
  const { store, folder, path } = openSettings({ content });
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  expect(store.problems).toMatchObject([{ id: 'settings-corrupt' }]);
  expect(store.problems[0]?.message).toContain(path);
  store.change([{ path: 'terminal.fontSize', value: 15 }]);
  expect(store.settings.terminal.fontSize).toBe(15);
  expect(readFileSync(path, 'utf8')).toBe(content);
  expect(readdirSync(folder)).toEqual(['settings.json']);
});

test('settings of a later version are never touched; changes last until the end', () => {
  const content = { version: 99, limits: { local: { idleTimeoutSeconds: 120 } } };
  const { store, folder, stored } = openSettings({ content });
  expect(store.problems).toMatchObject([{ id: 'settings-newer' }]);
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  store.change([{ path: 'terminal.fontSize', value: 15 }]);
  expect(store.settings.terminal.fontSize).toBe(15);
  expect(stored()).toEqual(content);
  expect(readdirSync(folder)).toEqual(['settings.json']);
});

test('settings that a later version wrote while we ran are not overwritten', () => {
  const { store, path, refusal, stored } = openSettings();
  writeFileSync(path, '{"version": 99}');
  expect(refusal({ path: 'terminal.fontSize', value: 15 }).message).toContain('version 99');
  expect(store.settings.terminal.fontSize).toBe(13);
  expect(stored()).toEqual({ version: 99 });
});

test('two processes that change different settings both keep theirs', () => {
  const folder = temporaryFolder();
  const one = openSettings({ folder });
  const two = openSettings({ folder });
  one.store.change([{ path: 'terminal.fontSize', value: 15 }]);
  two.store.change([{ path: 'appearance.theme', value: 'dark' }]);
  expect(two.store.settings).toMatchObject({ terminal: { fontSize: 15 }, appearance: { theme: 'dark' } });
  expect(openSettings({ folder }).store.settings).toEqual(two.store.settings);
});

test('a change that cannot be saved is refused with the reason, and nothing is changed', () => {
  const { store, folder, refusal } = openSettings();
  const told = vi.fn();
  store.onChange(told);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'a file where the folder was');
  expect(refusal({ path: 'terminal.fontSize', value: 15 })).toMatchObject({ code: expect.any(String) });
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  expect(told).not.toHaveBeenCalled();
});

test('a write that fails is an internal error with the reason, and nothing is changed', () => {
  const store = createSettingsStore({
    file: {
      path: '/settings.json',
      read: () => ({}),
      edit: () => {
        throw new Error('ENOSPC: no space left on device');
      },
      replace: () => {},
      setAside: () => '',
    },
    env: {},
    readPolicy: () => ({ ok: true, policy: BUILT_IN_POLICY, file: null }),
    logger,
  });
  const change = () => store.change([{ path: 'terminal.fontSize', value: 15 }]);
  expect(change).toThrow(
    new RequestError('internal', 'The settings could not be saved: ENOSPC: no space left on device'),
  );
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
});

test('a file that cannot be read at all is left alone and told', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'settings.json'));
  const { store } = openSettings({ folder });
  expect(store.problems).toMatchObject([{ id: 'settings-unreadable' }]);
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  expect(readdirSync(folder)).toEqual(['settings.json']);
});

describe('a policy that changes while the app runs', () => {
  const broken: PolicyState = { ok: false, file: '/etc/sandglass/policy.json', why: 'broken', message: 'Broken.' };

  test('is in force at once, and listeners hear of it once', () => {
    const { store, changePolicy, refusal } = openSettings({
      policy: administered({}),
      env: { SESSION_MAX_CONCURRENT: '50' },
    });
    let heard = 0;
    store.onChange(() => {
      heard += 1;
    });
    changePolicy(administered({ maxIdleTimeoutSeconds: 900, maxConcurrentSessions: 5 }));
    store.refreshPolicy();
    expect(heard).toBe(1);
    expect(store.effective.preferences.limits.local.idleTimeoutSeconds).toBe(900);
    expect(store.effective.origins[IDLE]).toBe('policy');
    // What the environment asks for is held against the new policy, too.
    expect(store.problems).toMatchObject([{ message: expect.stringContaining('In force: 5') }]);
    expect(refusal({ path: IDLE, value: 901 }).message).toContain('at most 15 minutes');
    changePolicy(administered({}));
    expect(store.effective.preferences.limits.local.idleTimeoutSeconds).toBe(3_600);
    expect(store.problems).toEqual([]);
  });

  test('stays as it was when its file breaks, which is a problem until it is corrected', () => {
    const rules = administered({ maxIdleTimeoutSeconds: 900 });
    const { store, changePolicy } = openSettings({ policy: rules });
    changePolicy(broken);
    expect(store.policy).toEqual(rules);
    expect(store.policyProblem?.message).toContain('stays in force until the file is corrected');
    expect(store.problems).toEqual([store.policyProblem]);
    changePolicy(rules);
    expect(store.policyProblem).toBeNull();
  });

  test('that breaks where there was none lets no session start, and loosens nothing', () => {
    const own: PolicyState = {
      ok: true,
      policy: policySchema.parse({ maxIdleTimeoutSeconds: 900 }),
      file: '/own.json',
      isOwn: true,
    };
    const { store, changePolicy } = openSettings({ policy: own });
    changePolicy(broken);
    expect(store.policy).toMatchObject({ ok: false });
    expect(store.effective.preferences.limits.local.idleTimeoutSeconds).toBe(900);
  });
});
