import { expect, type Locator, type Page } from '@playwright/test';
import type { ExportFormat } from '../../shared/recording.ts';
import type { SessionId } from '../../shared/session.ts';

/** The sessions of this and earlier runs, in an empty window or in the panel. */
export class RecentSessions {
  readonly all: Locator;
  readonly more: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.all = page.getByTestId('recent-session').filter({ visible: true });
    this.more = page.getByTestId('recent-more').filter({ visible: true });
  }

  /** Shows them in the panel. */
  async openPanel(): Promise<void> {
    await this.#page.getByTestId('new-tab-menu').click();
    await this.#page.getByTestId('menu-recent').click();
    await expect(this.#page.getByTestId('recent-panel')).toBeVisible();
  }

  session(id: SessionId): Locator {
    return this.all.and(this.#page.locator(`[data-recent="${id}"]`));
  }

  titled(title: string): Locator {
    return this.all.filter({ has: this.#page.locator('.recent-title', { hasText: title }) });
  }

  openAgain(session: Locator): Promise<void> {
    return session.getByTestId('recent-open').click();
  }

  showTab(session: Locator): Promise<void> {
    return session.getByTestId('recent-show').click();
  }

  /** Chooses a format in the export menu of a session. */
  async export(session: Locator, format: ExportFormat): Promise<void> {
    await session.getByTestId('export-menu').click();
    await this.#page.getByTestId(`export-${format}`).click();
  }
}
