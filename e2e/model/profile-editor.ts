import { expect, type Locator, type Page } from '@playwright/test';
import type { ProfileField } from '../../shared/labels.ts';

/** The profiles on the settings page: the list, and the form of one of them. */
export class ProfileEditor {
  readonly page: Locator;
  readonly form: Locator;
  readonly title: Locator;
  readonly badge: Locator;
  readonly backendState: Locator;
  /** The names in the list. */
  readonly names: Locator;
  readonly status: Locator;
  readonly save: Locator;
  readonly discard: Locator;
  readonly openSession: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.page = page.getByTestId('profiles-page');
    this.form = page.getByTestId('profile-editor');
    this.title = this.form.getByRole('heading', { level: 2 });
    this.badge = this.form.getByTestId('expected-badge');
    this.backendState = this.form.getByTestId('backend-state');
    this.names = this.page.locator('.profile-item-name');
    this.status = this.form.getByTestId('profile-bar').getByRole('status');
    this.save = this.form.getByTestId('save-profile');
    this.discard = this.form.getByTestId('discard-profile');
    this.openSession = this.form.getByTestId('open-profile');
  }

  /** Begins a profile like one of those that come with the app. */
  async newFrom(preset: string): Promise<void> {
    await this.page.getByTestId('new-profile').click();
    await this.#page.getByTestId(`new-profile-${preset}`).click();
    await expect(this.form).toBeVisible();
  }

  /** Shows a profile of the list. */
  async select(name: string): Promise<void> {
    await this.page
      .getByTestId('profile-item')
      .filter({ has: this.#page.getByText(name, { exact: true }) })
      .click();
    await expect(this.title).toHaveText(name);
  }

  field(field: ProfileField): Locator {
    return this.form.getByTestId(`profile-${field}`);
  }

  input(field: ProfileField): Locator {
    return this.field(field).getByRole('textbox').or(this.field(field).getByRole('combobox')).first();
  }

  async fill(field: ProfileField, text: string): Promise<void> {
    await this.input(field).fill(text);
  }

  error(field: ProfileField): Locator {
    return this.field(field).locator('.setting-error');
  }

  /** Chooses from the menu of the profile that is shown. */
  async choose(action: 'duplicate' | 'reset' | 'delete'): Promise<void> {
    await this.form.getByTestId('profile-menu').click();
    await this.#page.getByTestId(`${action}-profile`).click();
  }
}
