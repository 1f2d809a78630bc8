import AxeBuilder from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from '@playwright/test';
import { type PreviewServer, preview } from 'vite';
import { expect } from 'vitest';
import { findBrowser } from '../../scripts/find-browser.ts';
import { projectRoot } from '../../scripts/project.ts';
import type { FakeCore } from './fake-core.ts';

declare global {
  interface Window {
    readonly fakeCore: FakeCore;
  }
}

/** How long anything in a real browser may take on a busy machine. */
export const WINDOW_TIMEOUT_MS = 120_000;
/** How long one step of it may take. */
const STEP_TIMEOUT_MS = 60_000;

export interface OpenOptions extends BrowserContextOptions {
  /** An entry of the made-up machines, all backends unless it is named. */
  backends?: string;
  /** What the core runs on: `web` unless it is named, or `desktop`. */
  host?: string;
  /** The made-up hooks: `some` unless it is named, `none`, or `failing`. */
  hooks?: string;
  /** How many sessions of earlier runs are remembered; none unless it is said. */
  history?: number;
  /** Time is stopped until the test moves it. */
  stillTime?: boolean;
  /** The display's scale, as the browser gets it from the system: `deviceScaleFactor` only pretends to it. */
  scale?: number;
  /** The browser says that it runs on macOS. */
  onMac?: boolean;
}

/** The renderer in a real browser, with its made-up core. One per test file; `close` ends server and browser. */
export class TestWindows {
  readonly #server: PreviewServer;
  readonly #browser: Browser;
  readonly #path: string;
  /** Browsers at other scales. */
  readonly #scaled = new Map<number, Browser>();

  private constructor(server: PreviewServer, browser: Browser, path: string) {
    this.#server = server;
    this.#path = path;
    this.#browser = browser;
  }

  static async start(): Promise<TestWindows> {
    const found = await findBrowser();
    if (found === undefined) throw new Error('There is no browser to test with.');
    const server = await preview({
      configFile: `${projectRoot}/vite.test-window.config.ts`,
      logLevel: 'error',
      preview: { host: '127.0.0.1', port: 0 },
    });
    return new TestWindows(server, await launch(found.path), found.path);
  }

  async close(): Promise<void> {
    await Promise.all([this.#browser, ...this.#scaled.values()].map((browser) => browser.close()));
    await this.#server.close();
  }

  async #atScale(scale: number): Promise<Browser> {
    const browser = this.#scaled.get(scale) ?? (await launch(this.#path, [`--force-device-scale-factor=${scale}`]));
    this.#scaled.set(scale, browser);
    return browser;
  }

  /** A window with a scene of `scenes.ts`. Closing its context closes it. */
  async open(scene: string, options: OpenOptions = {}): Promise<Page> {
    const {
      backends = 'all',
      host = 'web',
      hooks = 'some',
      history = 0,
      stillTime = false,
      scale,
      onMac = false,
      ...contextOptions
    } = options;
    const browser = scale === undefined ? this.#browser : await this.#atScale(scale);
    const context = await browser.newContext({
      viewport: scale === undefined ? { width: 1_000, height: 600 } : null,
      reducedMotion: 'reduce',
      ...contextOptions,
    });
    context.setDefaultTimeout(STEP_TIMEOUT_MS);
    if (onMac) {
      await context.addInitScript(() => {
        Object.defineProperty(Navigator.prototype, 'platform', { get: () => 'MacIntel' });
        Object.defineProperty(Navigator.prototype, 'userAgentData', { get: () => ({ platform: 'macOS' }) });
      });
    }
    const page = await context.newPage();
    if (stillTime) await page.clock.install();
    const base = this.#server.resolvedUrls?.local[0] ?? '';
    const query = new URLSearchParams({ scene, backends, host, hooks, history: String(history) });
    await page.goto(`${base}testing/index.html?${query}`);
    await page.getByTestId('new-tab').waitFor();
    if (stillTime) await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));
    return page;
  }
}

/** With the scroll bars that people see, and with WebGL where there is no GPU. */
function launch(executablePath: string, args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--enable-unsafe-swiftshader', '--window-size=1000,600', ...args],
    ignoreDefaultArgs: ['--hide-scrollbars'],
  });
}

/** The terminal's own rows are left out: their colours are the program's choice, kept legible by xterm.js. `ignored`: axe rules. */
export async function expectNoFaults(page: Page, where: string, ignored: string[] = []): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).exclude('.xterm').disableRules(ignored).analyze();
  const faults = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`,
  );
  expect(faults, where).toEqual([]);
}

/** Nothing reaches beyond the window, and the buttons that answer something can be clicked. */
export async function expectFits(page: Page, where: string): Promise<void> {
  const overflow = await page.evaluate(() => {
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
    return { x: scrollWidth - clientWidth, y: scrollHeight - clientHeight };
  });
  expect(overflow, where).toEqual({ x: 0, y: 0 });
  const buttons =
    '.banner button:enabled, .ended-card button:enabled, .starting-card button, .choice-card[aria-disabled=false], .hooks button:enabled, .recent button:enabled';
  for (const button of await page.locator(buttons).all()) {
    if (await button.isVisible()) await button.click({ trial: true });
  }
}

/** None of these covers any part of another. */
export async function expectApart(parts: readonly Locator[]): Promise<void> {
  const boxes = await Promise.all(parts.map((part) => part.boundingBox()));
  boxes.forEach((one, index) => {
    for (const other of boxes.slice(index + 1)) {
      if (one === null || other === null) throw new Error('A part is not shown');
      const x = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
      const y = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
      expect(x > 0 && y > 0, JSON.stringify([one, other])).toBe(false);
    }
  });
}

/** Without a fault in light and in dark, and nothing cut off on the smallest window. The page was opened in light. */
export async function expectWellDrawn(page: Page, where: string, ignored: string[] = []): Promise<void> {
  await expectNoFaults(page, `${where}, light`, ignored);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('html.dark').waitFor();
  await expectNoFaults(page, `${where}, dark`, ignored);
  await page.setViewportSize({ width: 480, height: 320 });
  await expectFits(page, where);
}
