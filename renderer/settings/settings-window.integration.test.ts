import type { Locator, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectWellDrawn, TestWindows, WINDOW_TIMEOUT_MS } from '../testing/test-window.ts';

let windows: TestWindows;
let page: Page;

beforeAll(async () => {
  windows = await TestWindows.start();
}, WINDOW_TIMEOUT_MS);

afterEach(() => page?.context().close());
afterAll(() => windows?.close());

const setting = (path: string): Locator => page.getByTestId(`setting-${path}`);
const toast = (text: string): Locator => page.locator('[data-sonner-toast]', { hasText: text });

async function open(): Promise<void> {
  page = await windows.open('plain');
  await page.keyboard.press('Control+,');
  await page.getByTestId('settings-page').waitFor();
}

describe('the settings', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('say what each way of ending does, and change it with undo', async () => {
    await open();
    const expiry = setting('limits.onExpiry');
    expect(await expiry.getByRole('radio').count()).toBe(3);
    const freeze = expiry.getByRole('radio', { name: 'Freeze' });
    const described = await freeze.getAttribute('aria-describedby');
    expect(await page.locator(`[id="${described}"]`).innerText()).toContain('until you thaw it');
    await expiry.getByRole('radio', { name: 'Close', exact: true }).focus();
    await page.keyboard.press('ArrowDown');
    await toast('When time is up: Close; any key starts a new session').waitFor();
    expect(await expiry.getByRole('radio', { name: 'Close; any key' }).isChecked()).toBe(true);
    await toast('When time is up').getByRole('button', { name: 'Undo' }).click();
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('[data-testid="setting-limits.onExpiry"] input')?.checked === true,
    );
  });

  test('show what a 0 means', async () => {
    await open();
    const commands = setting('limits.maxCommands');
    await commands.getByText('no limit', { exact: true }).waitFor();
    await commands.getByText('Default: no limit').waitFor();
    await commands.getByRole('textbox').fill('25');
    await commands.getByText('per session').waitFor();
    await page.keyboard.press('Enter');
    await toast('Maximum commands: 25').waitFor();
    const days = setting('history.keepDays');
    await days.getByRole('textbox').fill('0');
    await page.keyboard.press('Enter');
    await toast('Days kept: forever').waitFor();
    await days.getByRole('textbox').fill('36501');
    await page.keyboard.press('Enter');
    await days.getByText('Must be 0 to 36500.').waitFor();
  });

  test('have what is kept of ended sessions, which goes with its recordings', async () => {
    await open();
    await page.getByRole('button', { name: 'History', exact: true }).click();
    for (const path of ['history.keepDays', 'history.keepSessions', 'history.keepMegabytes']) {
      await setting(path).getByText('The oldest are removed first, together with their recordings.').waitFor();
    }
  });

  test('are well drawn', async () => {
    await open();
    await setting('limits.onExpiry').scrollIntoViewIfNeeded();
    await expectWellDrawn(page, 'settings');
    const body = page.locator('.settings-body');
    expect(await body.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  });
});
