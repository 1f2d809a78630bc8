import type { LimitOrigin } from '../../shared/limits.ts';
import type { Profile } from '../../shared/profile.ts';
import type { Policy, Preferences, Problem, SettingChange, SettingPath, Settings } from '../../shared/settings.ts';

/** The content of the settings file: only what somebody set, so that a better default reaches everybody else. */
export interface StoredSettings {
  readonly version: number;
  readonly profiles?: readonly Profile[];
  readonly [section: string]: unknown;
}

/** One change of the file: the value at a path, as keys and indices; without a value the entry is removed. */
export interface SettingsEdit {
  readonly path: (string | number)[];
  readonly value?: unknown;
  /** Puts the value before the one at this index of a list, instead of in its place. */
  readonly isInsertion?: boolean;
}

/** What holds the settings file: `electron-store` on desktop, `conf` in the web host. */
export interface SettingsFile {
  /** The file's path. */
  readonly path: string;
  /**
   * The file's content; an empty object where there is none.
   * Throws `SettingsFormatError` when it is not a JSON object (comments are allowed), and the system's error when it cannot be read at all.
   */
  read(): Record<string, unknown>;
  /**
   * Makes these edits in the file as it is now, atomically; comments and everything else stay. Makes the file where there is none.
   * Throws the system's error.
   */
  edit(edits: readonly SettingsEdit[]): void;
  /** Replaces the whole content, atomically: only when the user has agreed. Throws the system's error. */
  replace(settings: StoredSettings): void;
  /** Keeps a copy of the file as it is now, beside it, and gives the copy's path. Throws the system's error. */
  setAside(): string;
  /** Notifies of changes of the file, also of this process's own, within seconds; gives the function that ends it. */
  watch?(listener: () => void): () => void;
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

/** The policy in force, or why there is none: then no session may start. `isOwn`: the user's own file, which `SANDGLASS_POLICY_FILE` names, not the administrator's. */
export type PolicyState =
  | { ok: true; policy: Policy; file: string | null; isOwn?: true }
  /** `why`: what is wrong with the file, as a clause; `message`: the same with what follows from it. */
  | { ok: false; file: string; why: string; message: string };

/** What is wrong with the settings file. It stays as it is until the user changes or replaces it. */
export interface SettingsFileProblem extends Problem {
  /** Whether nothing of the file is in force, and changes last until Sandglass quits unless it is replaced. */
  readonly isUnused: boolean;
}

/** The engine's view of all settings. */
export interface SettingsStore {
  readonly settings: Settings;
  readonly effective: EffectiveSettings;
  readonly policy: PolicyState;
  /** What is wrong with the policy file now; null: nothing. It is among the problems, too. */
  readonly policyProblem: Problem | null;
  /** What was wrong when it was read (a corrupt file kept aside, an override that is not a number …). */
  readonly problems: readonly Problem[];
  /** The path of the settings file. */
  readonly path: string;
  /** What is wrong with the settings file now; null: nothing. It is among the problems, too. */
  readonly fileProblem: SettingsFileProblem | null;
  profile(id: string): Profile | undefined;
  /** Applies all changes or none. Throws `RequestError('invalid_setting')` with the setting in `field`. */
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
  /** Reads the file again, after someone else changed it. A file that cannot be read leaves the settings as they are. */
  refresh(): void;
  /** Reads the policy again, after its file was changed. A file that cannot be used never loosens what is in force. */
  refreshPolicy(): void;
  /**
   * Writes the settings in force over a file that is not used, and keeps a copy of that file: the user has agreed. Gives the copy's
   * path. Throws `RequestError`.
   */
  replaceFile(): string;
  /** Called after each change that took effect; gives the function that ends it. */
  onChange(listener: () => void): () => void;
}
