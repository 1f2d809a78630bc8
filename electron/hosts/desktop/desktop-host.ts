import { join } from 'node:path';
import { app, type BrowserWindow, dialog, type OpenDialogOptions, shell } from 'electron';
import type { ExportResult } from '../../../shared/contract.ts';
import { EXPORT_LABELS } from '../../../shared/recording.ts';
import type { ExportSource, HostServices } from '../../core/core.ts';
import { saveFile } from './save-file.ts';
import { keychainCipher } from './secrets.ts';

/** What the desktop does for the core. */
export function createDesktopHost(window: () => BrowserWindow | null): HostServices {
  return {
    kind: 'desktop',
    cipher: keychainCipher(),
    ...screenReaderServices(),
    chooseFolder: () => chooseFolder(window()),
    openFolder: async (folder) => (await shell.openPath(folder)) === '',
    deliverExport: (source) => deliverExport(source, window()),
  };
}

/** Electron reports assistive technology on macOS and Windows alone. */
function screenReaderServices(): Pick<HostServices, 'screenReader'> {
  if (process.platform !== 'darwin' && process.platform !== 'win32') return {};
  return {
    screenReader: {
      get running() {
        return app.accessibilitySupportEnabled;
      },
      onChange(listener) {
        const changed = (_event: unknown, enabled: boolean): void => listener(enabled);
        app.on('accessibility-support-changed', changed);
        return () => app.off('accessibility-support-changed', changed);
      },
    },
  };
}

async function chooseFolder(window: BrowserWindow | null): Promise<string | null> {
  const options: OpenDialogOptions = {
    title: 'Choose a folder',
    buttonLabel: 'Choose',
    properties: ['openDirectory', 'createDirectory'],
  };
  const { canceled, filePaths } =
    window === null ? await dialog.showOpenDialog(options) : await dialog.showOpenDialog(window, options);
  return canceled ? null : (filePaths[0] ?? null);
}

async function deliverExport(source: ExportSource, window: BrowserWindow | null): Promise<ExportResult> {
  const extension = source.name.split('.').at(-1) ?? '*';
  const options = {
    title: 'Export session',
    buttonLabel: 'Export',
    defaultPath: join(app.getPath('downloads'), source.name),
    filters: [
      { name: EXPORT_LABELS[source.format], extensions: [extension] },
      { name: 'All files', extensions: ['*'] },
    ],
  };
  const { canceled, filePath } =
    window === null ? await dialog.showSaveDialog(options) : await dialog.showSaveDialog(window, options);
  if (canceled || filePath === '') return { outcome: 'cancelled' };
  await saveFile(filePath, () => source.open());
  return { outcome: 'saved', file: filePath };
}
