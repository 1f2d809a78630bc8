import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { RequestError } from '../../shared/errors.ts';
import {
  DEFAULT_SETTINGS,
  policySchema,
  SETTINGS_VERSION,
  type SettingChange,
  settingsSchema,
} from '../../shared/settings.ts';
import { createSettingsStore } from './create-settings-store.ts';
import { BUILT_IN_POLICY } from './policy.ts';
import { openSettingsFile } from './settings-file-conf.ts';
import type { PolicyState } from './settings-store.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const IDLE = 'limits.local.idleTimeoutSeconds';
const logger = pino({ level: 'silent' });
const NOW = Date.UTC(2026, 10, 4, 12, 1, 2);
const COPY = 'settings.corrupt-20261104T120102Z.json';

interface Setup {
  folder?: string;
  content?: unknown;
  env?: Record<string, string>;
  policy?: PolicyState;
}

function open({ folder = temporaryFolder(), content, env = {}, policy }: Setup = {}) {
  const path = join(folder, 'settings.json');
  if (content !== undefined) {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o644 });
  }
  const store = createSettingsStore({
    file: openSettingsFile(path, () => NOW),
    env,
    readPolicy: () => policy ?? { ok: true, policy: BUILT_IN_POLICY, file: null },
    logger,
  });
  const stored = (): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const refusal = (...changes: SettingChange[]): RequestError => {
    try {
      store.change(changes);
    } catch (error) {
      if (error instanceof RequestError) return error;
      throw error;
    }
    throw new Error('the change was not refused');
  };
  return { store, path, folder, stored, refusal };
}

const administered = (fields: object): PolicyState => ({
  ok: true,
  policy: policySchema.parse(fields),
  file: '/etc/sandglass/policy.json',
});

test('without a file the defaults are in force, and none is made', () => {
  const { store, folder } = open();
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  expect(store.problems).toEqual([]);
  expect(store.profile('local')).toMatchObject({ name: 'Local shell' });
  expect(store.profile('other')).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test('a change is in force at once, told, stored, and there again after a restart', () => {
  const { store, folder, stored, path } = open();
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
  const again = open({ folder });
  expect(again.store.settings).toEqual(store.settings);
  expect(settingsSchema.safeParse(again.store.settings).success).toBe(true);
});

test('null puts the default back, as if it had never been set', () => {
  const { store, stored } = open({
    content: { version: SETTINGS_VERSION, limits: { local: { idleTimeoutSeconds: 120 } } },
  });
  expect(store.effective.origins[IDLE]).toBe('settings');
  store.change([{ path: IDLE, value: null }]);
  expect(store.effective.origins[IDLE]).toBe('default');
  expect(stored()).toEqual({ version: SETTINGS_VERSION });
});

test('a listener is told no more after it has left, and one that fails harms nobody', () => {
  const { store } = open();
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
  const { store, folder, refusal } = open();
  const error = refusal({ path: 'terminal.fontSize', value: 15 }, { path: 'limits.extensions.count', value: -1 });
  expect(error.code).toBe('invalid_setting');
  expect(error.message).toBe('Extensions: a whole number from 0 to 100');
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  [IDLE, 30, 'Idle timeout: at least 1 minute, or off (built-in policy)'],
  ['limits.local.maxDurationSeconds', '60', 'Maximum duration: a time of up to 7 days, or off'],
  ['limits.warnBeforeSeconds', [0], 'Warn before: up to 8 times, each from 1 second to 1 day'],
  ['limits.activity', [], 'Activity: at least one of input, output, foreground, cpu'],
  ['limits.closeGraceSeconds', 61, 'Closing grace period: a time of up to 1 minute'],
  ['sessions.maxConcurrentSessions', 1.5, 'Concurrent sessions: a whole number from 1 to 10000'],
  ['sessions.cleanupIntervalSeconds', 0, 'Cleanup interval: a time from 1 second to 1 day'],
] as const)('%s = %j is refused in the words of the settings screen', (path, value, message) => {
  const { refusal } = open();
  expect(refusal({ path, value })).toMatchObject({ code: 'invalid_setting', message });
});

test.each([
  [IDLE, 30, 'Idle timeout: at least 1 minute and at most 15 minutes (policy /etc/sandglass/policy.json)'],
  [IDLE, 901, 'Idle timeout: at least 1 minute and at most 15 minutes (policy /etc/sandglass/policy.json)'],
  [IDLE, 0, 'Idle timeout: at least 1 minute and at most 15 minutes (policy /etc/sandglass/policy.json)'],
  ['limits.extensions.count', 2, 'Extensions: at most 1 (policy /etc/sandglass/policy.json)'],
  ['limits.activity', ['input', 'cpu'], 'Activity: only input, output (policy /etc/sandglass/policy.json)'],
  ['sessions.maxConcurrentSessions', 6, 'Concurrent sessions: at most 5 (policy /etc/sandglass/policy.json)'],
] as const)('%s = %j is refused with the policy that forbids it', (path, value, message) => {
  const policy = administered({
    maxIdleTimeoutSeconds: 900,
    maxExtensions: 1,
    allowedActivity: ['input', 'output'],
    maxConcurrentSessions: 5,
  });
  const { store, refusal } = open({ policy });
  expect(refusal({ path, value })).toMatchObject({ code: 'invalid_setting', message });
  store.change([{ path: IDLE, value: 900 }]);
  expect(store.effective.origins[IDLE]).toBe('settings');
});

test('lists are kept without repetitions, in one order', () => {
  const { store } = open();
  store.change([
    { path: 'limits.warnBeforeSeconds', value: [10, 60, 10] },
    { path: 'limits.activity', value: ['cpu', 'input', 'cpu'] },
  ]);
  expect(store.settings.limits).toMatchObject({ warnBeforeSeconds: [60, 10], activity: ['input', 'cpu'] });
});

test('a value that the environment overrides can be stored, and stays overridden', () => {
  const { store } = open({ env: { SESSION_TIMEOUT_SECS: '600' } });
  store.change([{ path: IDLE, value: 1_200 }]);
  expect(store.settings.limits.local.idleTimeoutSeconds).toBe(1_200);
  expect(store.effective.preferences.limits.local.idleTimeoutSeconds).toBe(600);
  expect(store.effective.origins[IDLE]).toBe('environment');
});

test('without a readable policy no limit can be changed, but how it looks can', () => {
  const policy: PolicyState = { ok: false, file: '/etc/sandglass/policy.json', message: 'The policy is broken' };
  const { store, refusal } = open({ policy });
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
])('a file with %s is kept aside, told, and replaced by defaults', (_what, content) => {
  const { store, folder, stored, path } = open({ content });
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  expect(readFileSync(join(folder, COPY), 'utf8')).toBe(content);
  expect(statSync(join(folder, COPY)).mode & 0o777).toBe(0o600);
  expect(stored()).toEqual({ version: SETTINGS_VERSION });
  expect(store.problems).toMatchObject([{ id: 'settings-corrupt' }]);
  expect(store.problems[0]?.message).toContain(join(folder, COPY));
  expect(store.problems[0]?.message).toContain(path);
  store.change([{ path: 'terminal.fontSize', value: 15 }]);
  expect(stored()).toEqual({ version: SETTINGS_VERSION, terminal: { fontSize: 15 } });
});

test('an earlier copy is never overwritten', () => {
  const folder = temporaryFolder();
  open({ folder, content: 'first' });
  open({ folder, content: 'second' });
  expect(readFileSync(join(folder, COPY), 'utf8')).toBe('first');
  expect(readFileSync(join(folder, 'settings.corrupt-20261104T120102Z-2.json'), 'utf8')).toBe('second');
});

test('a value that is not valid is replaced alone, and what was there is kept aside', () => {
  const content = {
    version: SETTINGS_VERSION,
    limits: { local: { idleTimeoutSeconds: 'long', maxDurationSeconds: 7_200 }, colour: 'red' },
    terminal: 'big',
    appearance: { theme: 'dark' },
    profiles: [{ id: 'node', name: 'Node', backend: 'pty', shell: '/usr/bin/node' }, { id: 'Bad id' }],
  };
  const { store, folder, stored } = open({ content });
  expect(store.settings.limits.local).toEqual({ idleTimeoutSeconds: 3_600, maxDurationSeconds: 7_200 });
  expect(store.settings.appearance.theme).toBe('dark');
  expect(store.settings.profiles.map(({ id }) => id)).toEqual(['local', 'node']);
  expect(JSON.parse(readFileSync(join(folder, COPY), 'utf8'))).toEqual(content);
  const [problem, ...others] = store.problems;
  expect(others).toEqual([]);
  expect(problem?.id).toBe('settings-repaired');
  for (const name of ['Idle timeout', '“limits.colour”', '“terminal”', 'Profile 2', COPY]) {
    expect(problem?.message).toContain(name);
  }
  expect(stored()).toMatchObject({ version: SETTINGS_VERSION, limits: { local: { maxDurationSeconds: 7_200 } } });
  expect(open({ folder }).store.problems).toEqual([]);
});

test('settings of a later version are never touched; changes last until the end', () => {
  const content = { version: 99, limits: { local: { idleTimeoutSeconds: 120 } } };
  const { store, folder, stored } = open({ content });
  expect(store.problems).toMatchObject([{ id: 'settings-newer' }]);
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  store.change([{ path: 'terminal.fontSize', value: 15 }]);
  expect(store.settings.terminal.fontSize).toBe(15);
  expect(stored()).toEqual(content);
  expect(readdirSync(folder)).toEqual(['settings.json']);
});

test('settings that a later version wrote while we ran are not overwritten', () => {
  const { store, path, refusal, stored } = open();
  writeFileSync(path, '{"version": 99}');
  expect(refusal({ path: 'terminal.fontSize', value: 15 }).message).toContain('version 99');
  expect(store.settings.terminal.fontSize).toBe(13);
  expect(stored()).toEqual({ version: 99 });
});

test('two processes that change different settings both keep theirs', () => {
  const folder = temporaryFolder();
  const one = open({ folder });
  const two = open({ folder });
  one.store.change([{ path: 'terminal.fontSize', value: 15 }]);
  two.store.change([{ path: 'appearance.theme', value: 'dark' }]);
  expect(two.store.settings).toMatchObject({ terminal: { fontSize: 15 }, appearance: { theme: 'dark' } });
  expect(open({ folder }).store.settings).toEqual(two.store.settings);
});

test('a change that cannot be saved is refused with the reason, and nothing is changed', () => {
  const { store, folder, refusal } = open();
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
      write: () => {
        throw new Error('ENOSPC: no space left on device');
      },
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
  const { store } = open({ folder });
  expect(store.problems).toMatchObject([{ id: 'settings-unreadable' }]);
  expect(store.settings).toEqual(DEFAULT_SETTINGS);
  expect(readdirSync(folder)).toEqual(['settings.json']);
});
