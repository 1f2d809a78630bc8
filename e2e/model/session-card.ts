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
  /** Why a start failed, and what would help. */
  readonly message: Locator;
  readonly hint: Locator;
  readonly editProfile: Locator;
  /** While it starts. */
  readonly starting: Locator;
  readonly startingDetail: Locator;
  readonly cancel: Locator;
  readonly frozen: Locator;
  readonly thaw: Locator;
  /** Why a limit has frozen it, and what is left to thaw it. */
  readonly frozenWhy: Locator;
  readonly frozenTime: Locator;
  /** *New session*, *Reopen*, or *Open a new session*. */
  readonly again: Locator;
  /** Which limit ran out, where the next key press opens a new session. */
  readonly expired: Locator;
  /** More of why it ended, and what to do about it. */
  readonly detail: Locator;
  readonly advice: Locator;
  /** Says that its profile no longer exists. */
  readonly profileGone: Locator;
  /** While the tab's session is being replaced. */
  readonly replacing: Locator;
  readonly exportMenu: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.banner = page.getByTestId('banner').filter({ visible: true });
    this.keepOpen = this.banner.getByTestId('keep-open');
    this.extend = this.banner.getByTestId('extend');
    this.ended = page.getByTestId('ended-card').filter({ visible: true });
    this.reason = this.ended.getByTestId('end-reason');
    this.message = this.ended.getByTestId('failed-message');
    this.hint = this.ended.getByTestId('failed-hint');
    this.editProfile = this.ended.getByTestId('edit-profile');
    this.starting = page.getByTestId('starting-card').filter({ visible: true });
    this.startingDetail = this.starting.getByTestId('starting-detail');
    this.cancel = this.starting.getByTestId('cancel-start');
    this.frozen = page.getByTestId('frozen-bar').filter({ visible: true });
    this.thaw = this.frozen.getByTestId('thaw');
    this.frozenWhy = this.frozen.getByTestId('frozen-why');
    this.frozenTime = this.frozen.getByTestId('frozen-time');
    this.expired = this.ended.getByTestId('end-expired');
    this.detail = this.ended.getByTestId('end-detail');
    this.advice = this.ended.getByTestId('end-advice');
    this.profileGone = this.ended.getByTestId('profile-gone');
    this.replacing = page.getByTestId('replacing-card').filter({ visible: true });
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
