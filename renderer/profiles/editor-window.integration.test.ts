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

const editor = (): Locator => page.getByTestId('profile-editor');
const field = (name: string): Locator => page.getByTestId(`profile-${name}`);
const input = (name: string): Locator => field(name).locator('input, textarea, select').first();
const item = (id: string): Locator => page.locator(`[data-profile="${id}"]`);
const items = (): Promise<string[]> => page.locator('.profile-item-name').allInnerTexts();
const badge = (): Locator => page.getByTestId('expected-badge');
const toast = (text: string): Locator => page.locator('[data-sonner-toast]', { hasText: text });
const stored = (id: string): Promise<Profile | undefined> =>
  page.evaluate((wanted) => window.fakeCore.profiles.find((profile) => profile.id === wanted), id);

async function open(id?: string, options?: OpenOptions): Promise<void> {
  page = await windows.open('plain', options);
  await page.keyboard.press('Control+,');
  await page.getByTestId('open-profiles').click();
  if (id === undefined) await page.getByTestId('profiles-page').waitFor();
  else await item(id).click();
}

/** Once the core has the profile as it is here. */
async function savedAs(id: string, has: Partial<Profile>): Promise<void> {
  await page.getByTestId('profile-bar').getByText('Saved', { exact: true }).waitFor();
  expect(await stored(id)).toMatchObject(has);
}

const options = { timeout: WINDOW_TIMEOUT_MS };

describe('the form', options, () => {
  test('is saved as a whole, by button or by key, and says that it is', async () => {
    await open('review');
    await input('name').fill('Pull requests');
    await page.getByText('Unsaved changes').waitFor();
    await item('review').getByText('Not saved').waitFor();
    expect(await stored('review')).toMatchObject({ name: 'Review a pull request' });
    await page.keyboard.press('Control+s');
    await savedAs('review', { name: 'Pull requests', backend: 'bubblewrap' });
    expect(await page.getByTestId('save-profile').count()).toBe(0);
    await input('args').fill('-l\n-i');
    await page.getByTestId('save-profile').click();
    await savedAs('review', { args: ['-l', '-i'] });
  });

  test('narrows what counts as activity; what the policy or the settings do not count says so', async () => {
    await open('review');
    const kind = (name: string): Locator => field('activity').getByRole('checkbox', { name });
    await field('activity').getByText('Now: Typing and pasting, Busy command.').waitFor();
    await field('activity').getByRole('radio', { name: 'Choose for this profile' }).check();
    await page.evaluate(() => window.fakeCore.changePolicy({ allowedActivity: ['input', 'busy', 'output'] }));
    await field('activity').getByText('Your administrator’s policy does not allow it.').first().waitFor();
    expect(await kind('Processor use').isDisabled()).toBe(true);
    expect(await kind('Any output').isDisabled()).toBe(false);
    await field('activity').getByText('The settings do not count it').first().waitFor();
    await kind('Busy command').uncheck();
    // One of them has to stay.
    expect(await kind('Typing and pasting').isDisabled()).toBe(true);
    await page.keyboard.press('Control+s');
    await savedAs('review', { limits: expect.objectContaining({ activity: ['input'] }) });
    await field('activity').getByRole('radio', { name: 'Use the setting' }).check();
    await page.keyboard.press('Control+s');
    await page.getByTestId('profile-bar').getByText('Saved', { exact: true }).waitFor();
    expect((await stored('review'))?.limits).not.toHaveProperty('activity');
    await expectNoFaults(page, 'what counts as activity');
  });

  test('that holds again what is stored has nothing to save', async () => {
    await open('review');
    await input('name').fill('Other');
    await page.getByTestId('save-profile').waitFor();
    await input('name').fill('Review a pull request');
    await page.getByTestId('save-profile').waitFor({ state: 'detached' });
  });

  test('says beside a field what is wrong with it: when it is left, and all of them on saving', async () => {
    await open('build');
    await input('memoryMiB').fill('much');
    expect(await field('memoryMiB').locator('.setting-error').count()).toBe(0);
    await input('image').fill('a b');
    await field('memoryMiB').getByText('Enter a size such as 512 MB or 2 GB.').waitFor();
    expect(await field('image').locator('.setting-error').count()).toBe(0);
    await page.keyboard.press('Control+s');
    await page.getByText('Not saved: 2 fields need attention.').waitFor();
    await page.locator('[data-testid="profile-image"] [aria-invalid="true"]:focus').waitFor();
    const described = await input('image').getAttribute('aria-describedby');
    expect(await page.locator(`[id="${described}"]`).innerText()).toContain('Enter an image name');
    expect(await stored('build')).toMatchObject({ container: { image: 'node:24-bookworm-slim' } });
  });

  test('does not move a button from under the pointer that leaves a wrong field', async () => {
    await open('review');
    await input('pids').fill('1');
    await page.getByRole('button', { name: 'Add variable' }).click();
    await page.getByLabel('Name of variable 1').waitFor();
    await field('pids').locator('.setting-error').waitFor();
  });

  test('shows a refusal of the core beside the field that it names, until that is changed', async () => {
    await open('review');
    const folder = '/home/you/gone';
    await page.evaluate((path) => {
      window.fakeCore.refuseNext = { field: 'profile.folder', message: `${path} does not exist.` };
    }, folder);
    await input('folder').fill(folder);
    await page.keyboard.press('Control+s');
    await field('folder').getByText(`${folder} does not exist`).waitFor();
    await page.locator('[data-testid="profile-folder"] [aria-invalid="true"]:focus').waitFor();
    await input('name').fill('Still refused');
    expect(await field('folder').locator('.setting-error').count()).toBe(1);
    await input('folder').fill('/home/you/src');
    expect(await field('folder').locator('.setting-error').count()).toBe(0);
    await page.evaluate(() => {
      window.fakeCore.refuseNext = { message: 'All profiles together are too long.' };
    });
    await page.keyboard.press('Control+s');
    await page.getByTestId('profile-bar').getByText('All profiles together are too long.').waitFor();
  });

  test('keeps what was typed while another page is open, and says so on leaving', async () => {
    await open('review');
    await input('name').fill('Half a na');
    await item('local').click();
    await item('review').click();
    expect(await input('name').inputValue()).toBe('Half a na');
    await page.getByRole('tab').first().click();
    await toast('“Half a na” is not saved').getByRole('button', { name: 'Show' }).click();
    expect(await input('name').inputValue()).toBe('Half a na');
    await page.getByTestId('discard-profile').click();
    expect(await input('name').inputValue()).toBe('Review a pull request');
    await toast('Changes discarded').getByRole('button', { name: 'Undo' }).click();
    await page.getByTestId('save-profile').waitFor();
    expect(await input('name').inputValue()).toBe('Half a na');
  });

  test('shows when the profile was changed or deleted elsewhere', async () => {
    await open('review');
    await input('name').fill('Mine');
    await page.evaluate(() => {
      const renamed = window.fakeCore.profiles.map((profile) =>
        profile.id === 'review' ? { ...profile, name: 'Theirs' } : profile,
      );
      window.fakeCore.changeProfiles(renamed);
    });
    await page.getByText('This profile was changed elsewhere').waitFor();
    await page.getByRole('button', { name: 'Use the saved version' }).click();
    expect(await input('name').inputValue()).toBe('Theirs');
    await input('name').fill('Mine');
    await page.evaluate(() =>
      window.fakeCore.changeProfiles(window.fakeCore.profiles.filter(({ id }) => id !== 'review')),
    );
    await page.getByText('This profile was deleted elsewhere').waitFor();
    await page.keyboard.press('Control+s');
    await savedAs('review', { name: 'Mine' });
  });
});

describe('what a profile will be', options, () => {
  test('is shown while it is typed: the badge, the field that opens the sandbox, the mark in the list', async () => {
    await open('container');
    expect(await badge().innerText()).toBe(
      'container · no network · read-only root · uid 1000 · 512 MB · 1 CPU · 256 processes',
    );
    await input('network').selectOption('bridge');
    await field('network').getByText('Opens the sandbox: programs inside reach the internet').waitFor();
    await field('readOnlyRoot').getByRole('switch').click();
    await field('capabilities').locator('select').selectOption('NET_ADMIN');
    await badge().getByText('3 of these loosen the sandbox.').waitFor();
    await item('container').getByText('loosened').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Remove NET_ADMIN' }).click();
    await badge().getByText('2 of these loosen the sandbox.').waitFor();
  });

  test('an image is taken from those that the engine has, or typed', async () => {
    await open('container');
    await input('image').click();
    const offered = page.getByRole('option');
    await offered.filter({ hasText: 'node:24-bookworm-slim' }).getByText('221 MB · 9 days old').waitFor();
    expect(await offered.count()).toBe(3);
    await input('image').fill('alp');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await input('image').inputValue()).toBe('alpine:3.22');
    await input('image').fill('ghcr.io/me/mine:1');
    await page.keyboard.press('Control+s');
    await savedAs('container', { backend: 'docker' });
    expect(await stored('container')).toMatchObject({ container: { image: 'ghcr.io/me/mine:1' } });
  });

  test('networks and runtimes of the engine are offered, and what was chosen stays when it is gone', async () => {
    await open('container');
    const options = input('network').locator('option');
    await options.filter({ hasText: 'dev' }).waitFor({ state: 'attached' });
    expect(await options.allInnerTexts()).toEqual(['None', 'bridge: the internet and your network', 'dev']);
    await input('runtime').selectOption('runsc');
    await badge().getByText('container (runsc)').waitFor();
    await page.evaluate(() => {
      const changed = window.fakeCore.profiles.map((profile) =>
        profile.id === 'build' && profile.backend === 'docker'
          ? { ...profile, container: { ...profile.container, network: 'gone' } }
          : profile,
      );
      window.fakeCore.changeProfiles(changed);
    });
    await item('build').click();
    expect(await input('network').inputValue()).toBe('gone');
  });

  test('variables have a row each', async () => {
    await open('local');
    const addVariable = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Add variable' }).click();
      // The new row takes the keyboard once it is drawn.
      await field('environment').locator('input:focus').waitFor();
    };
    await addVariable();
    await page.keyboard.type('CI');
    await page.keyboard.press('Tab');
    await page.keyboard.type('true');
    await addVariable();
    await page.keyboard.type('CI');
    await page.keyboard.press('Tab');
    await field('environment').getByText('CI is already listed.').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+s');
    await savedAs('local', { environment: { CI: 'true' } });
  });

  test('an empty limit is that of the settings, and a longer one says that it will not hold', async () => {
    await open('review');
    expect(await input('idleTimeoutSeconds').getAttribute('placeholder')).toBe('15m');
    await input('maxDurationSeconds').fill('2h');
    await field('maxDurationSeconds').getByText('The settings allow 1h; the stricter limit applies.').waitFor();
    await input('maxDurationSeconds').fill('20 min');
    await page.keyboard.press('Control+s');
    await savedAs('review', { limits: { maxDurationSeconds: 1_200 } });
    expect(await input('maxDurationSeconds').inputValue()).toBe('20m');
  });

  test('the folder dialog of the desktop fills the field; where there is none there is no button', async () => {
    await open('review');
    expect(await page.getByRole('button', { name: 'Choose…' }).count()).toBe(0);
    await page.context().close();
    await open('review', { host: 'desktop' });
    await page.getByRole('button', { name: 'Choose…' }).click();
    await badge().getByText('/home/you/chosen read-write').waitFor();
  });
});

describe('the list', options, () => {
  test('gets new profiles from presets and copies, each with a name of its own, saved only when asked', async () => {
    await open();
    const before = await items();
    await page.getByTestId('new-profile').click();
    await page.getByTestId('new-profile-container').click();
    await page.locator('[data-testid="profile-name"] input:focus').waitFor();
    await page.keyboard.type('Scratch');
    expect(await items()).toEqual([...before, 'Scratch']);
    expect(await page.evaluate(() => window.fakeCore.profiles.length)).toBe(before.length);
    await page.keyboard.press('Control+s');
    await page.getByTestId('profile-bar').getByText('Saved', { exact: true }).waitFor();
    expect(await page.evaluate(() => window.fakeCore.profiles.at(-1))).toMatchObject({
      name: 'Scratch',
      backend: 'docker',
    });
    await item('sandbox').click();
    await page.getByTestId('profile-menu').click();
    await page.getByTestId('duplicate-profile').click();
    expect(await items()).toEqual([...before.slice(0, 2), 'Sandbox (bubblewrap) copy', ...before.slice(2), 'Scratch']);
    await page.getByTestId('discard-profile').click();
    expect(await items()).toEqual([...before, 'Scratch']);
  });

  test('loses a profile at once, and has it back in its place on undo', async () => {
    await open('sandbox');
    const before = await items();
    await page.getByTestId('profile-menu').click();
    await page.getByTestId('delete-profile').click();
    await toast('“Sandbox (bubblewrap)” deleted').waitFor();
    expect(await items()).toEqual(before.filter((name) => name !== 'Sandbox (bubblewrap)'));
    await page.locator('[data-profile="container"][aria-current="true"]').waitFor();
    await toast('deleted').getByRole('button', { name: 'Undo' }).click();
    await page.locator('[data-profile="sandbox"][aria-current="true"]').waitFor();
    expect(await items()).toEqual(before);
  });

  test('restores a deleted preset, resets a changed one, and never deletes the local shell', async () => {
    await open('container');
    await page.getByTestId('profile-menu').click();
    await page.getByTestId('delete-profile').click();
    await item('container').waitFor({ state: 'detached' });
    await page.getByTestId('new-profile').click();
    await page.getByTestId('restore-profile-container').click();
    await item('container').waitFor();
    await item('local').click();
    await page.getByTestId('profile-menu').click();
    expect(await page.getByTestId('delete-profile').count()).toBe(0);
    expect(await page.getByTestId('reset-profile').getAttribute('aria-disabled')).toBe('true');
    await page.keyboard.press('Escape');
    await input('shell').fill('/bin/zsh');
    await page.keyboard.press('Control+s');
    await savedAs('local', { shell: '/bin/zsh' });
    await page.getByTestId('profile-menu').click();
    await page.getByTestId('reset-profile').click();
    await toast('was reset to its defaults').waitFor();
    expect(await input('shell').inputValue()).toBe('');
    await toast('was reset to its defaults').getByRole('button', { name: 'Undo' }).click();
    await page.waitForFunction(() => window.fakeCore.profiles.some(({ shell }) => shell === '/bin/zsh'));
  });

  test('is walked and put in order by keyboard alone', async () => {
    await open();
    await page.locator('[data-profile="local"]:focus').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await editor().getByRole('heading', { name: 'Container' }).waitFor();
    await page.getByTestId('profile-menu').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Move up' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      () => window.fakeCore.profiles[1]?.id === 'container' || window.fakeCore.profiles[3]?.id === 'container',
    );
  });

  test('opens a session of a profile, saved first', async () => {
    await open('review');
    await input('name').fill('Reviewing');
    await page.getByTestId('open-profile').click();
    await page.getByRole('tab', { name: 'new shell' }).waitFor();
    expect(await stored('review')).toMatchObject({ name: 'Reviewing' });
  });
});

describe('what runs it', options, () => {
  test('is shown with what is missing and what would help, and checked again on request', async () => {
    await open('build', { backends: 'none' });
    const state = page.getByTestId('backend-state');
    await state.getByText('Not available: Docker cannot be reached').waitFor();
    await state.getByText('Start Docker or Podman').waitFor();
    await item('build').getByText('Not available now').waitFor();
    await page.evaluate(() => window.fakeCore.setBackends('checking'));
    await state.getByRole('button', { name: 'Checking…' }).waitFor();
    await page.evaluate(() => window.fakeCore.setBackends('all'));
    await state.getByText('Ready: Docker 28.2.2').waitFor();
    await state.getByRole('button', { name: 'Check again' }).click();
    await item('review').click();
    await state.getByText('Found on this machine: bubblewrap · no network · read-only system').waitFor();
    await item('local').click();
    expect(await state.count()).toBe(0);
  });
});

describe('for everyone', options, () => {
  test.each([
    { colorScheme: 'light' },
    { colorScheme: 'dark' },
    { colorScheme: 'light', forcedColors: 'active' },
  ] as const)('no form has an accessibility fault, %j', async (look) => {
    await open('build', look);
    await field('capabilities').locator('select').selectOption('NET_ADMIN');
    await page.getByRole('button', { name: 'Add variable' }).click();
    await input('pids').fill('1');
    await page.keyboard.press('Control+s');
    await field('pids').locator('.setting-error').waitFor();
    await page.evaluate(() => window.fakeCore.setBackends('none'));
    await page.getByText('Not available: ').waitFor();
    await expectNoFaults(page, 'container');
  });

  test('the list of images has no accessibility fault', async () => {
    await open('build');
    await input('image').click();
    await page.getByRole('option').first().waitFor();
    await expectNoFaults(page, 'images');
  });

  test.each([
    { viewport: { width: 480, height: 320 } },
    { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
  ])('nothing is cut off at $viewport.width × $viewport.height', async (size) => {
    await open(undefined, size);
    await expectFits(page, 'list');
    for (const id of ['local', 'review', 'build']) {
      await item(id).click();
      await editor().waitFor();
      expect(await item(id).isVisible()).toBe(false);
      const body = await page
        .locator('.settings-body')
        .evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(body, id).toBe(0);
      await expectFits(page, id);
      await input('name').fill(`Changed ${id}`);
      await page.getByTestId('save-profile').click({ trial: true });
      await page.getByRole('button', { name: 'All profiles' }).click();
      await item(id).getByText('Not saved').waitFor();
    }
    await page.getByRole('button', { name: /^(Settings|Time limits)$/ }).click();
    await page.getByTestId('setting-limits.sandboxed.idleTimeoutSeconds').waitFor();
  });
});
