import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type OpenOptions, TestWindows, WINDOW_TIMEOUT_MS } from './test-window.ts';

let windows: TestWindows;
let page: Page;

beforeAll(async () => {
  windows = await TestWindows.start();
}, WINDOW_TIMEOUT_MS);

afterEach(() => page?.context().close());
afterAll(() => windows?.close());

const terminal = () => page.locator('.xterm-helper-textarea:focus');

async function open(scene: string, options?: OpenOptions): Promise<void> {
  page = await windows.open(scene, options);
  await page.locator('.xterm-rows').filter({ hasText: 'passed', visible: true }).waitFor();
  await page.locator('.xterm-helper-textarea').first().focus();
}

/** What the program got, once it has got this. */
async function received(end: string): Promise<string> {
  await page.waitForFunction(
    (wanted) =>
      window.fakeCore.input
        .map(({ text }) => text)
        .join('')
        .endsWith(wanted),
    end,
  );
  return page.evaluate(() =>
    window.fakeCore.input
      .splice(0)
      .map(({ text }) => text)
      .join(''),
  );
}

describe('keys', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('that would do nothing here go to the program', async () => {
    await open('shell');
    for (const key of ['Alt+1', 'Alt+2', 'Alt+9', 'Control+Tab', 'Control+Shift+Tab']) await page.keyboard.press(key);
    await page.keyboard.type('.');
    expect(await received('.')).toBe('\x1b1\x1b2\x1b9\t\x1b[Z.');
  });

  test('with digits select tabs that are there, unless the setting leaves them to the program', async () => {
    await open('plain');
    const selected = () => page.getByRole('tab', { selected: true }).locator('.tab-title').innerText();
    await page.keyboard.press('Alt+2');
    await expect.poll(selected).toBe('pull request 142');
    await page.keyboard.press('Alt+1');
    await expect.poll(selected).toBe('bash');
    await terminal().waitFor();
    await page.keyboard.press('Alt+7');
    await page.keyboard.type('.');
    expect(await received('.')).toBe('\x1b7.');
    await page.evaluate(() => window.fakeCore.changeSettings([{ path: 'terminal.digitsSelectTabs', value: false }]));
    await page.keyboard.press('Alt+2');
    await page.keyboard.type('.');
    expect(await received('.')).toBe('\x1b2.');
    expect(await selected()).toBe('bash');
  });

  test('that print with Option reach the program from a Mac in front of a Linux host', async () => {
    page = await windows.open('plain', { onMac: true });
    await page.locator('.xterm-helper-textarea').first().focus();
    const client = await page.context().newCDPSession(page);
    for (const [key, code, keyCode] of [
      ['[', 'Digit5', 53],
      [']', 'Digit6', 54],
      ['|', 'Digit7', 55],
      ['{', 'Digit8', 56],
      ['#', 'Digit3', 51],
    ] as const) {
      const press = { key, code, windowsVirtualKeyCode: keyCode, modifiers: 1 };
      await client.send('Input.dispatchKeyEvent', { type: 'keyDown', text: key, ...press });
      await client.send('Input.dispatchKeyEvent', { type: 'keyUp', ...press });
    }
    expect(await received('#')).toBe('[]|{#');
    await page.keyboard.press('Meta+2');
    await page.getByRole('tab', { selected: true, name: 'pull request 142' }).waitFor();
  });

  test.each([
    [false, 'Ctrl+click opens'],
    [true, '⌘-click opens'],
  ])('the key that opens a link is the platform’s: %s', async (onMac, hint) => {
    page = await windows.open('shell', { onMac });
    const row = page.locator('.xterm-rows > div').filter({ hasText: 'https://example.org' });
    const box = await row.boundingBox();
    const column = (await row.innerText()).indexOf('https');
    if (box === null) throw new Error('The link is not drawn');
    await page.mouse.move(box.x + (column + 4) * 7.8, box.y + box.height / 2);
    await page.locator('.link-hint').filter({ hasText: hint }).waitFor();
  });
});

describe('typing continues in the terminal', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test.each(['status-isolation', 'status-idle', 'status-max', 'status-recording', 'session-panel-button'])(
    'after a click on %s',
    async (item) => {
      await open('shell');
      await page.getByTestId(item).click();
      await page.locator('.panel').waitFor();
      await page.keyboard.type('abc');
      expect(await received('c')).toBe('abc');
      await page.getByTestId('panel-close').click();
      await page.keyboard.type('d');
      expect(await received('d')).toBe('d');
    },
  );

  test('after a menu that was opened by mouse, and a click between the buttons', async () => {
    await open('plain');
    for (const menu of ['window-menu', 'tab-overview', 'new-tab-menu']) {
      await page.getByTestId(menu).click();
      await page.locator('.popup').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('.popup').waitFor({ state: 'detached' });
      await terminal().waitFor();
    }
    await page.mouse.click(700, 20);
    await terminal().waitFor();
    await page.keyboard.type('abc');
    expect(await received('c')).toBe('abc');
  });

  test('not after what asks for the keyboard, nor by keyboard', async () => {
    await open('shell');
    await page.getByTestId('window-menu').click();
    await page.getByRole('menuitem', { name: 'Find' }).click();
    await page.locator('.find-bar input:focus').waitFor();
    await page.keyboard.press('Escape');
    await terminal().waitFor();
    await page.getByTestId('window-menu').click();
    await page.getByRole('menuitem', { name: 'Rename tab' }).click();
    await page.locator('.tab-rename:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('status-isolation').focus();
    await page.keyboard.press('Enter');
    await page.locator('.panel').waitFor();
    await page.locator('[data-testid="status-isolation"]:focus').waitFor();
  });
});

describe('find', { timeout: WINDOW_TIMEOUT_MS }, () => {
  const count = () => page.getByTestId('find-count').innerText();

  test('counts again after each toggle, marks the active match most, and remembers', async () => {
    await open('shell', { colorScheme: 'light' });
    await page.keyboard.press('Control+Shift+F');
    await page.keyboard.type('TESTS');
    await expect.poll(count).toBe('3 of 3');
    await page.getByRole('button', { name: 'Match case' }).click();
    await expect.poll(count).toBe('No results');
    await page.locator('.find-bar input:focus').waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('tests?$');
    await expect.poll(count).toBe('No results');
    await page.getByRole('button', { name: 'Regular expression' }).click();
    await page.getByRole('button', { name: 'Match case' }).click();
    await expect.poll(count).toMatch(/^\d+ of \d+$/);
    await page.keyboard.press('Control+A');
    await page.keyboard.type('tests');
    await expect.poll(count).toBe('3 of 3');
    const backgrounds = () =>
      page
        .locator('.xterm-rows span')
        .evaluateAll((spans) =>
          spans.map((span) => getComputedStyle(span).backgroundColor).filter((colour) => colour !== 'rgba(0, 0, 0, 0)'),
        );
    await expect.poll(backgrounds).toContain('rgb(255, 178, 36)');
    expect(await backgrounds()).toContain('rgb(255, 233, 168)');
    await page.keyboard.press('Escape');
    await terminal().waitFor();
    await page.keyboard.press('Control+Shift+F');
    expect(await page.locator('.find-bar input').inputValue()).toBe('tests');
    await expect.poll(count).toBe('3 of 3');
    await page.keyboard.type('passed');
    expect(await page.locator('.find-bar input').inputValue()).toBe('passed');
  });
});

describe('the tab strip', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('does not move as the time beside the active tab changes', async () => {
    await open('plain', { stillTime: true });
    const places = () =>
      page.getByTestId('tab').evaluateAll((tabs) => tabs.map((tab) => tab.getBoundingClientRect().left));
    const time = () => page.getByTestId('tab-time').first().innerText();
    const id = await page.getByTestId('tab').first().getAttribute('data-session-id');
    const seen = new Set<string>();
    const before = await places();
    for (const idleRemainingMs of [3_600_000, 3_599_000, 600_000, 59_000]) {
      await page.evaluate(
        ([session, remaining]) => {
          const base = window.fakeCore.made(1, {}).timing;
          window.fakeCore.notify('timing', [
            { ...base, id: session, idleMs: 3_600_000 - remaining, idleRemainingMs: remaining },
          ]);
        },
        [id ?? '', idleRemainingMs] as const,
      );
      await page.clock.runFor(1_000);
      seen.add(await time());
      expect(await places(), String(idleRemainingMs)).toEqual(before);
    }
    expect(new Set([...seen].map((text) => text.length)).size).toBeGreaterThan(1);
  });

  test('keeps the active tab in view in a narrow window', async () => {
    await open('many', { viewport: { width: 480, height: 320 } });
    const hidden = () =>
      page.evaluate(() => {
        const tab = document.querySelector('.tab[data-active]')?.getBoundingClientRect();
        const strip = document.querySelector('.strip-tabs')?.getBoundingClientRect();
        if (tab === undefined || strip === undefined) return Number.NaN;
        return Math.max(0, strip.left - tab.left, tab.right - strip.right);
      });
    await page.keyboard.press('Alt+9');
    await expect.poll(hidden).toBeLessThan(1);
    await page.setViewportSize({ width: 1_600, height: 320 });
    await page.setViewportSize({ width: 480, height: 320 });
    await expect.poll(hidden).toBeLessThan(1);
    await page.keyboard.press('Alt+4');
    await expect.poll(hidden).toBeLessThan(1);
  });
});
