import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../shared/error-message.ts';
import { SETTING_LABELS } from '../../shared/labels.ts';
import type { Profile } from '../../shared/profile.ts';
import { DEFAULT_SETTINGS, SETTING_PATHS, SETTINGS_VERSION } from '../../shared/settings.ts';
import { migrate } from './migrations.ts';
import { type Finding, readProfiles, shown } from './read-profiles.ts';
import {
  completeValues,
  isRecord,
  nestValues,
  parseSetting,
  SETTING_RULES,
  type SomeSettingValues,
  someSettingValuesSchema,
  toPreferences,
  valueAt,
} from './setting-values.ts';
import {
  type SettingsFile,
  type SettingsFileProblem,
  SettingsFormatError,
  type StoredSettings,
} from './settings-store.ts';

/** What the user set. */
export interface UserSettings {
  readonly values: SomeSettingValues;
  /** Always with the local profile. */
  readonly profiles: readonly Profile[];
}

export interface LoadedSettings {
  readonly user: UserSettings;
  /** The file is not used and must not be written: it is of a later version, or could not be read or understood. */
  readonly protected: boolean;
  /** What is wrong with the file; null: nothing. */
  readonly problem: SettingsFileProblem | null;
  /** What the file holds, and the same brought to this version. */
  readonly stored: Readonly<Record<string, unknown>>;
  readonly migrated: Readonly<Record<string, unknown>>;
  /** Where in the file's list each profile stands, by its id. */
  readonly places: ReadonlyMap<string, number>;
}

const NOTHING_SET: UserSettings = { values: {}, profiles: DEFAULT_SETTINGS.profiles };
const NOTHING_STORED = { stored: {}, migrated: {}, places: new Map<string, number>() };

/** As many findings as one message lists. */
const MAX_FINDINGS = 20;

/**
 * Reads the settings file, and never writes it: an earlier version is brought to this one in memory, a value that is not valid
 * costs that value alone, and where nothing can be made of the file, defaults are in force. What is wrong is given as a problem.
 * Never throws for what the file holds or for a failing disk.
 */
export function loadSettings(file: SettingsFile): LoadedSettings {
  let stored: Record<string, unknown>;
  try {
    stored = file.read();
  } catch (error) {
    const why = messageOf(error);
    return error instanceof SettingsFormatError
      ? unused('settings-corrupt', 'The settings file cannot be understood', `${file.path}: ${why}.`)
      : unused('settings-unreadable', 'The settings cannot be read', `${file.path} could not be read (${why}).`);
  }
  if (Object.keys(stored).length === 0) {
    return { user: NOTHING_SET, protected: false, problem: null, ...NOTHING_STORED };
  }
  const result = migrate(stored);
  switch (result.outcome) {
    case 'unknown_version':
      return unused(
        'settings-corrupt',
        'The settings file cannot be understood',
        `${file.path}: its version is not a whole number.`,
      );
    case 'newer':
      return unused(
        'settings-newer',
        'The settings are from a newer Sandglass',
        `${file.path} has version ${result.version}, this Sandglass knows up to ${SETTINGS_VERSION}.`,
      );
    case 'current':
    case 'migrated': {
      const findings: Finding[] = [];
      const { user, places } = interpret(result.document, (finding) => findings.push(finding));
      const problem = findings.length === 0 ? null : problemOf(file.path, findings);
      return { user, protected: false, problem, stored, migrated: result.document, places };
    }
  }
}

/** What a settings file holds that has these settings and nothing else. */
export function toStored({ values, profiles }: UserSettings): StoredSettings {
  const custom = isDeepStrictEqual(profiles, DEFAULT_SETTINGS.profiles) ? {} : { profiles };
  return { version: SETTINGS_VERSION, ...nestValues(values), ...custom };
}

/** Takes every value that is valid and names what is not. */
function interpret(
  document: Readonly<Record<string, unknown>>,
  find: (finding: Finding) => void,
): { user: UserSettings; places: ReadonlyMap<string, number> } {
  const valid: Record<string, unknown> = {};
  for (const path of SETTING_PATHS) {
    const value = valueAt(document, path);
    if (value === undefined) continue;
    const parsed = parseSetting(path, value);
    if (parsed !== null) valid[path] = parsed.value;
    else {
      const instead = shown(valueAt(DEFAULT_SETTINGS, path));
      find({
        kind: 'invalid',
        message: `${SETTING_LABELS[path]} (${path}) is ${shown(value)} but must be ${SETTING_RULES[path]}; ${instead} is used`,
      });
    }
  }
  for (const { address, isSection } of strangers(document)) {
    const name = `“${address.slice(0, 80)}”`;
    find(
      isSection
        ? { kind: 'invalid', message: `${name} is not a section of settings; defaults are used` }
        : { kind: 'unknown', message: `${name} is not known` },
    );
  }
  const values = someSettingValuesSchema.parse(valid);
  const { extensions } = toPreferences(completeValues(values)).limits;
  const { profiles, places } = readProfiles(document.profiles, extensions, find);
  return { user: { values, profiles }, places };
}

/** Addresses in the document that lead to no setting: unknown names, and values where a section should be. */
function strangers(
  document: Readonly<Record<string, unknown>>,
  prefix = '',
): { address: string; isSection: boolean }[] {
  return Object.entries(document).flatMap(([key, value]) => {
    const address = prefix === '' ? key : `${prefix}.${key}`;
    // For editors that check what is typed.
    if (address === 'version' || address === 'profiles' || address === '$schema') return [];
    if (SETTING_PATHS.some((path) => path === address)) return [];
    const isSection = SETTING_PATHS.some((path) => path.startsWith(`${address}.`));
    return isSection && isRecord(value) ? strangers(value, address) : [{ address, isSection }];
  });
}

function problemOf(path: string, findings: readonly Finding[]): SettingsFileProblem {
  const isInvalid = findings.some(({ kind }) => kind === 'invalid');
  const listed = findings.slice(0, MAX_FINDINGS).map(({ message }) => `${message}.`);
  const more = findings.length - listed.length;
  const lines = [
    ...listed,
    ...(more > 0 ? [`There are ${more} more.`] : []),
    `${path} is not changed: correct it there, or set the value in Settings.`,
  ];
  return {
    id: isInvalid ? 'settings-repaired' : 'settings-unknown',
    severity: isInvalid ? 'warning' : 'info',
    title: isInvalid ? 'Some settings are not valid' : 'The settings file has entries that are not known',
    message: lines.join('\n'),
    isUnused: false,
  };
}

function unused(id: string, title: string, what: string): LoadedSettings {
  const message = `${what}\nThe file stays as it is. Defaults are in force, and changes last until Sandglass quits. Correct the file, or replace it in Settings.`;
  return {
    user: NOTHING_SET,
    protected: true,
    problem: { id, severity: 'warning', title, message, isUnused: true },
    ...NOTHING_STORED,
  };
}
