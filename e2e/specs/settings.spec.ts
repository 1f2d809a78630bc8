import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SETTINGS_VERSION } from '../../shared/settings.ts';
import { expect, test } from '../runner/test.ts';

const IDLE = 'limits.local.idleTimeoutSeconds';
const MAX = 'limits.local.maxDurationSeconds';

test('a lowered limit says which sessions it closes and when, and leaves them the time of a warning', async ({
  app,
  home,
}) => {
  await app.openTab();
  await app.settings.open();
  await app.settings.change(IDLE, '2s');
  await expect(app.settings.field(IDLE)).toHaveValue('2s');
  await expect(app.page.getByText('Idle timeout: 2 seconds')).toBeVisible();
  await expect(app.page.getByText(/^1 session will close in \d+ seconds: “/)).toBeVisible();
  await app.page.getByRole('button', { name: 'Undo' }).click();
  await expect(app.settings.field(IDLE)).toHaveValue('1h');
  await app.settings.change(IDLE, '2s');
  await app.tabs.all.first().getByRole('tab').click();
  await app.card.waitForEnd('idle_timeout');
  await expect(app.card.reason).toHaveText(
    /^Closed after \d+ seconds without activity; its idle timeout was 2 seconds$/,
  );
  const stored: unknown = JSON.parse(await readFile(home.settingsFile, 'utf8'));
  expect(stored).toMatchObject({ version: SETTINGS_VERSION, limits: { local: { idleTimeoutSeconds: 2 } } });
});

test('durations are typed as people write them', async ({ app }) => {
  await app.settings.open();
  for (const [typed, shown] of [
    ['1:30:00', '1h 30m'],
    ['0.5h', '30m'],
    ['900', '15m'],
    ['off', 'off'],
  ] as const) {
    await app.settings.change(IDLE, typed);
    await expect(app.settings.field(IDLE)).toHaveValue(shown);
    await expect(app.settings.field(IDLE)).toBeFocused();
  }
});

test('a value that is not valid is refused beside its field, and changes nothing', async ({ app, home }) => {
  await app.settings.open();
  const before = await readFile(home.settingsFile, 'utf8');
  await app.settings.change(IDLE, '12 parsecs');
  await expect(app.settings.error(IDLE)).toContainText('Enter a time such as');
  await expect(app.settings.field(IDLE)).toHaveAttribute('aria-invalid', 'true');
  await app.settings.change(IDLE, '9999999');
  await expect(app.settings.error(IDLE)).toContainText('Must be 1s to 7d');
  expect(await readFile(home.settingsFile, 'utf8')).toBe(before);
  await app.settings.change(IDLE, '20m');
  await expect(app.settings.error(IDLE)).toBeHidden();
});

test('what happens when time is up, and the number of commands, are set for sessions that run, too', async ({
  app,
  home,
}) => {
  await app.openTab();
  await app.settings.open();
  const expiry = app.settings.setting('limits.onExpiry');
  const freeze = expiry.getByLabel('Freeze', { exact: true });
  await freeze.click();
  await expect(freeze).toBeChecked();
  await app.settings.change('limits.thawWindowSeconds', '1m');
  await app.settings.change('limits.maxCommands', '2');
  await app.settings.change('limits.warnBeforeSeconds', '1s');
  await app.settings.change(IDLE, '2s');
  await app.tabs.all.first().getByRole('tab').click();
  await expect(app.card.frozen).toHaveAttribute('data-by', 'idle_timeout');
  await app.card.thaw.click();
  await expect(app.card.frozen).toBeHidden();

  await app.settings.open();
  await app.settings.change(IDLE, 'off');
  await app.tabs.all.first().getByRole('tab').click();
  for (const count of [1, 2]) await app.terminal.run(`echo "command $((${count} + 0))"`);
  await app.card.waitForEnd('command_limit');
  const stored: unknown = JSON.parse(await readFile(home.settingsFile, 'utf8'));
  expect(stored).toMatchObject({ limits: { onExpiry: 'freeze', thawWindowSeconds: 60, maxCommands: 2 } });
});

test('no more is kept of ended sessions than the settings say', async ({ app, home }) => {
  for (const title of ['one', 'two', 'three']) {
    await app.openTab();
    await app.tabs.rename(title);
    await app.tabs.close();
    await expect(app.tabs.all).toHaveCount(0);
  }
  await expect(app.recent.all).toHaveCount(3);
  const [, second, third] = await home.sessionIds();
  await app.settings.open();
  await app.settings.change('history.keepSessions', '2');
  await expect(app.settings.setting('history.keepSessions')).toContainText('Default: 10000');
  await expect.poll(() => home.sessionIds()).toEqual([second, third]);
  await app.settings.change('history.keepSessions', 'some');
  await expect(app.settings.error('history.keepSessions')).toBeVisible();
  await app.settings.change('history.keepSessions', '1');
  await expect.poll(() => home.sessionIds()).toEqual([third]);
  await app.recent.openPanel();
  await expect(app.recent.all).toHaveCount(1);
  await expect(app.recent.all).toContainText('three');
});

test('the theme changes at once', async ({ app }) => {
  await app.settings.open();
  await expect(app.page.locator('html')).toHaveClass(/light/);
  await app.settings.setting('appearance.theme').getByText('Dark').click();
  await expect(app.page.locator('html')).toHaveClass(/dark/);
});

test.describe('environment', () => {
  test.use({ environment: { SESSION_TIMEOUT_SECS: '1200' } });

  test('a value from the environment is shown with its origin, and cannot be edited', async ({ app }) => {
    await app.openTab();
    await app.panel.open();
    await expect(app.panel.limit('idleTimeoutSeconds')).toContainText('20 minutes');
    await expect(app.panel.limit('idleTimeoutSeconds')).toContainText('From an environment variable');
    await app.settings.open();
    await expect(app.settings.setting(IDLE)).toHaveAttribute('data-origin', 'environment');
    await expect(app.settings.setting(IDLE)).toContainText('Set by SESSION_TIMEOUT_SECS');
    await expect(app.settings.field(IDLE)).toHaveValue('20m');
    await expect(app.settings.field(IDLE)).toBeDisabled();
  });
});

test.describe('policy', () => {
  test.use({ policy: { maxMaxDurationSeconds: 600 } });

  test('a value that the policy caps is shown with its origin, and cannot be raised', async ({ app }) => {
    await app.openTab();
    await app.panel.open();
    await expect(app.panel.limit('maxDurationSeconds')).toContainText('10 minutes');
    await expect(app.panel.limit('maxDurationSeconds')).toContainText('your own policy file');
    await app.settings.open();
    await expect(app.settings.policyNote).toContainText('duration up to 10 minutes');
    await expect(app.settings.setting(MAX)).toHaveAttribute('data-origin', 'policy');
    await expect(app.settings.setting(MAX)).toContainText('In force: 10 minutes');
    await app.settings.change(MAX, '2h');
    await expect(app.settings.error(MAX)).toContainText('The policy allows 1m to 10m');
  });
});

test.describe('policy that cannot be read', () => {
  test.use({ policy: { maxIdleTimeoutSecond: 600 } });

  test('no session starts under a policy that is not understood', async ({ app }) => {
    await app.tabs.newButton.click();
    await expect(app.toast('maxIdleTimeoutSecond').first()).toBeVisible();
    await expect(app.tabs.all).toHaveCount(0);
  });
});

test.describe('corrupt settings file', () => {
  const corrupt = '{ "version": 1, "limits": { "local": ';
  test.use({ settings: corrupt, environment: { SHELL: '/bin/bash' } });

  test('it is left alone until the user has it replaced, and defaults are in force', async ({ app, home }) => {
    await expect(app.toast('The settings file cannot be understood')).toBeVisible();
    await app.tabs.newButton.click();
    await app.terminal.run('echo "still $((1 + 1))"');
    await app.terminal.waitForLine('still 2');
    await app.settings.open();
    await expect(app.settings.fileNote).toContainText('line 1, column 38: a value is missing');
    await expect(app.settings.field(IDLE)).toHaveValue('1h');
    await app.settings.change(IDLE, '20m');
    await expect(app.settings.setting(IDLE)).toHaveAttribute('data-origin', 'settings');
    expect(await readFile(home.settingsFile, 'utf8')).toBe(corrupt);
    expect(await readdir(home.config)).not.toContainEqual(expect.stringMatching(/^settings\.corrupt-/));

    await app.settings.fileNote.getByRole('button', { name: 'Replace the file' }).click();
    await expect(app.settings.fileNote).toBeHidden();
    const [copy = ''] = (await readdir(home.config)).filter((name) => name.startsWith('settings.corrupt-'));
    expect(await readFile(join(home.config, copy), 'utf8')).toBe(corrupt);
    expect(JSON.parse(await readFile(home.settingsFile, 'utf8'))).toMatchObject({
      limits: { local: { idleTimeoutSeconds: 1_200 } },
    });
  });
});

test.describe('a settings file of a person', () => {
  const written = `// mine
{
  "version": 2,
  "limits": { "local": { "idleTimeoutSeconds": "long", "maxDurationSeconds": 7200 } }, // by hand
  "profiles": [
    { "id": "local", "name": "Local shell", "backend": "pty", "shell": "/bin/bash", "args": ["--norc"] },
    { "id": "box", "backend": "bubblewrap", "bubblewrap": { "network": "host" } },
  ],
}
`;
  test.use({ settings: written });

  test('is read with its comments, changed in place, and read again when it is edited', async ({ app, home }) => {
    await expect(app.toast('Some settings are not valid')).toBeVisible();
    await app.settings.open();
    await expect(app.settings.fileNote).toContainText('Idle timeout (limits.local.idleTimeoutSeconds) is "long"');
    await expect(app.settings.field(MAX)).toHaveValue('2h');
    await app.settings.change(MAX, '3h');
    await expect.poll(() => readFile(home.settingsFile, 'utf8')).toBe(written.replace('7200', '10800'));
    // Someone corrects it in an editor.
    await writeFile(home.settingsFile, written.replace('"long"', '600'));
    await expect(app.settings.field(IDLE)).toHaveValue('1h');
    await expect(app.settings.field(MAX)).toHaveValue('2h');
    await expect(app.settings.fileNote).toBeHidden();
  });
});
