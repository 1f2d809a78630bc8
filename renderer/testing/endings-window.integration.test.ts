import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SessionInfo } from '../../shared/session.ts';
import { endedWith, fakeId } from './fake-session.ts';
import { expectApart, expectWellDrawn, type OpenOptions, TestWindows, WINDOW_TIMEOUT_MS } from './test-window.ts';

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

const change = (n: number, info: Partial<SessionInfo>): Promise<void> =>
  page.evaluate(([id, next]) => window.fakeCore.change(id, next), [fakeId(n), info] as const);

/** How often the core was asked for something. */
const asked = (method: string): Promise<number> =>
  page.evaluate((wanted) => window.fakeCore.requests.filter((request) => request === wanted).length, method);

const titles = (): Promise<string[]> => page.locator('.tab-title').allInnerTexts();
const card = () => page.getByTestId('ended-card').filter({ visible: true });

/** A new session was opened, is shown, and has the keyboard. */
async function freshSession(): Promise<void> {
  await page.getByRole('tab', { selected: true, name: /^new shell/ }).waitFor();
  await page.locator('.session-pane:not([hidden]) .xterm-helper-textarea:focus').waitFor({ state: 'attached' });
}

describe('a session whose time was up', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('says which limit ran out, and the next key press opens a new one in its place', async () => {
    await open('autoReset');
    await card().getByText('Its time was up; any key starts a new session').waitFor();
    await card().getByText('Nothing was typed for 15 minutes.').waitFor();
    await page.locator('[data-testid=new-session]:focus').waitFor();
    await page.keyboard.press('x');
    await freshSession();
    expect(await titles()).toEqual(['new shell', 'bash', 'other']);
    await page.keyboard.type('ls');
    await page.waitForFunction(() => window.fakeCore.input.length >= 2);
    // The first key has only opened it.
    expect(await page.evaluate(() => window.fakeCore.input.map(({ text }) => text).join(''))).toBe('ls');
    expect(await asked('sessions.open')).toBe(1);
    expect(await asked('sessions.dismiss')).toBe(1);
  });

  test('is followed by one session however fast the user types, and what comes after the first key is typed into it', async () => {
    await open('autoReset');
    await page.locator('[data-testid=new-session]:focus').waitFor();
    await page.evaluate(() => window.fakeCore.holdOpening());
    await page.keyboard.press('Enter');
    await page.getByTestId('replacing-card').waitFor();
    await page.keyboard.type('echo hi');
    await page.keyboard.press('Enter');
    await page.evaluate(() => window.fakeCore.releaseOpening());
    await freshSession();
    await page.waitForFunction(() => window.fakeCore.input.some(({ text }) => text.includes('\r')));
    const input = await page.evaluate(() => window.fakeCore.input);
    expect(input.map(({ text }) => text).join('')).toBe('echo hi\r');
    expect(new Set(input.map(({ kind }) => kind))).toEqual(new Set(['userInput']));
    expect(await asked('sessions.open')).toBe(1);
  });

  test('is not followed by a key that types nothing, nor by one in a field or a menu', async () => {
    await open('autoReset');
    await page.locator('[data-testid=new-session]:focus').waitFor();
    for (const key of ['Shift', 'Control', 'ArrowUp', 'Escape', 'PageUp', 'Control+c']) await page.keyboard.press(key);
    await page.keyboard.press('F2');
    await page.getByTestId('tab-rename').waitFor();
    await page.keyboard.type('renamed');
    await page.keyboard.press('Enter');
    await page.locator('.tab-title', { hasText: 'renamed' }).waitFor();
    await page.keyboard.press('Alt+Shift+O');
    await page.getByTestId('profile-menu').waitFor();
    await page.keyboard.type('Rev');
    await page.locator('[data-testid=menu-profile-review][data-highlighted]').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('profile-menu').waitFor({ state: 'detached' });
    await page.getByTestId('why').filter({ visible: true }).focus();
    await page.keyboard.press('a');
    expect(await asked('sessions.open')).toBe(0);
    // In its terminal, it is.
    await page.locator('.session-pane:not([hidden]) .xterm-helper-textarea').focus();
    await page.keyboard.press('a');
    await freshSession();
  });

  test('continues in the session that another window has opened', async () => {
    await open('autoReset');
    await page.locator('[data-testid=new-session]:focus').waitFor();
    await page.evaluate(
      ([old, fresh]) => {
        const { fakeCore } = window;
        fakeCore.notify('sessionChanged', fakeCore.made(41, { previousId: old, title: 'theirs' }));
        fakeCore.notify('sessionsReordered', { ids: [fresh] });
        fakeCore.notify('sessionRemoved', { id: old });
      },
      [fakeId(1), fakeId(41)] as const,
    );
    await page.getByRole('tab', { selected: true, name: /^theirs/ }).waitFor();
    await page.locator('.session-pane:not([hidden]) .xterm-helper-textarea:focus').waitFor({ state: 'attached' });
    expect(await asked('sessions.open')).toBe(0);
  });

  test('is replaced by the session of another window even if the core has forgotten it', async () => {
    await open('autoReset');
    await page.locator('[data-testid=new-session]:focus').waitFor();
    await page.evaluate((old) => {
      const { fakeCore } = window;
      fakeCore.notify('sessionEvicted', { id: old });
      fakeCore.notify('sessionChanged', fakeCore.made(41, { previousId: old, title: 'theirs' }));
    }, fakeId(1));
    await page.getByRole('tab', { name: /^theirs/ }).waitFor();
    await page.keyboard.press('a');
    await page.getByRole('tab', { selected: true, name: /^theirs/ }).waitFor();
    expect(await titles()).toEqual(['theirs', 'bash', 'other']);
    expect(await asked('sessions.open')).toBe(0);
  });

  test('keeps its card when a new one is refused, and the next key press tries again', async () => {
    await open('autoReset');
    await page.locator('[data-testid=new-session]:focus').waitFor();
    await page.evaluate(() =>
      window.fakeCore.refusals.set('sessions.open', 'Maximum concurrent sessions (100) exceeded'),
    );
    await page.keyboard.press('a');
    await page.getByText('Maximum concurrent sessions (100) exceeded').waitFor();
    await card().waitFor();
    await page.locator('[data-testid=new-session]:focus').waitFor();
    await page.evaluate(() => window.fakeCore.refusals.clear());
    await page.keyboard.press('a');
    await freshSession();
  });

  test('whose profile is gone says so, and opens nothing by itself', async () => {
    await open('autoResetGone');
    await card().getByText('Its profile “An agent, once” no longer exists').waitFor();
    await card().getByText('Its time was up', { exact: true }).waitFor();
    await page.keyboard.press('a');
    expect(await asked('sessions.open')).toBe(0);
    await page.getByTestId('other-profile').click();
    await page.getByTestId('profile-menu').waitFor();
  });
});

describe('a restored session', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('shows its output, and is replaced when it is reopened', async () => {
    await open('crashed');
    await page.locator('.xterm-rows').filter({ hasText: 'passed' }).waitFor();
    await card().getByText('Ended when Sandglass stopped unexpectedly').waitFor();
    await card().getByText('1 hour 30 minutes 12 seconds').waitFor();
    await page.getByRole('tab', { selected: true, name: /restored session/ }).waitFor();
    await card().getByRole('button', { name: 'Reopen' }).click();
    await freshSession();
    expect(await titles()).toEqual(['new shell', 'agent', 'bash']);
    expect(await asked('sessions.dismiss')).toBe(1);
  });

  test.each([
    { width: 1_000, height: 600 },
    { width: 480, height: 320 },
  ])('its message covers neither its card nor other messages at $width × $height', async (viewport) => {
    await open('crashed', { viewport });
    await card().getByRole('button', { name: 'Reopen' }).waitFor();
    await page.evaluate(() => {
      for (const name of ['first', 'second', 'third']) {
        const message = `What the ${name} one says is long enough to need more than a single line of its message.`;
        window.fakeCore.notify('problem', { id: name, severity: 'warning', title: `The ${name} problem`, message });
      }
    });
    const toasts = page.locator('[data-sonner-toast][data-visible=true]');
    await toasts.filter({ hasText: '3 messages' }).waitFor();
    for (const name of ['first', 'second', 'third']) await toasts.getByText(`The ${name} problem`).waitFor();
    await card().getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('menuitem').first().waitFor({ state: 'hidden' });
    await expectApart([...(await toasts.all()), card(), page.getByRole('tablist')]);
    await card().getByRole('button', { name: 'Reopen' }).click();
    await freshSession();
  });

  test('is what a tab becomes when Sandglass was restarted under it', async () => {
    await open('shell');
    await page.locator('.xterm-rows').filter({ hasText: 'passed' }).waitFor();
    await change(1, { state: 'ended', end: endedWith({ reason: 'app_crash' }), restored: true });
    await card().getByRole('button', { name: 'Reopen' }).waitFor();
  });

  test('of a profile that is gone says so and offers the others', async () => {
    await open('crashedGone');
    await card().getByText('no longer exists, so the session cannot be opened again').waitFor();
    expect(await card().getByTestId('new-session').count()).toBe(0);
    await page.locator('[data-testid=other-profile]:focus').waitFor();
  });
});

describe('restarting a session', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('puts a new one in its place', async () => {
    await open('shell');
    await page.locator('.xterm-rows').filter({ hasText: 'passed' }).waitFor();
    await page.keyboard.press('Alt+Shift+R');
    await freshSession();
    expect(await titles()).toEqual(['new shell']);
    expect(await asked('sessions.restart')).toBe(1);
  });

  test('asks first when a command runs, from the menu of its tab', async () => {
    await open('max');
    await page.getByRole('tab').first().click({ button: 'right' });
    await page.getByTestId('menu-restart').click();
    await page.getByTestId('question').getByText('npm run build').waitFor();
    await page.getByTestId('question-cancel').click();
    await page.getByTestId('question').waitFor({ state: 'detached' });
    expect(await titles()).toEqual(['nightly build', 'bash']);
    await page.keyboard.press('Alt+Shift+R');
    await page.getByTestId('question-confirm').click();
    await freshSession();
    expect(await titles()).toEqual(['new shell', 'bash']);
  });

  test('of a tab in the background leaves the keyboard where it is', async () => {
    await open('shell');
    await change(1, { title: 'first' });
    await page.getByTestId('new-tab').click();
    await freshSession();
    await page.getByRole('tab', { name: /^first/ }).click({ button: 'right' });
    await page.getByTestId('menu-restart').click();
    await page.getByRole('tab', { name: /^first/ }).waitFor({ state: 'detached' });
    expect(await titles()).toEqual(['new shell', 'new shell']);
    expect(await page.getByRole('tab', { selected: true }).getAttribute('id')).toBe(`tab-${fakeId(101)}`);
  });
});

describe('a session that a limit has frozen', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('says why, and counts down to its close on the window’s clock', async () => {
    await open('frozenIdle', { stillTime: true });
    const bar = page.getByTestId('frozen-bar').filter({ visible: true });
    await bar.getByText('Frozen: nothing was typed for 1 hour.').waitFor();
    const seconds = async (): Promise<number> => {
      const [, minutes = '0', rest = '0'] = /(\d+):(\d\d)/.exec(await bar.getByTestId('frozen-time').innerText()) ?? [];
      return Number(minutes) * 60 + Number(rest);
    };
    const before = await seconds();
    await page.clock.runFor(60_000);
    expect(before - (await seconds())).toBe(60);
    await page.getByRole('tab', { selected: true, name: /frozen, its time is up/ }).waitFor();
    await page.clock.runFor(480_000);
    await page.locator('.tab[data-active][data-stage=last]').waitFor();
    await bar.getByTestId('thaw').click();
    await bar.waitFor({ state: 'detached' });
  });

  test('by its maximum duration says that thawing takes an extension', async () => {
    await open('frozenMax');
    const bar = page.getByTestId('frozen-bar').filter({ visible: true });
    await bar.getByRole('button', { name: 'Thaw and extend 30 minutes · 2 left' }).waitFor();
    await change(1, { extensions: { used: 2, count: 2, seconds: 1_800 } });
    await bar.getByRole('button', { name: 'Both extensions are used', disabled: true }).waitFor();
  });
});

describe('credentials', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('that are not ready are warned of, and the panel says why', async () => {
    await open('credentials');
    await page.getByTestId('status-credentials').getByText('2 credentials are not ready').click();
    const list = page.getByTestId('credentials');
    await list.getByTestId('credential-NPM_TOKEN').getByText('The session runs without it.').waitFor();
    await list.getByTestId('credential-AWS_SESSION_TOKEN').getByText('took longer than 30 s').waitFor();
    await change(1, { credentials: [{ env: 'NPM_TOKEN', state: 'ready', message: null }] });
    await page.getByTestId('status-credentials').waitFor({ state: 'detached' });
  });

  test('and commands are in the panel', async () => {
    await open('credentials');
    await page.getByTestId('session-panel-button').click();
    await page.getByTestId('panel-commands').getByText('7 of 20').waitFor();
    await page.getByTestId('limit-maxCommands').getByText('7 of 20 used').waitFor();
  });
});

describe('a session that the policy no longer allows', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('says when it closes and whose policy that is, and offers nothing that would not help', async () => {
    await open('revoked');
    const banner = page.getByTestId('banner').filter({ visible: true });
    await banner
      .getByText('The administrator’s policy (/etc/sandglass/policy.json) no longer allows local shells.')
      .waitFor();
    expect(await banner.getByRole('button').count()).toBe(0);
    await page
      .getByTestId('status-revoked')
      .getByText(/closes in 0:0\d/)
      .waitFor();
  });

  test('has ended with what can be done, and is not offered again while it is not allowed', async () => {
    await open('wasRevoked');
    const card = page.getByTestId('ended-card').filter({ visible: true });
    await card.getByText('Closed because the policy no longer allows it').waitFor();
    await card.getByTestId('end-advice').getByText('ask the person who manages the policy').waitFor();
    await card.getByTestId('new-session').waitFor();
    await page.evaluate(() => window.fakeCore.changePolicy({ allowedBackends: ['docker'] }));
    await card.getByTestId('other-profile').click();
    await page.getByTestId('menu-profile-local').getByText('Not allowed by the policy').waitFor();
    expect(await page.getByTestId('menu-profile-local').getAttribute('aria-disabled')).toBe('true');
  });
});

describe('for everyone', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test.each([
    'crashed',
    'crashedGone',
    'autoReset',
    'autoResetCommands',
    'frozenIdle',
    'frozenMax',
    'frozenSpent',
    'revoked',
    'wasRevoked',
    'credentials',
  ])('%s is without a fault and fits', async (scene) => {
    await open(scene, { colorScheme: 'light' });
    await expectWellDrawn(page, scene);
  });

  test('credentials in the panel are without a fault', async () => {
    await open('credentials', { colorScheme: 'light' });
    await page.getByTestId('status-credentials').click();
    await page.getByTestId('credentials').waitFor();
    await expectWellDrawn(page, 'credentials in the panel');
  });
});
