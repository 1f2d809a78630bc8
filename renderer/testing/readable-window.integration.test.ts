import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SettingChange } from '../../shared/settings.ts';
import { type Colour, contrast, type Picture, takePicture, textColours } from './pixels.ts';
import { type OpenOptions, TestWindows, WINDOW_TIMEOUT_MS } from './test-window.ts';

let windows: TestWindows;
let page: Page;

beforeAll(async () => {
  windows = await TestWindows.start();
}, WINDOW_TIMEOUT_MS);

afterEach(() => page?.context().close());
afterAll(() => windows?.close());

const RENDERERS = ['dom', 'webgl'] as const;
type Renderer = (typeof RENDERERS)[number];

const print = (text: string): Promise<void> => page.evaluate((output) => window.fakeCore.print(output), text);

/** Opens a shell whose terminal has drawn itself with these settings. */
async function open(renderer: Renderer, options: OpenOptions = {}, changes: SettingChange[] = []): Promise<void> {
  page = await windows.open('shell', options);
  await page.locator('.xterm-rows').filter({ hasText: 'passed' }).waitFor();
  await page.evaluate(
    (all) => window.fakeCore.changeSettings(all),
    [{ path: 'terminal.renderer' as const, value: renderer }, ...changes],
  );
  if (renderer === 'webgl') await page.locator('.xterm-screen canvas').first().waitFor();
}

/** The screen, and where a cell lies on it, in CSS pixels. */
async function cells(): Promise<{ x: number; y: number; width: number; height: number }> {
  return page.evaluate(() => {
    const screen = document.querySelector('.xterm-screen')?.getBoundingClientRect();
    const { cols, rows } = window.fakeCore.size;
    if (screen === undefined) throw new Error('There is no terminal');
    return { x: screen.x, y: screen.y, width: screen.width / cols, height: screen.height / rows };
  });
}

/** Takes pictures until one is right, or for good. */
async function settle(take: () => Promise<Picture>, right: (picture: Picture) => boolean): Promise<Picture> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const picture = await take();
    if (right(picture) || performance.now() > deadline) return picture;
  }
}

describe.each(RENDERERS)('colours, %s', { timeout: WINDOW_TIMEOUT_MS }, (renderer) => {
  /** The colours of texts, each alone on a line. */
  async function drawn(texts: readonly string[]): Promise<{ background: Colour; ink: Colour }[]> {
    await print(`\x1b[2J\x1b[H\x1b[?25l${texts.map((text) => `${text}MMMM\x1b[0m`).join('\r\n')}`);
    const { x, y, width, height } = await cells();
    const area = { x, y, width: 4 * width, height: texts.length * height };
    await settle(
      () => takePicture(page, { ...area, y: y + (texts.length - 1) * height, height }),
      (picture) => contrast(textColours(picture).ink, textColours(picture).background) > 1.2,
    );
    const all: { background: Colour; ink: Colour }[] = [];
    for (let row = 0; row < texts.length; row++) {
      all.push(textColours(await takePicture(page, { ...area, y: Math.ceil(y + row * height), height: height - 1 })));
    }
    return all;
  }

  test.each(['light', 'dark'] as const)('are as they were sent, %s', async (colorScheme) => {
    await open(renderer, { colorScheme });
    const [reverse, white, red, reversedRed, plain] = await drawn([
      '\x1b[7m',
      '\x1b[97;41m',
      '\x1b[31m',
      '\x1b[7;31m',
      '',
    ]);
    expect(reverse).toEqual({ background: plain?.ink, ink: plain?.background });
    expect(white?.background).toEqual(red?.ink);
    expect(reversedRed).toEqual({ background: red?.ink, ink: red?.background });
    const theme = await page.evaluate(() =>
      getComputedStyle(document.documentElement).getPropertyValue('--term-bright-white').trim(),
    );
    expect(`#${white?.ink.map((part) => part.toString(16).padStart(2, '0')).join('')}`).toBe(theme);
  });

  test('have the contrast that was asked for, reversed ones too', async () => {
    await open(renderer, { colorScheme: 'light' }, [{ path: 'terminal.minimumContrastRatio', value: 7 }]);
    const texts = ['\x1b[7m', '\x1b[37;44m', '\x1b[97;41m', '\x1b[7;31m', '\x1b[7;41m', '\x1b[37m', '\x1b[30;46m', ''];
    for (const [index, { background, ink }] of (await drawn(texts)).entries()) {
      expect(contrast(background, ink), JSON.stringify(texts[index])).toBeGreaterThanOrEqual(6.9);
    }
  });

  test('have more contrast while the system asks for it', async () => {
    await open(renderer, { colorScheme: 'light', forcedColors: 'active' });
    for (const { background, ink } of await drawn(['\x1b[37m', '\x1b[97m', '\x1b[37;44m', '\x1b[7m'])) {
      expect(contrast(background, ink)).toBeGreaterThanOrEqual(4.4);
    }
  });
});

describe.each(RENDERERS)('frames, %s', { timeout: WINDOW_TIMEOUT_MS }, (renderer) => {
  const LINES = 6;
  const LINE = '│┃║├█▌────━━━━════▀▀▀▀▄▄▄▄';
  /** Where its columns have ink from top to bottom, and its runs from left to right. */
  const COLUMNS = 6;
  const RUNS = [
    [6, 10],
    [10, 14],
    [14, 18],
    [18, 22],
    [22, 26],
  ] as const;

  test.each([1, 1.25, 1.5, 2])('have no gaps at a scale of %s', async (scale) => {
    await open(renderer, { scale, colorScheme: 'light' });
    for (const size of [13, 16]) {
      await page.evaluate((value) => window.fakeCore.changeSettings([{ path: 'terminal.fontSize', value }]), size);
      await print(`\x1b[2J\x1b[H\x1b[?25l${Array.from({ length: LINES }, () => LINE).join('\r\n')}`);
      const cell = await stableCells();
      const area = { x: cell.x, y: cell.y, width: LINE.length * cell.width, height: LINES * cell.height };
      const picture = await settle(
        () => takePicture(page, area),
        (taken) => gapsOf(taken).length === 0,
      );
      expect(gapsOf(picture), `size ${size}`).toEqual([]);
    }
  });

  /** The cells once the renderer and the font size have come to rest. */
  async function stableCells(): Promise<Awaited<ReturnType<typeof cells>>> {
    let before = '';
    for (;;) {
      const now = await cells();
      if (JSON.stringify(now) === before) return now;
      before = JSON.stringify(now);
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
  }

  /** Lines with gaps: a column needs one x, a run one y, that is dark from its start to its end. */
  function gapsOf(picture: Picture): string[] {
    const cellWidth = picture.width / LINE.length;
    const isDark = (x: number, y: number): boolean => contrast(picture.at(x, y), [252, 252, 253]) > 2.5;
    const all = (from: number, to: number, dark: (index: number) => boolean): boolean => {
      for (let index = Math.ceil(from); index < Math.floor(to); index++) if (!dark(index)) return false;
      return true;
    };
    const some = (from: number, to: number, full: (index: number) => boolean): boolean => {
      for (let index = Math.ceil(from); index < Math.floor(to); index++) if (full(index)) return true;
      return false;
    };
    const gaps: string[] = [];
    for (let column = 0; column < COLUMNS; column++) {
      const whole = some(column * cellWidth, (column + 1) * cellWidth, (x) =>
        all(1, picture.height - 1, (y) => isDark(x, y)),
      );
      if (!whole) gaps.push(LINE[column] ?? '');
    }
    for (const [from, to] of RUNS) {
      const whole = some(0, picture.height / LINES, (y) =>
        all(from * cellWidth + 1, to * cellWidth - 1, (x) => isDark(x, y)),
      );
      if (!whole) gaps.push(LINE[from] ?? '');
    }
    return gaps;
  }
});

describe('the terminal', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('fills its place again after another renderer has come', async () => {
    await open('webgl');
    /** What is left of the terminal's place below its last row, in rows. */
    const left = () =>
      page.evaluate(() => {
        const place = document.querySelector('.terminal-host')?.getBoundingClientRect();
        const screen = document.querySelector('.xterm-screen')?.getBoundingClientRect();
        if (place === undefined || screen === undefined) return Number.NaN;
        const cell = screen.height / window.fakeCore.size.rows;
        return Math.max(place.right - 24 - screen.right, place.bottom - 16 - screen.bottom) / cell;
      });
    await expect.poll(left).toBeLessThan(1.2);
    await page.evaluate(() => window.fakeCore.changeSettings([{ path: 'terminal.renderer', value: 'dom' }]));
    await page.locator('.xterm-rows > div').first().waitFor();
    await expect.poll(left).toBeLessThan(1.2);
  });

  test('has one scroll bar', async () => {
    await open('dom');
    await print(Array.from({ length: 200 }, (_, index) => `line ${index}`).join('\r\n'));
    await page.locator('.xterm-rows').filter({ hasText: 'line 199' }).waitFor();
    const native = await page
      .locator('.terminal-host *')
      .evaluateAll(
        (all) =>
          all.filter((element) => element instanceof HTMLElement && element.offsetWidth - element.clientWidth >= 8)
            .length,
      );
    expect(native).toBe(0);
    expect(await page.locator('.xterm-scrollable-element > .scrollbar').count()).toBeGreaterThan(0);
  });
});

describe('for screen readers', { timeout: WINDOW_TIMEOUT_MS }, () => {
  const lines = () => page.getByTestId('terminal').getByRole('listitem');

  test('a browser offers to turn on the mode, and then every line is in the tree and new ones are said', async () => {
    await open('dom');
    expect(await lines().count()).toBe(0);
    const hint = page.getByRole('button', { name: 'Turn on screen reader mode' });
    await hint.focus();
    expect((await hint.boundingBox())?.width).toBeGreaterThan(100);
    await page.keyboard.press('Enter');
    await lines().filter({ hasText: 'failed' }).first().waitFor();
    await print('\r\nanswer 42\r\n');
    await lines().filter({ hasText: 'answer 42' }).waitFor();
    await page.locator('.live-region').filter({ hasText: 'answer 42' }).waitFor();
    await hint.waitFor({ state: 'detached' });
    await page.locator('.xterm-helper-textarea:focus').waitFor();
  });

  test('the desktop follows the system', async () => {
    await open('dom', { host: 'desktop' });
    expect(await page.getByTestId('reader-hint').count()).toBe(0);
    await page.evaluate(() => window.fakeCore.setScreenReader(true));
    await lines().filter({ hasText: 'failed' }).first().waitFor();
    await page.evaluate(() => window.fakeCore.setScreenReader(false));
    await lines().first().waitFor({ state: 'detached' });
  });
});
