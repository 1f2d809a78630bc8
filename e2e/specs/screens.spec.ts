import { AxeBuilder } from '@axe-core/playwright';
import type { Page, TestInfo } from '@playwright/test';
import type { AppPage } from '../model/app-page.ts';
import { limits } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

/** Every screen, one after the other, with its name. */
async function* tour(app: AppPage): AsyncGenerator<string> {
  yield 'empty window';
  await app.openTab();
  await app.terminal.run('seq 3; echo "shown $((1 + 1))"');
  await app.terminal.waitForLine('shown 2');
  yield 'terminal';
  await expect(app.card.banner).toBeVisible();
  yield 'warning';
  await app.panel.open();
  yield 'session panel';
  await app.page.getByRole('button', { name: 'All sessions' }).click();
  await expect(app.page.getByTestId('metrics')).toBeVisible();
  yield 'about sessions';
  await app.page.getByTestId('panel-close').click();
  await app.terminal.run('exit');
  await app.card.waitForEnd('exited');
  yield 'ended session';
  await app.card.exportMenu.click();
  await expect(app.page.getByTestId('export-zip')).toBeVisible();
  yield 'export menu';
  await app.page.keyboard.press('Escape');
  await expect(app.page.getByTestId('export-zip')).toBeHidden();
  await app.settings.open();
  yield 'settings';
  await app.page.keyboard.press('F1');
  await expect(app.page.getByTestId('shortcuts')).toBeVisible();
  yield 'keyboard shortcuts';
}

/** A picture for people, kept with the test's results. */
async function keepScreenshot(page: Page, screen: string, testInfo: TestInfo): Promise<void> {
  const path = testInfo.outputPath(`${screen.replaceAll(' ', '-')}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  await testInfo.attach(screen, { path, contentType: 'image/png' });
}

/** Rules broken badly, each with where. */
async function seriousViolations(page: Page): Promise<string[]> {
  // The other mode opens a page of its own, which an app has not.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`),
    );
}

const warned = limits(600, 0, { warnBeforeSeconds: [599] });

for (const theme of ['light', 'dark'] as const) {
  test.describe(`${theme} theme`, () => {
    test.use({ settings: { ...warned, appearance: { theme } } });

    test(`no screen in ${theme} has a serious flaw for assistive technology`, async ({ app }, testInfo) => {
      for await (const screen of tour(app)) {
        await keepScreenshot(app.page, screen, testInfo);
        expect(await seriousViolations(app.page), screen).toEqual([]);
      }
    });
  });
}

test.describe('small windows', () => {
  test.use({ settings: warned });

  for (const [name, size] of [
    ['a window of 480×320', { width: 480, height: 320 }],
    ['a zoom of 200 %', { width: 600, height: 380 }],
  ] as const) {
    test(`with ${name} no screen has to be scrolled sideways`, async ({ app }, testInfo) => {
      await app.page.setViewportSize(size);
      for await (const screen of tour(app)) {
        await keepScreenshot(app.page, screen, testInfo);
        const overflow = await app.page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          return scrollWidth - clientWidth;
        });
        expect(overflow, screen).toBeLessThanOrEqual(0);
      }
    });
  }
});

test.describe('high contrast', () => {
  test.use({ settings: warned });

  test('every screen is legible in forced colours', async ({ app }, testInfo) => {
    await app.page.emulateMedia({ forcedColors: 'active' });
    for await (const screen of tour(app)) {
      await keepScreenshot(app.page, screen, testInfo);
      expect(await app.page.evaluate(() => matchMedia('(forced-colors: active)').matches), screen).toBe(true);
    }
    const [text, background] = await app.tabs.titles.first().evaluate((title) => {
      const { color } = getComputedStyle(title);
      return [color, getComputedStyle(document.body).backgroundColor];
    });
    expect(text).not.toBe(background);
  });
});
