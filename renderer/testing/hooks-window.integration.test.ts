import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fakeId } from './fake-session.ts';
import { expectWellDrawn, type OpenOptions, TestWindows, WINDOW_TIMEOUT_MS } from './test-window.ts';

let windows: TestWindows;
let page: Page;

beforeAll(async () => {
  windows = await TestWindows.start();
}, WINDOW_TIMEOUT_MS);

afterEach(() => page?.context().close());
afterAll(() => windows?.close());

async function open(options?: OpenOptions): Promise<void> {
  page = await windows.open('plain', options);
  // As the desktop's menu does.
  await page.evaluate(() => window.fakeCore.notify('command', { command: 'hooks' }));
  await page.getByTestId('hooks-page').waitFor();
}

const refuse = (method: string, message: string): Promise<unknown> =>
  page.evaluate(([wanted, words]) => void window.fakeCore.refusals.set(wanted, words), [method, message] as const);
const allow = (method: string): Promise<unknown> =>
  page.evaluate((wanted) => window.fakeCore.refusals.delete(wanted), method);
const hook = (name: string) => page.locator(`[data-hook="${name}"]`);
const rows = () => page.getByTestId('delivery');
const details = () => page.getByTestId('hook-details');

describe('the hooks', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('say what each is, how it is, and what waits', async () => {
    await open();
    await hook('ops-channel').getByText('webhook · 2 pending · 2 failed').waitFor();
    await hook('quiet').getByText('disabled').waitFor();
    await page.getByTestId('open-hooks').getByText('3 to check').waitFor();
    await hook('broken-yaml').click();
    await page.getByTestId('hook-message').getByText('Did you mean “events”?').waitFor();
    expect(await page.getByTestId('hook-test').count()).toBe(0);
    await hook('ops-channel').click();
    await page.getByTestId('hook-target').getByText('https://ops.example.org/sandglass/events').waitFor();
    await page.getByTestId('hook-events').getByText('session:warning').waitFor();
  });

  test('are opened from the menu, and from the sections of the settings', async () => {
    page = await windows.open('plain');
    await page.getByTestId('window-menu').click();
    await page.getByTestId('menu-hooks').click();
    await page.getByTestId('hooks-page').waitFor();
    await page.getByRole('button', { name: 'Sessions', exact: true }).click();
    await page.getByTestId('hooks-page').waitFor({ state: 'detached' });
    await page.getByTestId('open-hooks').click();
    await page.getByTestId('hooks-page').waitFor();
  });

  test('are walked by keyboard', async () => {
    await open();
    await page.locator('[data-hook=audit-log]:focus').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await details().getByRole('heading', { name: 'old-service' }).waitFor();
    await page.locator('[data-hook=old-service]:focus').waitFor();
  });

  test('show what became of each delivery, and count down to the next try', async () => {
    await open({ stillTime: true });
    await hook('ops-channel').click();
    const first = rows().first();
    await first.getByText('503 Service Unavailable in 1.2 s').waitFor();
    await first.getByText('3 attempts').waitFor();
    await first.getByText('pull request 142').waitFor();
    await first.getByText(/next attempt in 1:\d\d/).waitFor();
    await page.clock.runFor(100_000);
    await first.getByText('next attempt now').waitFor();
  });

  test('show deliveries of one state, and more of them where there are more', async () => {
    await open();
    await hook('ops-channel').click();
    await rows().first().waitFor();
    expect(await rows().count()).toBe(50);
    await page.getByTestId('more-deliveries').click();
    await page.waitForFunction(() => document.querySelectorAll('[data-testid=delivery]').length === 55);
    await page.getByTestId('deliveries-dead-letter').click();
    await page.waitForFunction(() => document.querySelectorAll('[data-testid=delivery]').length === 2);
    await page.getByTestId('deliveries-dropped').click();
    await rows().first().getByText('its hook was removed').waitFor();
  });

  test('get a test event, which is seen at once', async () => {
    await open();
    await hook('ops-channel').click();
    await page.getByTestId('deliveries-dead-letter').click();
    await page.getByTestId('hook-test').click();
    await rows().first().getByText('Test', { exact: true }).waitFor();
    await page.locator('[data-testid=deliveries-all][aria-pressed=true]').waitFor();
    await page.getByTestId('announcer').getByText('A test event is on its way to ops-channel.').waitFor();
  });

  test('that failed are sent again, one or all', async () => {
    await open();
    await hook('ops-channel').click();
    await page.getByTestId('deliveries-dead-letter').click();
    await page.getByTestId('send-again').first().click();
    await hook('ops-channel').getByText('3 pending · 1 failed').waitFor();
    await page.waitForFunction(() => document.querySelectorAll('[data-testid=delivery]').length === 1);
    await page.getByTestId('send-all-again').click();
    await hook('ops-channel').getByText('webhook · 4 pending').waitFor();
    await page.getByTestId('no-deliveries').waitFor();
    expect(await page.getByTestId('send-all-again').count()).toBe(0);
  });

  test('are switched on again when their receiver had said that it is gone', async () => {
    await open();
    await hook('old-service').click();
    await page.getByText('Failed deliveries can be sent again once the hook is ready.').waitFor();
    await page.getByTestId('hook-enable').click();
    await page.locator('[data-testid=hook-state][data-state=ready]').waitFor();
    await page.getByTestId('send-all-again').waitFor();
  });

  test('follow what happens meanwhile, without taking the keyboard away', async () => {
    await open();
    await hook('ops-channel').click();
    await rows().first().getByText('Pending').waitFor();
    await page.evaluate(() => {
      window.fakeCore.hooks.settle('ops-channel', 1, {
        state: 'delivered',
        outcome: '200 OK in 0.4 s',
        nextAt: null,
      });
      window.fakeCore.notifyHooks();
    });
    await rows().first().getByText('200 OK in 0.4 s').waitFor();
    await page.getByTestId('hook-test').focus();
    await page.evaluate(() => {
      window.fakeCore.hooks.replace(['another', 'ops-channel']);
      window.fakeCore.notifyHooks();
    });
    await hook('another').waitFor();
    await page.locator('[data-testid=hook-test]:focus').waitFor();
    await page.evaluate(() => {
      window.fakeCore.hooks.replace([]);
      window.fakeCore.notifyHooks();
    });
    await page.getByTestId('no-hooks').waitFor();
  });

  test('that are not there yet are explained, with their folder', async () => {
    await open({ hooks: 'none' });
    await page.getByTestId('no-hooks').getByText('/home/you/.config/Sandglass/hooks').waitFor();
    await page.getByTestId('hooks-folder').click();
    await page.locator('[data-sonner-toast]').getByText('/home/you/.config/Sandglass/hooks').waitFor();
  });

  test('that cannot be read say why, and are asked for again', async () => {
    await open({ hooks: 'failing' });
    await page.getByTestId('load-failure').getByText('The journal is locked by another process.').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByTestId('load-failure').waitFor();
  });

  test('say why deliveries could not be read, and why a request was refused', async () => {
    await open();
    await refuse('hooks.deliveries', 'The journal is busy.');
    await hook('ops-channel').click();
    await page.getByTestId('load-failure').getByText('The journal is busy.').waitFor();
    await allow('hooks.deliveries');
    await page.getByRole('button', { name: 'Try again' }).click();
    await rows().first().waitFor();
    await refuse('hooks.test', 'The hook is not there any more.');
    await page.getByTestId('hook-test').click();
    await page.getByText('The hook is not there any more.').waitFor();
    await page.locator('[data-testid=hook-test]:enabled').waitFor();
  });

  test('are shown one at a time where there is no room for two', async () => {
    await open({ viewport: { width: 480, height: 320 } });
    await hook('ops-channel').click();
    await page.locator('#hook-title:focus').waitFor();
    expect(await hook('ops-channel').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'All hooks' }).click();
    await hook('ops-channel').waitFor();
  });
});

describe('recent sessions', { timeout: WINDOW_TIMEOUT_MS }, () => {
  const recent = () => page.getByTestId('recent-session');

  async function openEmpty(options?: OpenOptions): Promise<void> {
    page = await windows.open('empty', { history: 31, ...options });
    await page.getByTestId('recent-list').waitFor();
  }

  test('are in an empty window, page by page', async () => {
    await openEmpty();
    expect(await recent().count()).toBe(4);
    await recent().first().getByText('Local shell · Closed after 15 minutes without activity').waitFor();
    await recent().first().getByText('45 minutes').waitFor();
    await page.getByTestId('recent-more').click();
    await page.waitForFunction(() => document.querySelectorAll('[data-testid=recent-session]').length === 24);
    await page.getByTestId('recent-more').click();
    await page.waitForFunction(() => document.querySelectorAll('[data-testid=recent-session]').length === 31);
    expect(await page.getByTestId('recent-more').count()).toBe(0);
  });

  test('are opened again', async () => {
    await openEmpty();
    await page.getByRole('button', { name: 'Open again: pr 142' }).click();
    await page.getByRole('tab', { selected: true, name: /^new shell sandbox/ }).waitFor();
  });

  test('are exported; where that fails, it is said why', async () => {
    await openEmpty();
    await page.getByRole('button', { name: 'Export src…' }).click();
    await page.getByTestId('export-zip').click();
    await page.getByText('Everything (zip) saved').waitFor();
    await refuse('sessions.export', 'The recording is not there any more.');
    await page.getByRole('button', { name: 'Export src…' }).click();
    await page.getByTestId('export-text').click();
    await page.getByText('Nothing was exported').waitFor();
    await page.getByText('The recording is not there any more.').waitFor();
  });

  test('say what is no longer available of them', async () => {
    await openEmpty();
    await page.getByTestId('recent-more').click();
    const gone = recent().filter({ hasText: 'An agent, once' }).first();
    await gone.getByText('Its profile no longer exists').waitFor();
    expect(await gone.getByTestId('recent-open').count()).toBe(0);
    await recent().filter({ hasText: 'no recording' }).first().waitFor();
  });

  test('are in the panel, too, by the menu of profiles', async () => {
    page = await windows.open('plain', { history: 3 });
    await page.getByTestId('new-tab-menu').click();
    await page.getByTestId('menu-recent').click();
    await page.getByTestId('recent-panel').getByTestId('recent-list').waitFor();
    expect(await recent().count()).toBe(3);
  });

  test('have what has just ended, and lead to what is still open', async () => {
    page = await windows.open('plain', { history: 3 });
    await page.getByTestId('new-tab-menu').click();
    await page.getByTestId('menu-recent').click();
    await page.getByTestId('recent-list').waitFor();
    await page.evaluate((id) => {
      const { fakeCore } = window;
      fakeCore.remember({ id, title: 'pull request 142', end: null, recordingBytes: null });
      fakeCore.notify('sessionEvent', {
        id: 'e9',
        sessionId: id,
        at: Date.now(),
        type: 'session:start',
        profileId: 'local',
        backend: 'pty',
        previousId: null,
      });
    }, fakeId(2));
    await recent().first().getByText('Local shell · still open').waitFor();
    await recent().first().getByRole('button', { name: 'Export pull request 142…' }).waitFor();
    await page.getByRole('button', { name: 'Show tab: pull request 142' }).click();
    await page.getByRole('tab', { selected: true, name: /^pull request 142/ }).waitFor();
  });

  test('that could not be read say why', async () => {
    page = await windows.open('plain', { history: 3 });
    await refuse('history.list', 'The journal is damaged.');
    await page.getByTestId('new-tab-menu').click();
    await page.getByTestId('menu-recent').click();
    await page.getByTestId('load-failure').getByText('The journal is damaged.').waitFor();
    await allow('history.list');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByTestId('recent-list').waitFor();
  });

  test('are without a fault and fit', async () => {
    await openEmpty({ colorScheme: 'light' });
    await expectWellDrawn(page, 'recent sessions');
  });
});

describe('for everyone', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test.each(['audit-log', 'broken-yaml', 'old-service', 'ops-channel', 'quiet'])(
    'the hook %s is without a fault and fits',
    async (name) => {
      await open({ colorScheme: 'light' });
      await hook(name).click();
      await details().getByRole('heading', { name, exact: true }).waitFor();
      await expectWellDrawn(page, name);
    },
  );

  test.each(['none', 'failing'])('hooks %s are without a fault and fit', async (hooks) => {
    await open({ hooks, colorScheme: 'light' });
    await expectWellDrawn(page, `hooks ${hooks}`);
  });
});
