import { expect, type Locator, type Page } from '@playwright/test';
import type { SettingPath } from '../../shared/settings.ts';

/** The settings, in a tab of their own. */
export class SettingsPage {
  readonly page: Locator;
  readonly policyNote: Locator;
  /** What is wrong with the settings file. */
  readonly fileNote: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.page = page.getByTestId('settings-page');
    this.policyNote = page.getByTestId('policy-note');
    this.fileNote = page.getByTestId('file-note');
  }

  async open(): Promise<void> {
    await this.#page.getByTestId('window-menu').click();
    await this.#page.getByTestId('open-settings').click();
    await expect(this.page).toBeVisible();
  }

  /** One setting, with all that is said of it. */
  setting(path: SettingPath): Locator {
    return this.page.getByTestId(`setting-${path}`);
  }

  /** The field of a setting that is typed. */
  field(path: SettingPath): Locator {
    return this.setting(path).getByRole('textbox');
  }

  error(path: SettingPath): Locator {
    return this.setting(path).getByRole('alert');
  }

  async change(path: SettingPath, text: string): Promise<void> {
    await this.field(path).fill(text);
    await this.field(path).press('Enter');
  }
}
