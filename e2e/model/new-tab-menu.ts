import { expect, type Locator, type Page } from '@playwright/test';
import type { BackendKind } from '../../shared/profile.ts';

/** The menu beside the new-tab button: all profiles, and what can be had now. */
export class NewTabMenu {
  readonly menu: Locator;
  readonly checkAgain: Locator;
  readonly editProfiles: Locator;
  readonly #button: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.#button = page.getByTestId('new-tab-menu');
    this.menu = page.getByTestId('profile-menu').and(page.getByRole('menu'));
    this.checkAgain = this.menu.getByTestId('check-backends');
    this.editProfiles = this.menu.getByTestId('edit-profiles');
  }

  async open(): Promise<void> {
    await this.#button.click();
    await expect(this.menu).toBeVisible();
  }

  /** The profile of exactly this name. */
  named(name: string): Locator {
    return this.menu.getByRole('menuitem').filter({ has: this.#page.getByText(name, { exact: true }) });
  }

  profile(id: string): Locator {
    return this.menu.getByTestId(`menu-profile-${id}`);
  }

  /** What is said of the sessions of one kind. */
  backend(kind: BackendKind): Locator {
    return this.menu.getByTestId(`backend-line-${kind}`);
  }
}
