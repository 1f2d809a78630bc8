import { expect, type Locator, type Page } from '@playwright/test';
import { PROMPT } from '../runner/options.ts';

/** The terminal of the active tab. */
export class TerminalPane {
  readonly area: Locator;
  readonly rows: Locator;
  readonly input: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.area = page.getByTestId('terminal').filter({ visible: true });
    this.rows = this.area.locator('.xterm-rows');
    this.input = this.area.locator('.xterm-helper-textarea');
  }

  /** The visible rows, without the blanks at their ends. */
  async screen(): Promise<string[]> {
    return this.rows.evaluate((rows) =>
      [...rows.children].map((row) => (row.textContent ?? '').replaceAll('\u00a0', ' ').trimEnd()),
    );
  }

  /** The visible rows that are not empty. */
  async lines(): Promise<string[]> {
    return (await this.screen()).filter((line) => line !== '');
  }

  /** Waits for a row that is, or matches, this. */
  async waitForLine(line: string | RegExp): Promise<void> {
    const matches = (row: string): boolean => (typeof line === 'string' ? row === line : line.test(row));
    await expect
      .poll(async () => (await this.screen()).some(matches) || this.screen(), `a line ${String(line)}`)
      .toBe(true);
  }

  async waitForPrompt(): Promise<void> {
    await expect.poll(async () => (await this.lines()).at(-1), 'the prompt').toBe(PROMPT);
  }

  /** Types into the shell. */
  async type(text: string): Promise<void> {
    await this.input.focus();
    await this.#page.keyboard.type(text);
  }

  /** Types a command and presses Enter. */
  async run(command: string): Promise<void> {
    await this.type(command);
    await this.#page.keyboard.press('Enter');
  }

  /** Everything the terminal holds, scrollback included: selected and copied, as a person would. */
  async everything(): Promise<string[]> {
    await this.area.click({ button: 'right', position: { x: 200, y: 40 } });
    await this.#page.getByRole('menuitem', { name: 'Select all' }).click();
    await expect(this.#page.getByTestId('terminal-menu')).toBeHidden();
    const text = await this.input.evaluate((element) => {
      const clipboardData = new DataTransfer();
      element.dispatchEvent(new ClipboardEvent('copy', { clipboardData, bubbles: true, cancelable: true }));
      return clipboardData.getData('text/plain');
    });
    return text
      .split(/\r?\n/)
      .map((line) => line.replaceAll('\u00a0', ' ').trimEnd())
      .filter((line) => line !== '');
  }
}
