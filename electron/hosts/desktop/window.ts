import { BrowserWindow, dialog, nativeTheme, screen } from 'electron';
import type { Logger } from 'pino';
import { APP_PAGE } from './app-origin.ts';
import { createCrashGuard } from './crash-guard.ts';
import { MIN_SIZE, placeWindow, readWindowState, writeWindowState } from './window-state.ts';

/** What shows before the page has drawn itself: the background of the page's own themes. */
const BACKGROUND = { light: '#fcfcfd', dark: '#111113' } as const;

export interface WindowOptions {
  readonly preload: string;
  /** Where size and place are remembered. */
  readonly stateFile: string;
  readonly development: boolean;
  /** The user wants to close it. Gives whether it may go; else it stays. */
  readonly mayClose: () => boolean;
  /** The page keeps crashing, and the user would rather quit. */
  readonly giveUp: () => void;
  readonly logger: Logger;
}

/** Opens the window. It shows itself when there is something to see. */
export function openWindow(options: WindowOptions): BrowserWindow {
  const { logger, stateFile } = options;
  const { maximized, ...place } = placeWindow(
    readWindowState(stateFile),
    screen.getAllDisplays().map(({ workArea }) => workArea),
  );
  const window = new BrowserWindow({
    ...place,
    minWidth: MIN_SIZE.width,
    minHeight: MIN_SIZE.height,
    show: false,
    title: 'Sandglass',
    backgroundColor: backgroundColor(),
    // The terminal gets the room; Alt shows the menu.
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      devTools: options.development,
      spellcheck: false,
      // Countdowns and terminals go on while another window covers this one.
      backgroundThrottling: false,
    },
  });
  window.once('ready-to-show', () => {
    if (maximized) window.maximize();
    window.show();
  });
  const followTheme = (): void => window.setBackgroundColor(backgroundColor());
  nativeTheme.on('updated', followTheme);
  window.on('closed', () => nativeTheme.off('updated', followTheme));
  window.on('close', (event) => {
    rememberState(window, stateFile, logger);
    if (!options.mayClose()) event.preventDefault();
  });
  reloadAfterCrash(window, options);
  load(window, logger);
  return window;
}

function backgroundColor(): string {
  return nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light;
}

function load(window: BrowserWindow, logger: Logger): void {
  window.loadURL(APP_PAGE).catch((error: unknown) => logger.error({ err: error }, 'The page could not be loaded'));
}

function rememberState(window: BrowserWindow, file: string, logger: Logger): void {
  try {
    writeWindowState(file, { ...window.getNormalBounds(), maximized: window.isMaximized() });
  } catch (error) {
    logger.warn({ err: error }, 'The place of the window could not be remembered');
  }
}

/** Sessions live on in the main process: a new page shows them again. */
function reloadAfterCrash(window: BrowserWindow, { logger, giveUp }: WindowOptions): void {
  const mayReload = createCrashGuard(() => performance.now());
  const askUser = async (): Promise<void> => {
    const { response } = await dialog.showMessageBox({
      type: 'error',
      message: 'The window keeps crashing',
      detail: 'Your sessions are still running. The log files say more.',
      buttons: ['Load it again', 'Quit'],
      defaultId: 0,
      cancelId: 0,
    });
    if (response === 1) giveUp();
    else if (!window.isDestroyed()) load(window, logger);
  };
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    logger.error({ reason, exitCode }, 'The window crashed');
    if (mayReload()) load(window, logger);
    else askUser().catch((error: unknown) => logger.error({ err: error }, 'The question after a crash failed'));
  });
  window.on('unresponsive', () => logger.warn('The window does not respond'));
}
