import type { Browser, CDPSession, Page } from '@playwright/test';
import { installProbe } from './probe.ts';

const VIEWPORT = { width: 1_000, height: 640 };

let marks = 0;

/** A page that shows a terminal, the product's or a bare one. */
export class TerminalPage implements AsyncDisposable {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the product and a first tab in it. */
  static async openProduct(browser: Browser, link: string): Promise<TerminalPage> {
    const opened = await TerminalPage.#open(browser, link);
    await opened.page.getByTestId('new-tab').waitFor();
    await opened.newTab();
    return opened;
  }

  /** @param query as the bare page takes it */
  static async openBare(browser: Browser, link: string, query: string): Promise<TerminalPage> {
    const opened = await TerminalPage.#open(browser, `${link}?${query}`);
    await opened.page.waitForFunction(() => window.benchReady === true);
    return opened;
  }

  static async #open(browser: Browser, link: string): Promise<TerminalPage> {
    const context = await browser.newContext({ viewport: VIEWPORT });
    const page = await context.newPage();
    await page.addInitScript(installProbe);
    await page.goto(link);
    return new TerminalPage(page);
  }

  /** The product: opens one more tab, shown at once. */
  async newTab(): Promise<void> {
    const { page } = this;
    const before = await page.getByTestId('tab').count();
    await page.getByTestId('new-tab').click();
    await page.getByTestId('tab').nth(before).waitFor();
    await page.locator('section:not([hidden]) .xterm-rows').filter({ hasText: '[ready]' }).waitFor();
    await page.locator('section:not([hidden]) .xterm-helper-textarea').focus();
  }

  /** The product: shows a tab. */
  async showTab(index: number): Promise<void> {
    await this.page.getByTestId('tab').nth(index).getByRole('tab').click();
    await this.page.locator('section:not([hidden]) .xterm-helper-textarea').focus();
  }

  async type(command: string): Promise<void> {
    await this.page.keyboard.type(`${command}\n`);
  }

  /** Runs a command of the bench's shell that ends with a mark; gives how long after Enter that was painted, in ms. */
  async timeCommand(command: string): Promise<number> {
    marks += 1;
    const mark = `mark-${marks}`;
    await this.page.evaluate((text) => window.bench.watchForText(text), `[${mark}]`);
    await this.type(`${command} ${mark}`);
    return this.page.evaluate(() => window.bench.result);
  }

  /** The terminal's size as the shell sees it. */
  async size(): Promise<{ cols: number; rows: number }> {
    await this.timeCommand('size');
    const text = await this.page.evaluate(
      () =>
        [...document.querySelectorAll<HTMLElement>('.xterm-rows')].find((rows) => rows.offsetParent !== null)
          ?.textContent ?? '',
    );
    const found = /(\d+)\s(\d+)\s\[mark-/.exec(text);
    if (found === null) throw new Error(`The shell did not tell its size: ${text}`);
    return { rows: Number(found[1]), cols: Number(found[2]) };
  }

  /** Presses a key and gives how long after it the change was painted, in milliseconds. */
  async timeKey(key: string): Promise<number> {
    await this.page.evaluate(() => window.bench.watchForEcho());
    await this.page.keyboard.press(key);
    return this.page.evaluate(() => window.bench.result);
  }

  devTools(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
