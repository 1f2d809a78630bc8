import type { Locator, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Profile } from '../../shared/profile.ts';
import {
  expectFits,
  expectNoFaults,
  type OpenOptions,
  TestWindows,
  WINDOW_TIMEOUT_MS,
} from '../testing/test-window.ts';

let windows: TestWindows;
let page: Page;

beforeAll(async () => {
  windows = await TestWindows.start();
}, WINDOW_TIMEOUT_MS);

afterEach(() => page?.context().close());
afterAll(() => windows?.close());

const options = { timeout: WINDOW_TIMEOUT_MS };
const card = (name: string): Locator => page.getByRole('group', { name: `Credential ${name}`, exact: true });
const value = (): Locator => page.getByRole('dialog').getByRole('textbox', { name: 'Value' });
const field = (name: string): Locator => page.getByTestId(`profile-${name}`);
const choose = (within: Locator, label: string): Promise<void> => within.getByText(label, { exact: true }).click();
const stored = (id: string): Promise<Profile | undefined> =>
  page.evaluate((wanted) => window.fakeCore.profiles.find((profile) => profile.id === wanted), id);
const secrets = (): Promise<[string, string][]> => page.evaluate(() => [...window.fakeCore.secrets.values]);

async function open(id: string, more?: OpenOptions): Promise<void> {
  page = await windows.open('plain', more);
  await page.keyboard.press('Control+,');
  await page.getByTestId('open-profiles').click();
  await page.locator(`[data-profile="${id}"]`).click();
}

async function save(): Promise<void> {
  await page.keyboard.press('Control+s');
  await page.getByTestId('profile-bar').getByText('Saved', { exact: true }).waitFor();
}

describe('credentials', options, () => {
  test('are made and removed by keyboard alone', async () => {
    await open('local');
    await page.getByRole('button', { name: 'Add credential' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-part="env"] input:focus').waitFor();
    await page.keyboard.type('GITHUB_TOKEN');
    await page.keyboard.press('Tab'); // Remove.
    await page.keyboard.press('Tab'); // Value from.
    await page.keyboard.press('Tab');
    await page.keyboard.type('gh');
    await page.keyboard.press('Tab');
    await page.keyboard.type('auth');
    await page.keyboard.press('Enter');
    await page.keyboard.type('token');
    await page.keyboard.press('Tab');
    await page.keyboard.type('1h');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await card('GITHUB_TOKEN').getByText('No session starts without it.').waitFor();
    await save();
    expect(await stored('local')).toMatchObject({
      credentials: [
        {
          env: 'GITHUB_TOKEN',
          source: { kind: 'command', command: 'gh', args: ['auth', 'token'] },
          ttlSeconds: 3_600,
          required: true,
        },
      ],
    });
    await card('GITHUB_TOKEN').getByRole('button', { name: 'Remove GITHUB_TOKEN' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.profile-add:focus').waitFor();
    await save();
    expect(await stored('local')).toMatchObject({ credentials: [] });
  });

  test('say beside each field what is wrong with it', async () => {
    await open('review');
    await page.getByRole('button', { name: 'Add credential' }).click();
    await page.keyboard.type('GITHUB_TOKEN');
    await page.keyboard.press('Tab');
    const second = page.getByTestId('credential').nth(1);
    await choose(second, 'File');
    await second.getByLabel('File', { exact: true }).last().fill('token');
    await second.getByLabel('Valid for').fill('soon');
    await page.keyboard.press('Control+s');
    await page.getByText('Not saved: 3 fields need attention.').waitFor();
    await page.locator('[data-part="env"] [aria-invalid="true"]:focus').waitFor();
    await second.getByText('GITHUB_TOKEN is listed twice.').waitFor();
    await second.getByText('GITHUB_TOKEN needs a full path to its file.').waitFor();
    await second.getByText('Enter a time such as').waitFor();
    expect(await page.getByTestId('credential').first().locator('.setting-error').count()).toBe(0);
    await second.getByLabel('Variable').fill('DEPLOY_KEY');
    await second.getByLabel('File', { exact: true }).last().fill('/run/key');
    await second.getByLabel('Valid for').fill('');
    await save();
    expect(await stored('review')).toMatchObject({ credentials: [{ env: 'GITHUB_TOKEN' }, { env: 'DEPLOY_KEY' }] });
  });

  test('show the core’s refusal of one', async () => {
    await open('review');
    await page.evaluate(() => {
      window.fakeCore.refuseNext = { field: 'profile.credentials', message: 'PATH cannot be one.' };
    });
    await card('GITHUB_TOKEN').getByLabel('Command', { exact: true }).last().fill('glab');
    await page.keyboard.press('Control+s');
    await field('credentials').getByText('PATH cannot be one').waitFor();
  });

  test('with a command line in place of a command say that no shell splits it', async () => {
    await open('review');
    await card('GITHUB_TOKEN').getByLabel('Command', { exact: true }).last().fill('gh auth token');
    await card('GITHUB_TOKEN').getByText('No shell splits this into words').waitFor();
  });

  test('say where programs find them, and stand on the badge', async () => {
    await open('build');
    const badge = page.getByTestId('expected-badge');
    await badge.getByText('survives a crash').waitFor();
    await badge.getByText('2 credentials').waitFor();
    await field('credentials').getByText('The container’s settings, which docker inspect shows').waitFor();
    await page.getByRole('button', { name: 'Remove DEPLOY_KEY' }).click();
    await badge.getByText(/ 1 credential$/).waitFor();
    await field('survive').getByRole('switch').click();
    await badge.getByText('survives a crash').waitFor({ state: 'detached' });
    await page.locator('[data-profile="local"]').click();
    await field('credentials').getByText('$SANDGLASS_CREDENTIALS').waitFor();
  });
});

describe('stored secrets', options, () => {
  test('are stored without being shown, and replaced', async () => {
    await open('build', { host: 'desktop' });
    await card('NPM_TOKEN').getByText('No value is stored under this name.').waitFor();
    await page.getByTestId('set-secret').click();
    await value().waitFor();
    await page.keyboard.type('npm_s3cret');
    expect(await page.content()).not.toContain('npm_s3cret');
    await page.keyboard.press('Enter');
    await card('NPM_TOKEN').getByText('A value is stored').waitFor();
    expect(await secrets()).toContainEqual(['npm-token', 'npm_s3cret']);
    await page.locator('[data-testid="set-secret"]:focus').waitFor();
    await page.getByRole('button', { name: 'Replace value…' }).click();
    expect(await value().inputValue()).toBe('');
    await page.getByText('Running sessions keep the old value').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.getByTestId('save-profile').count()).toBe(0);
  });

  test('that cannot be stored say why, and stay in the dialog', async () => {
    await open('build', { host: 'desktop' });
    await page.getByTestId('set-secret').click();
    await page.getByTestId('store-secret').click();
    await page.getByRole('alert').getByText('Enter or paste the value.').waitFor();
    await value().fill('short');
    await page.getByTestId('store-secret').click();
    await page.getByRole('alert').getByText('fewer than 6 characters').waitFor();
    await page.locator('[data-testid="secret-dialog"] input:focus').waitFor();
  });

  test('keep the lines of a pasted text', async () => {
    await open('build', { host: 'desktop' });
    await page.getByTestId('set-secret').click();
    const key = '-----BEGIN KEY-----\nabc\n-----END KEY-----\n';
    await value().evaluate((input, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', text);
      input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, key);
    await page.getByText('3 lines were pasted.').waitFor();
    expect(await page.content()).not.toContain('BEGIN KEY');
    await page.getByTestId('store-secret').click();
    await card('NPM_TOKEN').getByText('A value is stored').waitFor();
    expect(await secrets()).toContainEqual(['npm-token', key]);
  });

  test('are removed after a question that names who uses them', async () => {
    await open('build', { host: 'desktop' });
    await card('NPM_TOKEN').getByLabel('Stored as').fill('registry-token');
    await page.getByTestId('remove-secret').click();
    await page.getByText('No saved profile uses it.').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await save();
    await page.getByTestId('remove-secret').click();
    await page.getByText('New sessions of “Build with network” will not have it.').waitFor();
    await page.getByTestId('confirm-remove-secret').click();
    await card('NPM_TOKEN').getByText('No value is stored under this name.').waitFor();
    await page.locator('[data-testid="set-secret"]:focus').waitFor();
    expect(await secrets()).toEqual([]);
  });

  test('take the variable’s name until they have one, and only names that can be', async () => {
    await open('review', { host: 'desktop' });
    await choose(card('GITHUB_TOKEN'), 'Stored secret');
    expect(await page.getByLabel('Stored as').inputValue()).toBe('GITHUB_TOKEN');
    expect(await page.getByTestId('set-secret').isEnabled()).toBe(true);
    await page.getByLabel('Stored as').fill('not a name');
    expect(await page.getByTestId('set-secret').isEnabled()).toBe(false);
    expect(
      await page.locator('datalist option').evaluateAll((all) => all.map((one) => one.getAttribute('value'))),
    ).toEqual(['registry-token']);
  });

  test('say why none can be stored in a browser, and when the list cannot be read', async () => {
    await open('build');
    await card('NPM_TOKEN').getByText('Secrets are stored by the desktop app only').waitFor();
    expect(await page.getByTestId('set-secret').count()).toBe(0);
    await page.evaluate(() => window.fakeCore.refusals.set('credentials.list', 'The keychain is locked'));
    await page.locator('[data-profile="review"]').click();
    await page.locator('[data-profile="build"]').click();
    await page.getByText('The stored secrets could not be listed. The keychain is locked.').waitFor();
    await page.evaluate(() => window.fakeCore.refusals.delete('credentials.list'));
    await card('NPM_TOKEN').getByRole('button', { name: 'Try again' }).click();
    await card('NPM_TOKEN').getByText('Secrets are stored by the desktop app only').waitFor();
  });
});

describe('limits of a profile', options, () => {
  test('are a number of commands, and what happens when time is up', async () => {
    await open('review');
    expect(await field('thawWindowSeconds').count()).toBe(0);
    await field('maxCommands').getByRole('textbox').fill('0');
    await choose(field('onExpiry'), 'Freeze');
    await field('thawWindowSeconds').getByRole('textbox').fill('2m');
    await field('maxCommands').getByText('A profile cannot switch this off.').waitFor();
    await field('maxCommands').getByRole('textbox').fill('50');
    await save();
    expect(await stored('review')).toMatchObject({
      limits: { maxCommands: 50, onExpiry: 'freeze', thawWindowSeconds: 120 },
    });
    await choose(field('onExpiry'), 'Use the setting');
    await field('thawWindowSeconds').waitFor({ state: 'detached' });
    await save();
    expect(await stored('review')).toMatchObject({ limits: { maxCommands: 50, thawWindowSeconds: 120 } });
    expect((await stored('review'))?.limits.onExpiry).toBeUndefined();
  });
});

describe('for everyone', options, () => {
  test.each([
    { colorScheme: 'light' },
    { colorScheme: 'dark' },
    { colorScheme: 'light', forcedColors: 'active' },
  ] as const)('no credential has an accessibility fault, %j', async (look) => {
    await open('build', { ...look, host: 'desktop' });
    await page.getByRole('button', { name: 'Add credential' }).click();
    await page.keyboard.type('1A');
    await page.keyboard.press('Control+s');
    await page.getByText('need attention').waitFor();
    await card('NPM_TOKEN').getByText('No value is stored').waitFor();
    await expectNoFaults(page, 'credentials');
  });

  test.each(['light', 'dark'] as const)(
    'no dialog about a secret has an accessibility fault, %s',
    async (colorScheme) => {
      await open('build', { colorScheme, host: 'desktop' });
      await page.getByTestId('set-secret').click();
      await page.getByTestId('store-secret').click();
      await page.getByText('Enter or paste the value.').waitFor();
      await expectNoFaults(page, 'set');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await card('NPM_TOKEN').getByLabel('Stored as').fill('registry-token');
      await page.getByTestId('remove-secret').click();
      await page.getByText('This cannot be undone.').waitFor();
      await expectNoFaults(page, 'remove');
    },
  );

  test('nothing is cut off on the smallest window', async () => {
    await open('build', { viewport: { width: 480, height: 320 }, host: 'desktop' });
    await card('NPM_TOKEN').scrollIntoViewIfNeeded();
    const body = page.locator('.settings-body');
    expect(await body.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
    await expectFits(page, 'credentials');
    await page.getByTestId('set-secret').click();
    await value().fill('short');
    await page.getByTestId('store-secret').click();
    await page.getByRole('alert').getByText('fewer than 6 characters').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click({ trial: true });
    await expectFits(page, 'dialog');
  });
});
