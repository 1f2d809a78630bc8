import { limits } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

test.use({ settings: limits(5, 0, { warnBeforeSeconds: [4] }) });

test('everything is done by keyboard: open, type, keep open, export, settings, close', async ({ app, home, host }) => {
  const { keyboard } = app.page;
  await app.press({ desktop: 'Control+Shift+T', web: 'Alt+Shift+T' });
  await app.terminal.waitForPrompt();
  await expect(app.terminal.input).toBeFocused();
  await keyboard.type('echo "by keyboard $((1 + 1))"\n');
  await app.terminal.waitForLine('by keyboard 2');

  await expect(app.card.banner).toBeVisible();
  await keyboard.press('Control+Shift+K');
  await expect(app.card.banner).toBeHidden();
  await expect(app.terminal.input).toBeFocused();

  await keyboard.type('exit\n');
  await app.card.waitForEnd('exited');
  await expect(app.card.again).toBeFocused();
  await keyboard.press('Tab');
  await expect(app.card.exportMenu).toBeFocused();
  const file = await host.takeFile(home.exports, async () => {
    await keyboard.press('Enter');
    await expect(app.page.getByTestId('export-cast-v3')).toBeVisible();
    // The third format.
    for (const _ of ['v2', 'text']) await keyboard.press('ArrowDown');
    await expect(app.page.getByTestId('export-text')).toBeFocused();
    await keyboard.press('Enter');
  });
  expect(file).toMatch(/\.txt$/);

  await keyboard.press('Control+,');
  await expect(app.settings.page).toBeVisible();
  await keyboard.type('theme');
  await expect(app.settings.setting('appearance.theme')).toBeVisible();
  await expect(app.settings.setting('limits.activity')).toBeHidden();
  await keyboard.press('Control+,');
  await expect(app.settings.page).toBeHidden();

  await app.press({ desktop: 'Control+Shift+W', web: 'Alt+Shift+W' });
  await expect(app.tabs.all).toHaveCount(0);
});

test('warnings and ends are said aloud', async ({ app }) => {
  await app.openTab();
  const announcer = app.page.getByTestId('announcer');
  await expect(announcer).toContainText(/closes in/i);
  await app.card.waitForEnd('idle_timeout');
  await expect(announcer).toContainText('ended: Closed after 5 seconds without activity');
});
