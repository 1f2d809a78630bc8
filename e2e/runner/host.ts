import type { ElectronApplication, Page } from '@playwright/test';

interface RunningHost {
  readonly page: Page;
  /** The app's own process. */
  readonly pid: number;
  /** Resolves with its exit status, null after a signal. */
  readonly exited: Promise<number | null>;
  /** Ends it as the system would, and waits until it is gone. */
  terminate(): Promise<void>;
  /** Does what makes the app write a file out, and gives that file's path. */
  takeFile(folder: string, action: () => Promise<void>): Promise<string>;
}

/** The app served to a browser. */
export interface WebHost extends RunningHost {
  readonly kind: 'web';
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** The link it was opened with: its token has been used. */
  readonly usedLink: string;
  /** A link that has not been used. */
  freshLink(): Promise<string>;
}

/** The app in Electron. */
export interface DesktopHost extends RunningHost {
  readonly kind: 'desktop';
  readonly electron: ElectronApplication;
}

export type Host = WebHost | DesktopHost;
