import { expect, type Locator, type Page } from '@playwright/test';
import type { LimitName } from '../../shared/limits.ts';

/** The panel at the right, showing the session of the active tab. */
export class SessionPanel {
  readonly panel: Locator;
  readonly timeline: Locator;
  readonly #button: Locator;

  constructor(page: Page) {
    this.panel = page.getByTestId('session-panel');
    this.timeline = page.getByTestId('timeline').locator('li > span');
    this.#button = page.getByTestId('session-panel-button');
  }

  async open(): Promise<void> {
    if (!(await this.panel.isVisible())) await this.#button.click();
    await expect(this.panel).toBeVisible();
  }

  section(name: 'now' | 'limits' | 'isolation' | 'credentials' | 'recording' | 'events'): Locator {
    return this.panel.getByTestId(`panel-${name}`);
  }

  /** One credential, by the variable it is in. */
  credential(env: string): Locator {
    return this.panel.getByTestId(`credential-${env}`);
  }

  limit(name: LimitName): Locator {
    return this.panel.getByTestId(`limit-${name}`);
  }
}
