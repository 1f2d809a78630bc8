import { expect, type Locator, type Page } from '@playwright/test';
import { PROMPT } from '../runner/options.ts';

/** The terminal of the active tab. */
export class TerminalPane {
  readonly area: Locator;
  readonly rows: Locator;
  readonly input: Locator;
  /** Says that another window has set the size. */
  readonly sizeHint: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.area = page.getByTestId('terminal').filter({ visible: true });
    this.rows = this.area.locator('.xterm-rows');
    this.sizeHint = this.area.getByTestId('size-hint');
    this.input = this.area.locator('.xterm-helper-textarea');
  }

  /** The visible rows, without the blanks at their ends. */
  async screen(): Promise<string[]> {
    return this.rows.evaluate((rows) =>
      [...rows.children].map((row) => (row.textContent ?? '').replaceAll('\u00a0', ' ').trimEnd()),
    );
  }

  /** The visible rows with their colours, without the cursor and what differs between two loads of a page. */
  async markup(): Promise<string> {
    return this.rows.evaluate((rows) =>
      [...rows.querySelectorAll('span')]
        .map((span) => {
          const classes = [...span.classList].filter((name) => !name.startsWith('xterm-cursor'));
          return `${classes.join(' ')} ${span.style.color} ${span.style.backgroundColor}: ${(span.textContent ?? '').trimEnd()}`;
        })
        .join('\n'),
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
