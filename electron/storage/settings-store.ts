import type { LimitOrigin } from '../../shared/limits.ts';
import type { Profile } from '../../shared/profile.ts';
import type { Policy, Preferences, Problem, SettingChange, SettingPath, Settings } from '../../shared/settings.ts';

/** The content of the settings file: only what somebody set, so that a better default reaches everybody else. */
export interface StoredSettings {
  readonly version: number;
  readonly profiles?: readonly Profile[];
  readonly [section: string]: unknown;
}

/** What holds the settings file: `electron-store` on desktop, `conf` in the web host. */
export interface SettingsFile {
  /** The file's path. */
  readonly path: string;
  /**
   * The file's content; an empty object where there is none.
   * Throws `SettingsFormatError` when it is not a JSON object, and the system's error when it cannot be read at all.
   */
  read(): Record<string, unknown>;
  /** Replaces the whole content, atomically. Throws the system's error. */
  write(settings: StoredSettings): void;
  /** Keeps a copy of the file as it is now, beside it, and gives the copy's path. Throws the system's error. */
  setAside(): string;
}

/** What the settings file holds is not a JSON object. */
export class SettingsFormatError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SettingsFormatError';
  }
}

/** Settings with everything that overrides them, as they are in force. */
export interface EffectiveSettings {
  readonly preferences: Preferences;
  readonly origins: Readonly<Record<SettingPath, LimitOrigin>>;
}

/** The policy in force, or why there is none to be had: then no session may start. */
export type PolicyState =
  | { ok: true; policy: Policy; file: string | null }
  | { ok: false; file: string; message: string };

/** The engine's view of all settings. */
export interface SettingsStore {
  readonly settings: Settings;
  readonly effective: EffectiveSettings;
  readonly policy: PolicyState;
  /** What was wrong when it was read (a corrupt file kept aside, an override that is not a number …). */
  readonly problems: readonly Problem[];
  profile(id: string): Profile | undefined;
  /** Applies all changes or none. Throws `RequestError('invalid_setting')` with a message for the person. */
  change(changes: readonly SettingChange[]): void;
  /**
   * Adds a profile, or replaces the one with its id. Throws `RequestError('invalid_setting')` with a message that begins
   * with the field's name; whether the profile's folder exists is not looked at.
   *
   * @param before the profile it is put before; null: at the end; without it, it stays where it is
   */
  saveProfile(profile: Profile, before?: string | null): void;
  /** Throws `RequestError('invalid_setting')` for the local shell, and for a profile that is not there. */
  deleteProfile(id: string): void;
  /** Puts a profile that comes with the app back as it came, also when it was deleted. Throws `RequestError`. */
  resetProfile(id: string): void;
  /** Called after each change that took effect; gives the function that ends it. */
  onChange(listener: () => void): () => void;
}
