import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Page } from '@playwright/test';
import { SETTINGS_VERSION } from '../../shared/settings.ts';
import { TEST_MARK } from '../runner/home.ts';

/** How the app is started: by `scripts/smoke.ts`, which knows where it lies. */
export interface AppCommand {
  readonly executable: string;
  readonly args: readonly string[];
}

/** How long the app may take until it can be connected to, in milliseconds. */
const START_MS = 90_000;

/**
 * A running app in a fresh home. It is started as a user starts it, and driven over Chromium's debugging port: the packaged app
 * does not let its main process be debugged.
 */
export class PackagedApp implements AsyncDisposable {
  readonly page: Page;
  /** Resolves with the app's exit status, null after a signal. */
  readonly exited: Promise<number | null>;
  /** What tells this app's processes from those of others. */
  readonly mark: string;
  /** `SANDGLASS_HOME` */
  readonly home: string;
  /** Where the app puts temporary files. */
  readonly temporary: string;
  readonly #root: string;
  readonly #browser: Browser;
  readonly #child: ChildProcess;

  private constructor(root: string, child: ChildProcess, browser: Browser, page: Page) {
    this.#root = root;
    this.#child = child;
    this.#browser = browser;
    this.page = page;
    this.mark = `${TEST_MARK}=${basename(root)}`;
    this.home = join(root, 'sandglass');
    this.temporary = join(root, 'tmp');
    this.exited = exitOf(child);
  }

  static async start({ executable, args }: AppCommand): Promise<PackagedApp> {
    const root = await mkdtemp(join(tmpdir(), 'sandglass-pkg-'));
    await makeFolders(root);
    const child = spawn(executable, [...args, '--remote-debugging-port=0'], {
      env: environment(root),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      // Electron has no download behaviour to set, which Playwright does by default.
      const options = { timeout: START_MS, noDefaults: true };
      const browser = await chromium.connectOverCDP(await debuggingAddress(child), options);
      return new PackagedApp(root, child, browser, await firstPage(browser));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Closes the window, which quits where apps live by their windows; on macOS it ends the app as the system does. */
  async quit(): Promise<number | null> {
    if (process.platform === 'darwin') this.#child.kill('SIGTERM');
    else await this.page.evaluate(() => window.close()).catch(() => {});
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close().catch(() => {});
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.exited;
    await rm(this.#root, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function makeFolders(root: string): Promise<void> {
  const config = join(root, 'sandglass', 'config');
  for (const folder of [config, join(root, 'tmp'), join(root, 'user')]) await mkdir(folder, { recursive: true });
  // The text of a terminal that is drawn on a canvas cannot be read from the page.
  const settings = { version: SETTINGS_VERSION, terminal: { renderer: 'dom' } };
  await writeFile(join(config, 'settings.json'), JSON.stringify(settings), { mode: 0o600 });
  // zsh asks a user without start-up files questions.
  await writeFile(join(root, 'user', '.zshrc'), '');
}

function environment(root: string): NodeJS.ProcessEnv {
  const temporary = join(root, 'tmp');
  // Windows starts no shell without the user's own folders.
  const folders = process.platform === 'win32' ? {} : { HOME: join(root, 'user'), TMPDIR: temporary };
  const { ELECTRON_RUN_AS_NODE: _, NODE_OPTIONS: __, ...inherited } = process.env;
  return {
    ...inherited,
    ...folders,
    SANDGLASS_HOME: join(root, 'sandglass'),
    SANDGLASS_LOG_LEVEL: 'debug',
    [TEST_MARK]: basename(root),
  };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null));
}

/** The address that Chromium prints once its debugging port is open. What else the app prints is for whoever runs the test. */
function debuggingAddress(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const said: string[] = [];
  const timer = setTimeout(() => reject(new Error(`No debugging port after ${START_MS / 1000} s`)), START_MS);
  const why = (): string => `The app did not start. It printed:\n${said.join('\n')}`;
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line);
      const [, address] = /^DevTools listening on (ws:\/\/\S+)$/.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    });
  }
  child.once('error', (cause) => reject(new Error(why(), { cause })));
  child.once('exit', () => reject(new Error(why())));
  return promise.finally(() => clearTimeout(timer));
}

async function firstPage(browser: Browser): Promise<Page> {
  const [context] = browser.contexts();
  if (context === undefined) throw new Error('The app has no browser context');
  const page = context.pages()[0] ?? (await context.waitForEvent('page', { timeout: START_MS }));
  // The window need not be the one that the desktop has given the focus to.
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setFocusEmulationEnabled', { enabled: true });
  return page;
}
