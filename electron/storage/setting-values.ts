import * as z from 'zod';
import { ACTIVITY_KINDS } from '../../shared/limits.ts';
import {
  DEFAULT_SETTINGS,
  type Preferences,
  preferencesSchema,
  SETTING_PATHS,
  type SettingPath,
} from '../../shared/settings.ts';

const { limits, sessions, history, terminal, appearance } = preferencesSchema.shape;

/** What each setting takes. Lists are put into one order, without repetitions. */
const settingSchemas = {
  'limits.local.idleTimeoutSeconds': limits.shape.local.shape.idleTimeoutSeconds,
  'limits.local.maxDurationSeconds': limits.shape.local.shape.maxDurationSeconds,
  'limits.sandboxed.idleTimeoutSeconds': limits.shape.sandboxed.shape.idleTimeoutSeconds,
  'limits.sandboxed.maxDurationSeconds': limits.shape.sandboxed.shape.maxDurationSeconds,
  'limits.activity': limits.shape.activity.transform((kinds) => ACTIVITY_KINDS.filter((kind) => kinds.includes(kind))),
  'limits.warnBeforeSeconds': limits.shape.warnBeforeSeconds.transform((times) =>
    [...new Set(times)].sort((a, b) => b - a),
  ),
  'limits.extensions.count': limits.shape.extensions.shape.count,
  'limits.extensions.seconds': limits.shape.extensions.shape.seconds,
  'limits.closeGraceSeconds': limits.shape.closeGraceSeconds,
  'limits.maxCommands': limits.shape.maxCommands,
  'limits.onExpiry': limits.shape.onExpiry,
  'limits.thawWindowSeconds': limits.shape.thawWindowSeconds,
  'history.keepDays': history.shape.keepDays,
  'history.keepSessions': history.shape.keepSessions,
  'history.keepMegabytes': history.shape.keepMegabytes,
  'sessions.maxConcurrentSessions': sessions.shape.maxConcurrentSessions,
  'sessions.cleanupIntervalSeconds': sessions.shape.cleanupIntervalSeconds,
  'terminal.fontSize': terminal.shape.fontSize,
  'terminal.scrollbackLines': terminal.shape.scrollbackLines,
  'terminal.renderer': terminal.shape.renderer,
  'terminal.cursorBlink': terminal.shape.cursorBlink,
  'terminal.loginShell': terminal.shape.loginShell,
  'terminal.minimumContrastRatio': terminal.shape.minimumContrastRatio,
  'terminal.digitsSelectTabs': terminal.shape.digitsSelectTabs,
  'terminal.screenReader': terminal.shape.screenReader,
  'appearance.theme': appearance.shape.theme,
} satisfies Record<SettingPath, z.ZodType>;

export const settingValuesSchema = z.strictObject(settingSchemas);
/** All settings, each by its address. */
export type SettingValues = z.output<typeof settingValuesSchema>;

export const someSettingValuesSchema = settingValuesSchema.partial();
/** The settings that the user has set, each by its address. */
export type SomeSettingValues = z.output<typeof someSettingValuesSchema>;

/** What each setting must be, to continue “must be …”. */
export const SETTING_RULES: Readonly<Record<SettingPath, string>> = {
  'limits.local.idleTimeoutSeconds': 'a time of up to 7 days, or off',
  'limits.local.maxDurationSeconds': 'a time of up to 7 days, or off',
  'limits.sandboxed.idleTimeoutSeconds': 'a time of up to 7 days, or off',
  'limits.sandboxed.maxDurationSeconds': 'a time of up to 7 days, or off',
  'limits.activity': `at least one of ${ACTIVITY_KINDS.join(', ')}`,
  'limits.warnBeforeSeconds': 'up to 8 times, each from 1 second to 1 day',
  'limits.extensions.count': 'a whole number from 0 to 100',
  'limits.extensions.seconds': 'a time from 1 second to 1 day',
  'limits.closeGraceSeconds': 'a time of up to 1 minute',
  'limits.maxCommands': 'a whole number from 0 (off) to 1000000',
  'limits.onExpiry': 'close, reset or freeze',
  'limits.thawWindowSeconds': 'a time from 1 second to 1 day',
  'history.keepDays': 'a whole number of days from 0 (forever) to 36500',
  'history.keepSessions': 'a whole number from 0 (all) to 1000000',
  'history.keepMegabytes': 'a whole number from 0 (all) to 100000000',
  'sessions.maxConcurrentSessions': 'a whole number from 1 to 10000',
  'sessions.cleanupIntervalSeconds': 'a time from 1 second to 1 day',
  'terminal.fontSize': 'a whole number from 8 to 32',
  'terminal.scrollbackLines': 'a whole number of lines from 0 to 100000',
  'terminal.renderer': 'auto, webgl or dom',
  'terminal.cursorBlink': 'on or off',
  'terminal.loginShell': 'automatic, yes or no',
  'terminal.minimumContrastRatio': 'a number from 1 to 21',
  'terminal.digitsSelectTabs': 'on or off',
  'terminal.screenReader': 'automatic, on or off',
  'appearance.theme': 'system, light or dark',
};

/** Checks one setting's value. Null: it does not take it. */
export function parseSetting(path: SettingPath, value: unknown): { value: unknown } | null {
  const parsed = settingSchemas[path].safeParse(value);
  return parsed.success ? { value: parsed.data } : null;
}

/** Whether this is an object with keys of its own, as JSON has them. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a setting's address in nested settings; undefined where there is none. */
export function valueAt(nested: unknown, path: string): unknown {
  let value = nested;
  for (const key of path.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Settings by their address as nested objects, the way the settings file has them. */
export function nestValues(values: SomeSettingValues): Record<string, unknown> {
  const nested: Record<string, unknown> = {};
  for (const path of SETTING_PATHS) {
    if (values[path] === undefined) continue;
    const keys = path.split('.');
    const last = keys.pop();
    let target = nested;
    for (const key of keys) {
      const next = target[key];
      if (isRecord(next)) {
        target = next;
      } else {
        const made: Record<string, unknown> = {};
        target[key] = made;
        target = made;
      }
    }
    if (last !== undefined) target[last] = values[path];
  }
  return nested;
}

/** All settings as the settings screen has them. */
export function toPreferences(values: SettingValues): Preferences {
  return preferencesSchema.parse(nestValues(values));
}

/** Every setting: the value of the last level that has one, else the built-in one. */
export function completeValues(...levels: readonly SomeSettingValues[]): SettingValues {
  const values: Record<string, unknown> = { ...DEFAULT_VALUES };
  for (const level of levels) {
    for (const path of SETTING_PATHS) if (level[path] !== undefined) values[path] = level[path];
  }
  return settingValuesSchema.parse(values);
}

/** The built-in value of every setting. */
export const DEFAULT_VALUES: SettingValues = settingValuesSchema.parse(
  Object.fromEntries(SETTING_PATHS.map((path) => [path, valueAt(DEFAULT_SETTINGS, path)])),
);
