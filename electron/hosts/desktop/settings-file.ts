import { dirname } from 'node:path';
import ElectronStore from 'electron-store';
import { type ConfOptions, configNameOf, settingsFileOn } from '../../storage/settings-file-conf.ts';
import type { SettingsFile } from '../../storage/settings-store.ts';

/** The settings file of the desktop app. Electron may not be ready yet: nothing is opened before the first access. */
export function openSettingsFile(path: string): SettingsFile {
  return settingsFileOn(
    path,
    (options: ConfOptions) => new ElectronStore({ ...options, cwd: dirname(path), name: configNameOf(path) }),
  );
}
