import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { app, dialog, protocol } from 'electron';
import { messageOf } from '../../../shared/error-message.ts';
import { findLocations } from '../../storage/locations.ts';
import { APP_SCHEME } from './app-origin.ts';
import { calledEnvironment } from './called-environment.ts';
import { type AppFiles, runDesktop } from './run.ts';

/**
 * Starts the desktop app: what has to be decided before Electron is ready, and then the rest. A second start on the same data folder
 * shows the window of the first one.
 */
export function launchDesktop(files: AppFiles): void {
  const called = calledEnvironment(process.env, process.platform);
  // The id of the packages, by which Windows shows notifications (packaging/windows/installer.nsi).
  if (process.platform === 'win32') app.setAppUserModelId('org.sandglass.Sandglass');
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
  try {
    // Chromium's own files get a folder beside ours. The lock lies in it: one instance for each data folder.
    const folder = join(findLocations({ env: process.env, platform: process.platform }).data, 'desktop');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    app.setPath('userData', folder);
  } catch (error) {
    fail(error);
    return;
  }
  if (!app.requestSingleInstanceLock()) {
    app.exit(0);
    return;
  }
  app
    .whenReady()
    .then(() => runDesktop({ ...files, called }))
    .catch(fail);
}

function fail(error: unknown): void {
  dialog.showErrorBox('Sandglass could not start', messageOf(error));
  app.exit(1);
}
