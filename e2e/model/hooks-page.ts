import { expect, type Locator, type Page } from '@playwright/test';
import type { DeliveryState, HookEvent, HookState } from '../../shared/hooks.ts';

/** The hooks on the settings page: the list, and the deliveries of one of them. */
export class HooksPage {
  readonly page: Locator;
  /** The names in the list. */
  readonly names: Locator;
  readonly empty: Locator;
  readonly details: Locator;
  readonly state: Locator;
  readonly message: Locator;
  readonly counts: Locator;
  readonly target: Locator;
  readonly test: Locator;
  readonly enable: Locator;
  readonly openFolder: Locator;
  readonly sendAllAgain: Locator;
  /** Deliveries as they are shown, the latest first. */
  readonly deliveries: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.page = page.getByTestId('hooks-page');
    this.names = this.page.getByTestId('hook-item').locator('.profile-item-name');
    this.empty = this.page.getByTestId('no-hooks');
    this.details = this.page.getByTestId('hook-details');
    this.state = this.details.getByTestId('hook-state');
    this.message = this.details.getByTestId('hook-message');
    this.counts = this.details.getByTestId('hook-counts');
    this.target = this.details.getByTestId('hook-target');
    this.test = this.details.getByTestId('hook-test');
    this.enable = this.details.getByTestId('hook-enable');
    this.openFolder = this.page.getByTestId('hooks-folder');
    this.sendAllAgain = this.details.getByTestId('send-all-again');
    this.deliveries = this.details.getByTestId('delivery');
  }

  async open(): Promise<void> {
    await this.#page.getByTestId('window-menu').click();
    await this.#page.getByTestId('menu-hooks').click();
    await expect(this.page).toBeVisible();
  }

  hook(name: string): Locator {
    return this.page.locator(`[data-hook="${name}"]`);
  }

  /** Shows the deliveries of a hook. */
  async choose(name: string): Promise<void> {
    await this.hook(name).click();
    await expect(this.details).toHaveAttribute('data-hook-name', name);
  }

  async waitForState(state: HookState): Promise<void> {
    await expect(this.details).toHaveAttribute('data-state', state);
  }

  /** Shows the deliveries of one state, or all. */
  async show(filter: DeliveryState | 'all'): Promise<void> {
    const button = this.details.getByTestId(`deliveries-${filter}`);
    await button.click();
    await expect(button).toHaveAttribute('aria-pressed', 'true');
  }

  /** The shown deliveries of an event in a state. */
  of(event: HookEvent, state: DeliveryState): Locator {
    return this.deliveries.and(this.#page.locator(`[data-event="${event}"][data-state="${state}"]`));
  }

  sendAgain(delivery: Locator): Promise<void> {
    return delivery.getByTestId('send-again').click();
  }
}
