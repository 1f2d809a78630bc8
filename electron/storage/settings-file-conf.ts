import { chmodSync, constants, copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Conf from 'conf';
import { editSettingsText, formatSettings, parseSettingsText } from './jsonc.ts';
import { type SettingsEdit, type SettingsFile, SettingsFormatError, type StoredSettings } from './settings-store.ts';
import { watchForChanges } from './watch-file.ts';

/** The part of `conf` that is used. `electron-store` has it too. */
export interface ConfLike {
  readonly path: string;
  store: Record<string, unknown>;
}

/** The options that both hosts give to their store. Checking what it holds is not its task. */
export interface ConfOptions {
  readonly fileExtension: 'json';
  readonly configFileMode: 0o600;
  readonly accessPropertiesByDotNotation: false;
  readonly clearInvalidConfig: false;
  readonly deserialize: (text: string) => Record<string, unknown>;
  readonly serialize: () => string;
}

/**
 * A settings file held by a `conf` or an `electron-store`. The store is made at the first access, and made again after
 * one that failed: its constructor reads the file, and fails with it.
 *
 * @param path the file, whose name ends in `.json`
 * @param open makes the store for that file with these options
 * @param now milliseconds since the Unix epoch, for the names of copies
 */
export function settingsFileOn(
  path: string,
  open: (options: ConfOptions) => ConfLike,
  now: () => number = Date.now,
): SettingsFile {
  let store: ConfLike | null = null;
  // The store must be able to open and replace a file that is no JSON, so what is wrong is kept from it and told here.
  let broken: SettingsFormatError | null = null;
  // What the file holds, word for word, and what it is to hold. The store does the reading and writing, with links followed.
  let text = '';
  let next = '';
  const deserialize = (content: string): Record<string, unknown> => {
    broken = null;
    text = content;
    try {
      return parseSettingsText(content);
    } catch (error) {
      if (!(error instanceof SettingsFormatError)) throw error;
      broken = error;
      return {};
    }
  };
  const opened = (): ConfLike => {
    store ??= open({
      fileExtension: 'json',
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
      clearInvalidConfig: false,
      deserialize,
      serialize: () => next,
    });
    return store;
  };
  const read = (): Record<string, unknown> => {
    broken = null;
    text = '';
    return opened().store;
  };
  const lastError = (): SettingsFormatError | null => broken;
  const write = (content: string): void => {
    const current = opened();
    next = content;
    // What is written is what `serialize` gives.
    current.store = {};
  };
  return {
    path,
    read() {
      const content = read();
      const error = lastError();
      if (error !== null) throw error;
      return content;
    },
    edit(edits: readonly SettingsEdit[]) {
      read();
      write(editSettingsText(text, edits));
    },
    replace(settings: StoredSettings) {
      write(formatSettings(settings));
    },
    setAside: () => keepCopy(path, now()),
    watch: (listener) => watchForChanges(path, listener),
  };
}

/** The settings file of the web host. */
export function openSettingsFile(path: string, now?: () => number): SettingsFile {
  const open = (options: ConfOptions): ConfLike =>
    new Conf({ ...options, cwd: dirname(path), configName: configNameOf(path) });
  return settingsFileOn(path, open, now);
}

/** The name that `conf` (`configName`) and `electron-store` (`name`) want for a file: without `.json`. */
export function configNameOf(path: string): string {
  return path.replace(/^.*[\\/]/, '').replace(/\.json$/, '');
}

/** Copies to `settings.corrupt-<UTC time>.json`, never over an earlier copy. */
function keepCopy(path: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
  for (let attempt = 1; ; attempt += 1) {
    const suffix = attempt === 1 ? time : `${time}-${attempt}`;
    const copy = join(dirname(path), `${configNameOf(path)}.corrupt-${suffix}.json`);
    try {
      copyFileSync(path, copy, constants.COPYFILE_EXCL);
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (taken && attempt < 100) continue;
      throw error;
    }
    chmodSync(copy, 0o600);
    return copy;
  }
}
