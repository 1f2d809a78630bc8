import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../shared/error-message.ts';
import { LOCAL_PROFILE_ID, type Profile, profileSchema } from '../../shared/profile.ts';
import { DEFAULT_SETTINGS, type Problem, SETTING_PATHS, SETTINGS_VERSION } from '../../shared/settings.ts';
import { migrate } from './migrations.ts';
import { MAX_PROFILES } from './profile-changes.ts';
import {
  isRecord,
  nestValues,
  parseSetting,
  SETTING_WORDS,
  type SomeSettingValues,
  someSettingValuesSchema,
  valueAt,
} from './setting-values.ts';
import { type SettingsFile, SettingsFormatError, type StoredSettings } from './settings-store.ts';

/** What the user set. */
export interface UserSettings {
  readonly values: SomeSettingValues;
  /** Always with the local profile. */
  readonly profiles: readonly Profile[];
}

export interface LoadedSettings {
  readonly user: UserSettings;
  /** The file must not be written: it is of a later version, or could not be read or kept aside. */
  readonly protected: boolean;
  readonly problems: readonly Problem[];
}

const NOTHING_SET: UserSettings = { values: {}, profiles: DEFAULT_SETTINGS.profiles };

/**
 * Reads the settings file and puts it right where it can be: brings an earlier version to this one, replaces single
 * values that are not valid, and starts anew where nothing can be made of it. Whatever is lost that way is kept in a
 * copy beside the file and told as a problem. Never throws for what the file holds or for a failing disk.
 */
export function loadSettings(file: SettingsFile): LoadedSettings {
  let document: Record<string, unknown>;
  try {
    document = file.read();
  } catch (error) {
    if (error instanceof SettingsFormatError) return startAnew(file, error.message);
    return untouched(
      'settings-unreadable',
      'The settings cannot be read',
      `${file.path} could not be read (${messageOf(error)}).`,
    );
  }
  if (Object.keys(document).length === 0) return { user: NOTHING_SET, protected: false, problems: [] };
  const migrated = migrate(document);
  switch (migrated.outcome) {
    case 'unknown_version':
      return startAnew(file, 'its version is not a whole number');
    case 'newer':
      return untouched(
        'settings-newer',
        'The settings are from a newer Sandglass',
        `${file.path} has version ${migrated.version}, this Sandglass knows up to ${SETTINGS_VERSION}.`,
      );
    case 'current':
    case 'migrated': {
      const { user, replaced } = repair(migrated.document);
      if (replaced.length > 0) return keepRepaired(file, user, replaced);
      if (migrated.outcome === 'migrated') return rewrite(file, user, []);
      return { user, protected: false, problems: [] };
    }
  }
}

/** What the settings file is to hold for these settings. */
export function toStored({ values, profiles }: UserSettings): StoredSettings {
  const custom = isDeepStrictEqual(profiles, DEFAULT_SETTINGS.profiles) ? {} : { profiles };
  return { version: SETTINGS_VERSION, ...nestValues(values), ...custom };
}

/** Takes every value that is valid and names those that are not. */
function repair(document: Readonly<Record<string, unknown>>): { user: UserSettings; replaced: string[] } {
  const replaced: string[] = [];
  const valid: Record<string, unknown> = {};
  for (const path of SETTING_PATHS) {
    const value = valueAt(document, path);
    if (value === undefined) continue;
    const parsed = parseSetting(path, value);
    if (parsed === null) replaced.push(SETTING_WORDS[path].label);
    else valid[path] = parsed.value;
  }
  for (const address of strangers(document)) replaced.push(`“${address.slice(0, 80)}”`);
  const profiles = repairProfiles(document.profiles, replaced);
  return { user: { values: someSettingValuesSchema.parse(valid), profiles }, replaced };
}

/** Addresses in the document that lead to no setting: unknown names, and values where a section should be. */
function strangers(document: Readonly<Record<string, unknown>>, prefix = ''): string[] {
  return Object.entries(document).flatMap(([key, value]) => {
    const address = prefix === '' ? key : `${prefix}.${key}`;
    if (address === 'version' || address === 'profiles' || SETTING_PATHS.some((path) => path === address)) return [];
    const isSection = SETTING_PATHS.some((path) => path.startsWith(`${address}.`));
    return isSection && isRecord(value) ? strangers(value, address) : [address];
  });
}

function repairProfiles(stored: unknown, replaced: string[]): readonly Profile[] {
  if (stored === undefined) return DEFAULT_SETTINGS.profiles;
  if (!Array.isArray(stored)) {
    replaced.push('Profiles');
    return DEFAULT_SETTINGS.profiles;
  }
  const profiles: Profile[] = [];
  for (const [index, candidate] of stored.entries()) {
    const parsed = profileSchema.safeParse(candidate);
    const known = parsed.success && profiles.some((profile) => profile.id === parsed.data.id);
    if (!parsed.success || known || profiles.length === MAX_PROFILES) replaced.push(`Profile ${index + 1}`);
    else profiles.push(parsed.data);
  }
  if (profiles.some((profile) => profile.id === LOCAL_PROFILE_ID)) return profiles;
  const local = DEFAULT_SETTINGS.profiles.filter((profile) => profile.id === LOCAL_PROFILE_ID);
  return [...local, ...profiles.slice(0, MAX_PROFILES - local.length)];
}

function keepRepaired(file: SettingsFile, user: UserSettings, replaced: readonly string[]): LoadedSettings {
  const what = replaced.slice(0, 10).join(', ') + (replaced.length > 10 ? ` and ${replaced.length - 10} more` : '');
  return keepCopyAndRewrite(file, user, {
    id: 'settings-repaired',
    severity: 'warning',
    title: 'Some settings were not valid',
    message: `Back to their defaults: ${what}.`,
  });
}

function startAnew(file: SettingsFile, why: string): LoadedSettings {
  return keepCopyAndRewrite(file, NOTHING_SET, {
    id: 'settings-corrupt',
    severity: 'warning',
    title: 'The settings were damaged and are back to their defaults',
    message: `${file.path} could not be understood: ${why}.`,
  });
}

function keepCopyAndRewrite(file: SettingsFile, user: UserSettings, problem: Problem): LoadedSettings {
  let copy: string;
  try {
    copy = file.setAside();
  } catch (error) {
    const message = `${problem.message} The file could not be kept aside (${messageOf(error)}), so it stays as it is and changes last until Sandglass quits.`;
    return { user, protected: true, problems: [{ ...problem, message }] };
  }
  return rewrite(file, user, [{ ...problem, message: `${problem.message} The file as it was is kept as ${copy}.` }]);
}

function rewrite(file: SettingsFile, user: UserSettings, problems: readonly Problem[]): LoadedSettings {
  try {
    file.write(toStored(user));
    return { user, protected: false, problems };
  } catch (error) {
    const problem: Problem = {
      id: 'settings-unwritable',
      severity: 'warning',
      title: 'The settings cannot be saved',
      message: `${file.path} could not be written (${messageOf(error)}). Make it writable; until then changes are refused.`,
    };
    return { user, protected: false, problems: [...problems, problem] };
  }
}

function untouched(id: string, title: string, what: string): LoadedSettings {
  const message = `${what} It stays as it is. Defaults are in force, and changes last until Sandglass quits.`;
  return { user: NOTHING_SET, protected: true, problems: [{ id, severity: 'warning', title, message }] };
}
