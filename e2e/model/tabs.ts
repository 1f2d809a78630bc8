import { expect, type Locator, type Page } from '@playwright/test';

/** The tab strip. */
export class Tabs {
  readonly all: Locator;
  readonly active: Locator;
  readonly titles: Locator;
  readonly newButton: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.all = page.getByTestId('tab');
    this.active = this.all.and(page.locator('[data-active]'));
    this.titles = this.all.locator('.tab-title');
    this.newButton = page.getByTestId('new-tab');
  }

  tab(title: string): Locator {
    return this.all.filter({ has: this.#page.getByRole('tab', { name: title }) });
  }

  async select(title: string): Promise<void> {
    await this.tab(title).getByRole('tab').click();
    await expect(this.tab(title)).toHaveAttribute('data-active', 'true');
  }

  /** Gives the active tab another title, by keyboard. */
  async rename(title: string): Promise<void> {
    await this.#page.keyboard.press('F2');
    const field = this.#page.getByTestId('tab-rename');
    await field.fill(title);
    await field.press('Enter');
    await expect(field).toBeHidden();
    await expect(this.active.locator('.tab-title')).toHaveText(title);
  }

  /** Chooses from the menu of the active tab. */
  async choose(label: string): Promise<void> {
    await this.active.click({ button: 'right' });
    await this.#page.getByTestId('tab-menu').getByRole('menuitem', { name: label }).click();
  }

  /** Asks to close the active tab. */
  async close(): Promise<void> {
    await this.active.hover();
    await this.active.getByTestId('tab-close').click();
  }

  /** Drags a tab onto the far half of another. */
  async drag(title: string, onto: string): Promise<void> {
    const from = await this.tab(title).boundingBox();
    const to = await this.tab(onto).boundingBox();
    if (from === null || to === null) throw new Error('The tabs are not shown');
    const y = from.y + from.height / 2;
    const x = from.x + from.width / 3;
    const target = to.x < from.x ? to.x + to.width / 4 : to.x + (to.width * 3) / 4;
    await this.#page.mouse.move(x, y);
    await this.#page.mouse.down();
    await this.#page.mouse.move(target, y, { steps: 12 });
    await this.#page.mouse.up();
  }
}
