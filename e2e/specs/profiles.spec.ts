import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { profileSchema } from '../../shared/profile.ts';
import type { Home } from '../runner/home.ts';
import { LOCAL_PROFILE, limits, PROMPT } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

test.use({ settings: { ...limits(0, 0), profiles: [LOCAL_PROFILE] } });

const storedSchema = z.looseObject({ profiles: z.array(profileSchema) });

async function storedProfiles(home: Home): Promise<z.infer<typeof profileSchema>[]> {
  return storedSchema.parse(JSON.parse(await readFile(home.settingsFile, 'utf8'))).profiles;
}

test('a profile is made from a preset, checked, saved, and opened', async ({ app, home }) => {
  await app.newTabMenu.open();
  await app.newTabMenu.editProfiles.click();
  await app.profiles.newFrom('local');
  await app.profiles.fill('name', 'Builds');
  await app.profiles.fill('shell', '/bin/bash');
  await app.profiles.fill('idleTimeoutSeconds', 'a while');
  await app.profiles.save.click();
  await expect(app.profiles.status).toContainText('one field needs attention');
  await expect(app.profiles.error('idleTimeoutSeconds')).toBeVisible();
  await expect(app.profiles.input('idleTimeoutSeconds')).toBeFocused();
  expect(await storedProfiles(home)).toHaveLength(1);

  await app.profiles.fill('idleTimeoutSeconds', '20m');
  await expect(app.profiles.error('idleTimeoutSeconds')).toBeHidden();
  await app.profiles.save.click();
  await expect(app.profiles.status).toHaveText('Saved');
  expect((await storedProfiles(home)).at(-1)).toMatchObject({
    name: 'Builds',
    backend: 'pty',
    limits: { idleTimeoutSeconds: 1_200 },
  });

  await app.profiles.openSession.click();
  await expect(app.tabs.all).toHaveCount(1);
  await app.terminal.run('echo "opened $((1 + 1))"');
  await app.terminal.waitForLine('opened 2');
  await app.panel.open();
  await expect(app.panel.limit('idleTimeoutSeconds')).toContainText('20 minutes');
});

test('a container’s form says what it opens, before anything runs', async ({ app, home }) => {
  await app.settings.open();
  await app.page.getByTestId('open-profiles').click();
  await app.profiles.newFrom('container');
  await expect(app.profiles.badge).toContainText('no network · read-only root');
  await app.profiles.field('readOnlyRoot').getByRole('switch').click();
  await expect(app.profiles.badge).toContainText('writable root');
  await expect(app.profiles.badge).toHaveAttribute('data-open', 'true');
  await expect(app.profiles.field('readOnlyRoot')).toContainText('Opens the sandbox');
  await app.profiles.fill('image', 'Not an image');
  await app.profiles.save.click();
  await expect(app.profiles.error('image')).toBeVisible();
  await app.profiles.discard.click();
  await expect(app.toast('was discarded')).toBeVisible();
  expect(await storedProfiles(home)).toHaveLength(1);
});

test('a profile is duplicated, deleted, brought back, and put back as it came', async ({ app, home }) => {
  await app.settings.open();
  await app.page.getByTestId('open-profiles').click();
  await app.profiles.select(LOCAL_PROFILE.name);
  await app.profiles.choose('duplicate');
  await expect(app.profiles.title).toHaveText('Local shell copy');
  await app.profiles.save.click();
  await expect(app.profiles.status).toHaveText('Saved');
  await expect(app.profiles.names).toHaveText(['Local shell', 'Local shell copy']);

  await app.profiles.choose('delete');
  await expect(app.profiles.names).toHaveText(['Local shell']);
  await app.toast('deleted').getByRole('button', { name: 'Undo' }).click();
  await expect(app.profiles.names).toHaveText(['Local shell', 'Local shell copy']);
  const [original, copy] = await storedProfiles(home);
  expect(copy).toEqual({ ...original, id: copy?.id, name: 'Local shell copy' });

  await app.profiles.select('Local shell');
  await app.profiles.choose('reset');
  await expect(app.toast('was reset to its defaults')).toBeVisible();
  await expect(app.profiles.input('shell')).toHaveValue('');
  await app.toast('was reset to its defaults').getByRole('button', { name: 'Undo' }).click();
  await expect(app.profiles.input('shell')).toHaveValue(LOCAL_PROFILE.shell);
  expect((await storedProfiles(home))[0]).toEqual(original);
});

test('a profile that is saved in one window is offered in the menu at once', async ({ app }) => {
  await app.settings.open();
  await app.page.getByTestId('open-profiles').click();
  await app.profiles.select(LOCAL_PROFILE.name);
  await app.profiles.choose('duplicate');
  await app.profiles.fill('name', 'Second thoughts');
  await app.page.keyboard.press('Control+s');
  await expect(app.profiles.status).toHaveText('Saved');
  await app.openProfile('Second thoughts');
  await expect.poll(async () => (await app.terminal.lines()).at(-1)).toBe(PROMPT);
});
