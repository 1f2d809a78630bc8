import type { Page, TestInfo } from '@playwright/test';
import type { AppPage } from '../model/app-page.ts';
import { seriousViolations } from '../runner/accessibility.ts';
import { NO_SANDBOXES } from '../runner/containers.ts';
import { CONTAINER_PROFILE, LOCAL_PROFILE, limits, NO_IMAGE_PROFILE, SANDBOX_PROFILE } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

/** The screens around a local shell. */
async function* sessions(app: AppPage): AsyncGenerator<string> {
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
  await app.page.getByTestId('open-notices').click();
  const notices = app.page.getByTestId('notices');
  await notices.getByText(/^react\s/).click();
  await expect(notices.getByText('Copyright (c) Meta Platforms, Inc. and affiliates.').first()).toBeVisible();
  yield 'third-party notices';
  await app.page.keyboard.press('Escape');
  await expect(notices).toBeHidden();
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

/** The screens around sandboxes and profiles. */
async function* sandboxes(app: AppPage): AsyncGenerator<string> {
  await app.newTabMenu.open();
  yield 'profile menu';
  await app.page.keyboard.press('Escape');
  await expect(app.newTabMenu.menu).toBeHidden();
  await app.openProfile(SANDBOX_PROFILE.name);
  await app.terminal.waitForPrompt();
  await app.badge.click();
  await expect(app.panel.section('isolation')).toBeVisible();
  yield 'isolation';
  await app.page.getByTestId('panel-close').click();
  await app.tabs.choose('Freeze session');
  await expect(app.card.frozen).toBeVisible();
  yield 'frozen session';
  await app.card.thaw.click();
  await expect(app.card.frozen).toBeHidden();
  await app.openProfile(NO_IMAGE_PROFILE.name);
  await app.card.waitForEnd('start_failed');
  yield 'failed start';
  await app.card.editProfile.click();
  await expect(app.profiles.title).toHaveText(NO_IMAGE_PROFILE.name);
  yield 'profile';
  await app.profiles.fill('memoryMiB', 'plenty');
  await app.profiles.save.click();
  await expect(app.profiles.error('memoryMiB')).toBeVisible();
  yield 'profile with an error';
  await app.profiles.discard.click();
}

const TOURS = [
  { name: 'sessions', tour: sessions, profiles: [LOCAL_PROFILE], needs: '' },
  {
    name: 'sandboxes',
    tour: sandboxes,
    profiles: [LOCAL_PROFILE, SANDBOX_PROFILE, CONTAINER_PROFILE, NO_IMAGE_PROFILE],
    needs: NO_SANDBOXES,
  },
] as const;

/** A picture for people, kept with the test's results. */
async function keepScreenshot(page: Page, screen: string, testInfo: TestInfo): Promise<void> {
  const path = testInfo.outputPath(`${screen.replaceAll(' ', '-')}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  await testInfo.attach(screen, { path, contentType: 'image/png' });
}

const warned = limits(600, 0, { warnBeforeSeconds: [599] });

for (const { name, tour, profiles, needs } of TOURS) {
  for (const theme of ['light', 'dark'] as const) {
    test.describe(`${name}: ${theme} theme`, () => {
      test.use({ needs, settings: { ...warned, profiles: [...profiles], appearance: { theme } } });

      test(`no screen in ${theme} has a serious flaw for assistive technology`, async ({ app }, testInfo) => {
        for await (const screen of tour(app)) {
          await keepScreenshot(app.page, screen, testInfo);
          expect(await seriousViolations(app.page), screen).toEqual([]);
        }
      });
    });
  }

  test.describe(`${name}: small windows`, () => {
    test.use({ needs, settings: { ...warned, profiles: [...profiles] } });

    for (const [what, size] of [
      ['a window of 480×320', { width: 480, height: 320 }],
      ['a zoom of 200 %', { width: 600, height: 380 }],
    ] as const) {
      test(`with ${what} no screen has to be scrolled sideways`, async ({ app }, testInfo) => {
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

  test.describe(`${name}: high contrast`, () => {
    test.use({ needs, settings: { ...warned, profiles: [...profiles] } });

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
}
