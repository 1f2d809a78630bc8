import { join } from 'node:path';
import {
  app,
  BrowserWindow,
  ipcMain,
  Menu,
  MessageChannelMain,
  Notification,
  nativeTheme,
  protocol,
  session,
  shell,
} from 'electron';
import { CHANNELS } from '../../../shared/handshake.ts';
import { openStorage } from '../../core/open-storage.ts';
import { startCore } from '../../core/start-core.ts';
import { sessionEnvironment } from '../../environment/session-environment.ts';
import { desktopReaperCommand } from '../../reaper/command.ts';
import { APP_SCHEME } from './app-origin.ts';
import { answerAppRequest } from './app-response.ts';
import { userEnvironment } from './called-environment.ts';
import { createDesktopHost } from './desktop-host.ts';
import { answerHandshakes } from './handshake.ts';
import { hardenContents, restrictPermissions } from './hardening.ts';
import { menuTemplate } from './menu.ts';
import { followClock } from './power.ts';
import { mayClose, quitInOrder } from './quit.ts';
import { openSettingsFile } from './settings-file.ts';
import { createWarnings, type WarningText } from './warnings.ts';
import { openWindow } from './window.ts';

/** Where the built files of the app lie. */
export interface AppFiles {
  readonly rendererFolder: string;
  readonly preload: string;
}

/** What the desktop app is run with. */
export interface DesktopOptions extends AppFiles {
  /** What the app was called with, see `calledEnvironment`. */
  readonly called: Readonly<Record<string, string>>;
}

/** Runs the app once Electron is ready: storage, core, window, and what connects them. */
export async function runDesktop({ rendererFolder, preload, called }: DesktopOptions): Promise<void> {
  // A shell that is asked takes its time; the rest is opened meanwhile.
  const resolving = userEnvironment(called, process.platform, app.isPackaged);
  const storage = await openStorage('desktop', process.env, openSettingsFile);
  const { locations, log, settings } = storage;
  const logger = log.child('desktop');
  const development = !app.isPackaged;
  let window: BrowserWindow | null = null;

  const user = await resolving;
  if (user.problem !== null) storage.problems.push(user.problem);
  const core = await startCore({
    storage,
    host: createDesktopHost(() => window),
    environment: await sessionEnvironment(user.environment),
    appVersion: app.getVersion(),
    reaper: desktopReaperCommand(process.platform, app.isPackaged ? null : app.getAppPath()),
  });
  core.prepare();
  const quit = quitInOrder({
    core,
    log,
    window: () => window,
    // Only now: whoever listens was told of every end.
    afterEnd: () => handshakes.close('Sandglass was quit'),
  });

  protocol.handle(APP_SCHEME, (request) => answerAppRequest(rendererFolder, request));
  restrictPermissions(session.defaultSession, logger);
  hardenContents(app, { openExternal: (url) => shell.openExternal(url), logger });
  const handshakes = answerHandshakes({
    onRequest: (listener) => ipcMain.on(CHANNELS.connect, listener),
    window: () => window?.webContents ?? null,
    createChannel: () => new MessageChannelMain(),
    core,
    logger,
  });

  const showWindow = (): void => {
    if (quit.quitting) return;
    if (window === null) {
      window = openWindow({
        preload,
        stateFile: join(app.getPath('userData'), 'window.json'),
        development,
        mayClose: () => mayClose(quit),
        giveUp: quit.request,
        logger,
      });
      window.on('closed', () => {
        window = null;
      });
      window.on('session-end', () => quit.force());
      return;
    }
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };
  app.on('second-instance', showWindow);
  app.on('activate', showWindow);
  const openFolder = (folder: string): void => {
    shell.openPath(folder).catch((error: unknown) => logger.warn({ err: error, folder }, 'A folder was not opened'));
  };
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(
      menuTemplate({
        platform: process.platform,
        appName: app.name,
        development,
        actions: {
          command: (command) => {
            showWindow();
            handshakes.connection?.command(command);
          },
          openLogs: () => openFolder(locations.logs),
          openRecordings: () => openFolder(locations.sessions),
          quit: quit.request,
        },
      }),
    ),
  );

  const followTheme = (): void => {
    nativeTheme.themeSource = settings.effective.preferences.appearance.theme;
  };
  followTheme();
  settings.onChange(followTheme);
  core.onEvent(
    createWarnings({
      titleOf: (id) => core.titleOf(id),
      isFocused: () => BrowserWindow.getFocusedWindow() !== null,
      notify: showNotification,
      openWindow: showWindow,
    }),
  );
  followClock(core, logger);
  showWindow();
}

function showNotification(text: WarningText, clicked: () => void): () => void {
  if (!Notification.isSupported()) return () => {};
  const notification = new Notification(text);
  notification.on('click', clicked);
  notification.show();
  return () => notification.close();
}
