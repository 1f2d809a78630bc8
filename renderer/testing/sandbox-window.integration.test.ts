import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SessionInfo } from '../../shared/session.ts';
import { fakeId } from './fake-session.ts';
import { expectWellDrawn, type OpenOptions, TestWindows, WINDOW_TIMEOUT_MS } from './test-window.ts';

let windows: TestWindows;
let page: Page;

beforeAll(async () => {
  windows = await TestWindows.start();
}, WINDOW_TIMEOUT_MS);

afterEach(() => page?.context().close());
afterAll(() => windows?.close());

async function open(scene: string, options?: OpenOptions): Promise<Page> {
  page = await windows.open(scene, options);
  return page;
}

const focusedTerminal = (): Promise<void> =>
  page.locator('.session-pane:not([hidden]) .xterm-helper-textarea:focus').waitFor({ state: 'attached' });

/** Types in the terminal. */
async function openShell(): Promise<void> {
  await open('shell');
  await page.locator('.xterm-rows').filter({ hasText: 'passed' }).waitFor();
  await page.locator('.xterm-helper-textarea').focus();
}

function change(n: number, info: Partial<SessionInfo>): Promise<void> {
  return page.evaluate(([id, next]) => window.fakeCore.change(id, next), [fakeId(n), info] as const);
}

const setBackends = (name: string): Promise<void> =>
  page.evaluate((machine) => window.fakeCore.setBackends(machine), name);

describe('the menu of profiles', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('opens by key, is searched by typing, and opens what was chosen', async () => {
    await openShell();
    await page.keyboard.press('Control+Shift+O');
    await page.getByTestId('profile-menu').waitFor();
    await page.keyboard.type('Rev');
    await page.locator('[data-testid=menu-profile-review][data-highlighted]').waitFor();
    await page
      .getByRole('menuitem', { name: 'Review a pull request bubblewrap · no network · ~/src/sandglass read-write' })
      .waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: /^new shell sandbox/ }).waitFor();
    await focusedTerminal();
  });

  test('an unavailable profile is reachable, says why, and opens nothing', async () => {
    await open('shell', { backends: 'none' });
    await page.getByTestId('new-tab-menu').focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-testid=menu-profile-local][data-highlighted]').waitFor();
    await page.keyboard.press('ArrowDown');
    const item = page.locator('[data-testid=menu-profile-sandbox][data-highlighted]');
    await item.waitFor();
    expect(await item.getAttribute('aria-disabled')).toBe('true');
    const name = /^Sandbox \(bubblewrap\) User namespaces are blocked by AppArmor Run: sudo sysctl/;
    await page.getByRole('menuitem', { name, disabled: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.getByTestId('profile-menu').waitFor({ state: 'detached' });
    expect(await page.getByRole('tab').count()).toBe(1);
    await focusedTerminal();
  });

  test('shows the container engine as it comes and goes', async () => {
    await open('shell', { backends: 'checking' });
    await page.getByTestId('new-tab-menu').click();
    const line = page.getByTestId('backend-line-docker');
    const container = page.getByTestId('menu-profile-container');
    await line.filter({ hasText: 'Looking for a container engine…' }).waitFor();
    expect(await container.getAttribute('aria-disabled')).toBeNull();
    await setBackends('noDocker');
    await line.filter({ hasText: 'Docker cannot be reached' }).waitFor();
    expect(await container.getAttribute('aria-disabled')).toBe('true');
    await setBackends('all');
    await line.filter({ hasText: 'Docker 28.2.2' }).waitFor();
    expect(await container.getAttribute('aria-disabled')).toBeNull();
  });

  test('an empty window offers the same profiles, and the same reasons', async () => {
    await open('empty', { backends: 'noDocker' });
    const container = page.getByTestId('profile-container');
    expect(await container.getAttribute('aria-disabled')).toBe('true');
    await container.click({ force: true });
    await page.getByTestId('profile-review').click();
    await page.getByRole('tab', { name: /^new shell sandbox/ }).waitFor();
    expect(await page.getByRole('tab').count()).toBe(1);
  });

  test('leads to the profiles themselves', async () => {
    await openShell();
    await page.getByTestId('new-tab-menu').click();
    await page.getByTestId('edit-profiles').click();
    await page.getByTestId('settings-page').waitFor();
  });
});

describe('a start', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('that is over at once shows nothing, a longer one what it does', async () => {
    await open('shell', { stillTime: true });
    const card = page.getByTestId('starting-card');
    await change(1, { state: 'starting', backend: 'docker' });
    await page.getByTestId('status-isolation').filter({ hasText: 'being set up' }).waitFor();
    await page.clock.runFor(250);
    expect(await card.count()).toBe(0);
    await page.clock.runFor(100);
    await card.waitFor();
    await change(1, { state: 'waiting' });
    await card.waitFor({ state: 'detached' });
  });

  test('shows and announces its progress', async () => {
    await open('pulling');
    const bar = page.getByRole('progressbar', { name: 'Pulling debian:bookworm-slim' });
    await bar.waitFor();
    expect(await bar.getAttribute('aria-valuenow')).toBe('25');
    expect(await page.getByTestId('starting-detail').innerText()).toBe('3 of 5 layers · 12 of 48 MB');
    await page.getByTestId('announcer').filter({ hasText: 'Pulling debian:bookworm-slim, 25 percent' }).waitFor();
    await change(1, { progress: { stage: 'create', message: 'Creating the container', detail: '', fraction: null } });
    const create = page.getByRole('progressbar', { name: 'Creating the container' });
    await create.waitFor();
    expect(await create.getAttribute('aria-valuenow')).toBeNull();
    await page.getByTestId('announcer').filter({ hasText: 'Creating the container' }).waitFor();
  });

  test('can be cancelled', async () => {
    await open('pulling');
    await page.getByTestId('cancel-start').click();
    await page.getByRole('tab', { name: 'debian' }).waitFor({ state: 'detached' });
    expect(await page.getByTestId('question').count()).toBe(0);
  });

  test('that failed says what and why, and starts again in the same place', async () => {
    await open('noEngine', { backends: 'noDocker', permissions: ['clipboard-read', 'clipboard-write'] });
    const card = page.getByTestId('ended-card').filter({ visible: true });
    expect(await card.getByTestId('end-reason').innerText()).toBe('The container engine cannot be reached');
    expect(await card.getByTestId('failed-hint').innerText()).toContain('Start Docker or Podman');
    await card.getByTestId('copy-details').click();
    await page.locator('[data-sonner-toast]').filter({ hasText: 'Details copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('Stage: engine');
    await card.getByTestId('new-session').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'debian' }).waitFor({ state: 'detached' });
    const tabs = page.getByRole('tab');
    expect(await tabs.count()).toBe(2);
    expect(await tabs.first().getAttribute('aria-selected')).toBe('true');
    expect(await tabs.first().innerText()).toContain('new shell');
  });

  test('that failed leads to its profile', async () => {
    await open('noImage');
    await page.getByTestId('edit-profile').click();
    await page.getByTestId('settings-page').waitFor();
  });
});

describe('the badge', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('says first what is open, and leads to all that was found', async () => {
    await open('loosened');
    const badge = page.getByTestId('status-isolation');
    expect(await badge.innerText()).toContain('open: network bridge, writable root · container');
    expect(await badge.getAttribute('data-closure')).toBe('open');
    await page.getByRole('tab', { name: /^build container, loosened/ }).waitFor();
    await badge.click();
    const items = page.getByTestId('isolation-list').getByRole('listitem');
    await items.first().waitFor();
    expect(await items.allTextContents()).toEqual(
      expect.arrayContaining(['container, closed', 'network bridgeopen', 'writable rootopen']),
    );
    const section = await page.getByTestId('panel-isolation').boundingBox();
    expect(section?.y, 'the section stands at the panel’s top').toBeLessThan(120);
  });

  test('claims nothing for a local shell', async () => {
    await open('shell');
    expect(await page.getByTestId('status-isolation').innerText()).toContain('local shell · not sandboxed');
    await page.getByTestId('status-isolation').click();
    await page.getByTestId('panel-isolation').filter({ hasText: 'A local shell is not isolated' }).waitFor();
  });
});

describe('freezing', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('and thawing is done by key, and what is typed meanwhile reaches the core', async () => {
    await openShell();
    await page.keyboard.press('Control+Shift+Z');
    await page.getByTestId('frozen-bar').waitFor();
    await page.getByTestId('status-frozen').waitFor();
    await page.getByRole('tab', { name: /^bash local shell, frozen/ }).waitFor();
    await focusedTerminal();
    await page.keyboard.type('x');
    await page.waitForFunction(() => window.fakeCore.input.some(({ text }) => text === 'x'));
    await page.keyboard.press('Control+Shift+Z');
    await page.getByTestId('frozen-bar').waitFor({ state: 'detached' });
    await focusedTerminal();
  });

  test('is offered in the menu of the tab, and thawing in the bar', async () => {
    await open('sandboxes');
    await page.getByRole('tab').first().click({ button: 'right' });
    await page.getByTestId('menu-freeze').click();
    await page.getByTestId('thaw').click();
    await page.getByTestId('frozen-bar').waitFor({ state: 'detached' });
  });

  test('is not offered where it is impossible', async () => {
    await open('pulling');
    await page.getByRole('tab').first().click({ button: 'right' });
    expect(await page.getByTestId('menu-freeze').getAttribute('aria-disabled')).toBe('true');
  });
});

test('F6 leads out of the terminal, round the window and back', { timeout: WINDOW_TIMEOUT_MS }, async () => {
  await open('frozen');
  await page.locator('.xterm-rows').filter({ hasText: 'passed' }).first().waitFor();
  await page.locator('.session-pane:not([hidden]) .xterm-helper-textarea').focus();
  await page.keyboard.press('F6');
  await page.locator('[data-testid=thaw]:focus').waitFor();
  await page.keyboard.press('F6');
  await page.locator('[data-testid=status-isolation]:focus').waitFor();
  await page.keyboard.press('F6');
  await page.locator('[role=tab]:focus').waitFor();
  await page.keyboard.press('F6');
  await focusedTerminal();
});

test('losing the engine is shown unless the active tab shows it', { timeout: WINDOW_TIMEOUT_MS }, async () => {
  await open('sandboxes');
  const toast = page.locator('[data-sonner-toast]');
  await page.getByRole('tab').last().click();
  await setBackends('noDocker');
  await toast.filter({ hasText: 'Docker cannot be reached' }).waitFor();
  await setBackends('all');
  await toast.filter({ hasText: 'The container engine is back' }).waitFor();
});

describe('for everyone', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test.each(['empty', 'sandboxes', 'pulling', 'creating', 'noEngine', 'frozen', 'outOfMemory'])(
    '%s is without a fault and fits',
    async (scene) => {
      await open(scene, { colorScheme: 'light', backends: 'none' });
      if (scene === 'pulling' || scene === 'creating') await page.getByTestId('starting-card').waitFor();
      await expectWellDrawn(page, scene);
    },
  );

  test('the isolation of a session is without a fault and fits', async () => {
    await open('loosened', { colorScheme: 'light' });
    await page.getByTestId('status-isolation').click();
    await page.getByTestId('isolation-list').waitFor();
    await expectWellDrawn(page, 'isolation');
  });

  test('the menu of profiles is without a fault, and reaches to its end', async () => {
    await open('loosened', { colorScheme: 'light', backends: 'none' });
    await page.getByTestId('new-tab-menu').click();
    await page.getByTestId('profile-menu').waitFor();
    // An open menu stands beside the page’s landmarks, and belongs to its button.
    await expectWellDrawn(page, 'menu of profiles', ['region']);
    await page.getByTestId('edit-profiles').click();
    await page.getByTestId('settings-page').waitFor();
  });
});
