import { chmodSync, constants, copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Conf from 'conf';
import { isRecord } from './setting-values.ts';
import { type SettingsFile, SettingsFormatError, type StoredSettings } from './settings-store.ts';

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
  const deserialize = (text: string): Record<string, unknown> => {
    broken = null;
    try {
      return parseObject(text);
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
    });
    return store;
  };
  const lastError = (): SettingsFormatError | null => broken;
  return {
    path,
    read() {
      broken = null;
      const content = opened().store;
      const error = lastError();
      if (error !== null) throw error;
      return content;
    },
    write(settings: StoredSettings) {
      opened().store = { ...settings };
    },
    setAside: () => keepCopy(path, now()),
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

function parseObject(text: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new SettingsFormatError('it is not JSON', { cause });
  }
  if (!isRecord(content)) throw new SettingsFormatError('it holds no JSON object');
  return content;
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
