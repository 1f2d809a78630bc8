import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AwayReason } from '../connection/away.ts';
import { expectWellDrawn, type OpenOptions, TestWindows, WINDOW_TIMEOUT_MS } from './test-window.ts';

let windows: TestWindows;
let page: Page;

beforeAll(async () => {
  windows = await TestWindows.start();
}, WINDOW_TIMEOUT_MS);

afterEach(() => page?.context().close());
afterAll(() => windows?.close());

/** A window that shows a warning and counts, and has just lost its core. */
async function openAway(why: AwayReason, options?: OpenOptions): Promise<void> {
  page = await windows.open('warning', options);
  await page.getByTestId('banner').filter({ visible: true }).waitFor();
  await page.evaluate((reason) => window.fakeCore.goAway(reason), why);
  await page.locator(`[data-testid=link-banner][data-why=${why}]`).waitFor();
}

const banner = () => page.getByTestId('link-banner');

describe('a window without its core', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test.each([
    ['unreachable', 'Not connected to Sandglass. It is not known whether the sessions are still running'],
    ['quit', 'Sandglass was quit. Its sessions have ended.'],
    ['restarted', 'Sandglass was restarted. Sign in again.'],
    ['signed_out', 'This browser is no longer signed in.'],
    ['foreign', 'Another program answers at this address.'],
    ['full', 'Too many windows are connected.'],
  ] as const)('says what is known and what to do: %s', async (why, words) => {
    await openAway(why);
    expect(await banner().innerText()).toContain(words);
    await expectWellDrawn(page, why);
  });

  test('shows no warning, countdown or recording as if it continued', async () => {
    await openAway('unreachable');
    expect(await page.getByTestId('banner').filter({ visible: true }).count()).toBe(0);
    expect(await page.locator('.rec-dot').count()).toBe(0);
    await page.getByTestId('status-recording').getByText('was recording').waitFor();
    const time = page.getByTestId('tab-time').first();
    const before = await time.innerText();
    const wait = banner().locator('.figures').last();
    for (let ticks = 0; ticks < 3; ticks += 1) {
      const shown = await wait.innerText();
      await page.waitForFunction(
        (text) => [...document.querySelectorAll<HTMLElement>('.link-banner .figures')].at(-1)?.innerText !== text,
        shown,
      );
    }
    expect(await time.innerText()).toBe(before);
  });

  test('is itself again when the core is back', async () => {
    await openAway('unreachable');
    await page.evaluate(() => window.fakeCore.comeBack());
    await banner().getByRole('button', { name: 'Try now' }).click();
    await banner().waitFor({ state: 'detached' });
    await page.getByTestId('banner').filter({ visible: true }).waitFor();
    await page.getByTestId('announcer').getByText('Connected to Sandglass again.').waitFor();
    await page.locator('.rec-dot').waitFor();
  });
});
