import { expect, type Locator, type Page } from '@playwright/test';
import type { ExportFormat } from '../../shared/recording.ts';
import type { EndReason } from '../../shared/session.ts';

/** What stands under the terminal: the warning while it lives, and the card when it has ended. */
export class SessionCard {
  readonly banner: Locator;
  readonly keepOpen: Locator;
  readonly extend: Locator;
  readonly ended: Locator;
  readonly reason: Locator;
  readonly again: Locator;
  readonly exportMenu: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.banner = page.getByTestId('banner').filter({ visible: true });
    this.keepOpen = this.banner.getByTestId('keep-open');
    this.extend = this.banner.getByTestId('extend');
    this.ended = page.getByTestId('ended-card').filter({ visible: true });
    this.reason = this.ended.getByTestId('end-reason');
    this.again = this.ended.getByTestId('new-session');
    this.exportMenu = this.ended.getByTestId('export-menu');
  }

  /** Waits until the session of the active tab has ended this way. */
  async waitForEnd(reason: EndReason, timeout = 20_000): Promise<void> {
    await expect(this.ended).toHaveAttribute('data-reason', reason, { timeout });
  }

  /** Chooses a format in the export menu. */
  async export(format: ExportFormat): Promise<void> {
    await this.exportMenu.click();
    await this.#page.getByTestId(`export-${format}`).click();
  }
}
