import { app, type BrowserWindow, dialog, powerMonitor } from 'electron';
import type { Core } from '../../core/core.ts';
import { onUnexpectedErrors } from '../../core/unexpected-errors.ts';
import type { Log } from '../../storage/log.ts';
import { createQuitSequence, type QuitSequence, quitQuestion } from './quit-sequence.ts';

/** The core ends its sessions within 5 s, waits a second for a recovery, closes the journal within 2 and lets its backends go within 2. In milliseconds. */
const QUIT_LIMIT_MS = 11_000;

/** On macOS an app lives on without windows; elsewhere closing the window is the wish to quit. */
export function mayClose(quit: QuitSequence): boolean {
  if (process.platform === 'darwin' && !quit.quitting) return true;
  quit.request();
  return false;
}

export interface QuitOptions {
  readonly core: Pick<Core, 'liveSessions' | 'stillRunning' | 'quit'>;
  readonly log: Log;
  readonly window: () => BrowserWindow | null;
  /** Called when every session has ended. */
  readonly afterEnd: () => void;
}

/** Every way out of the app leads through one sequence. */
export function quitInOrder({ core, log, window, afterEnd }: QuitOptions): QuitSequence {
  const logger = log.child('desktop');
  const quit = createQuitSequence({
    liveSessions: () => core.liveSessions,
    ask: async (sessions) => askToQuit(quitQuestion(sessions, await core.stillRunning()), window()),
    end: async () => {
      logger.info('Quitting');
      // Whatever hangs on the way, the process ends.
      setTimeout(() => app.exit(1), QUIT_LIMIT_MS).unref();
      await core.quit();
      afterEnd();
      await log.close();
    },
    exit: (code) => app.exit(code),
    failed: (error) => logger.error({ err: error }, 'Quitting failed'),
  });
  app.on('before-quit', (event) => {
    event.preventDefault();
    quit.request();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') quit.request();
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => quit.force());
  powerMonitor.on('shutdown', () => quit.force());
  onUnexpectedErrors(logger, () => quit.force(1));
  return quit;
}

async function askToQuit(
  { message, detail, confirm }: ReturnType<typeof quitQuestion>,
  window: BrowserWindow | null,
): Promise<boolean> {
  const options = {
    type: 'question' as const,
    message,
    detail,
    buttons: ['Cancel', confirm],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  };
  const { response } =
    window === null ? await dialog.showMessageBox(options) : await dialog.showMessageBox(window, options);
  return response === 1;
}
