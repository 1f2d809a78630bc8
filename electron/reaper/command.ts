import { fileURLToPath } from 'node:url';

/** How the reaper's process is started. */
export interface ReaperCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** All of its environment but what the system needs to start programs. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The argument with which the desktop app's own binary becomes the reaper, where it cannot be run as Node. */
export const REAPER_ARGUMENT = '--sandglass-reaper';

/** The reaper's entry lies beside this module, as source or, in the packaged app, as its own bundle. */
function entry(): string {
  const here = import.meta.url;
  return fileURLToPath(new URL(here.endsWith('.ts') ? 'reaper.ts' : 'reaper.js', here));
}

/** For a host that runs on Node. */
export function nodeReaperCommand(): ReaperCommand {
  return { file: process.execPath, args: [entry()], environment: {} };
}

/**
 * For the desktop app. On Linux its binary may be run as Node; Electron reads the entry out of the app's archive then. On
 * macOS and Windows that is switched off in the binary, and it runs the reaper instead of the app.
 *
 * @param app the app's folder, where the binary does not know it by itself; null for a packaged app.
 */
export function desktopReaperCommand(platform: NodeJS.Platform, app: string | null): ReaperCommand {
  if (platform === 'linux') return { ...nodeReaperCommand(), environment: { ELECTRON_RUN_AS_NODE: '1' } };
  return {
    file: process.execPath,
    args: [...(app === null ? [] : [app]), REAPER_ARGUMENT],
    // Windows: no window of a console is opened or taken over for what it prints.
    environment: { ELECTRON_NO_ATTACH_CONSOLE: '1' },
  };
}
