import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  expectFits,
  expectNoFaults,
  expectWellDrawn,
  type OpenOptions,
  TestWindows,
  WINDOW_TIMEOUT_MS,
} from './test-window.ts';

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

async function openShell(): Promise<Page> {
  await open('shell');
  await page.locator('.xterm-rows').filter({ hasText: 'passed' }).waitFor();
  await page.locator('.xterm-helper-textarea').focus();
  return page;
}

/** What reached the core since the last call, by who caused it, once some of it has `text`. */
async function input(text: string): Promise<{ kind: string; text: string }[]> {
  await page.waitForFunction((wanted) => window.fakeCore.input.some((entry) => entry.text.includes(wanted)), text);
  return page.evaluate(() => window.fakeCore.input.splice(0));
}

const print = (text: string): Promise<void> => page.evaluate((output) => window.fakeCore.print(output), text);

describe('who caused input, in a real browser', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test('keys are the user’s, and the scrollback’s old queries are not answered again', async () => {
    await openShell();
    await page.keyboard.type('ls');
    await page.keyboard.press('Enter');
    const sent = await input('\r');
    expect(sent).toEqual(['l', 's', '\r'].map((text) => ({ kind: 'userInput', text })));
  });

  test('keys that come before the core has attached a new terminal wait for it', async () => {
    await openShell();
    await page.evaluate(() => window.fakeCore.holdAttaching());
    await page.getByTestId('new-tab').click();
    const terminal = page.getByTestId('terminal').filter({ visible: true });
    await page.getByRole('tab', { selected: true, name: 'new shell' }).waitFor();
    await terminal.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('early');
    await page.evaluate(() => window.fakeCore.releaseAttaching());
    const sent = await input('y');
    expect(sent).toEqual([...'early'].map((text) => ({ kind: 'userInput', text })));
  });

  test('answers to a program’s queries are the terminal’s, also right after a key', async () => {
    await openShell();
    await page.keyboard.press('a');
    await print('\x1b[6n\x1b[c\x1b]11;?\x1b\\');
    const sent = await input('\x1b]11;rgb:');
    expect(sent.map((entry) => entry.kind)).toEqual(['userInput', 'terminalReply', 'terminalReply', 'terminalReply']);
  });

  test('mouse buttons are the user’s, motion and focus reports are not', async () => {
    await openShell();
    await print('\x1b[?1003h\x1b[?1006h\x1b[?1004hready');
    await page.locator('.xterm-rows').filter({ hasText: 'ready' }).waitFor();
    const area = page.getByTestId('terminal');
    await area.hover({ position: { x: 200, y: 100 } });
    await area.hover({ position: { x: 260, y: 140 } });
    const motion = await input('\x1b[<35');
    expect(new Set(motion.map((entry) => entry.kind))).toEqual(new Set(['terminalReply']));
    await page.mouse.down();
    await page.mouse.up();
    const click = await input('m');
    expect(click.filter((entry) => entry.text.startsWith('\x1b[<0')).map((entry) => entry.kind)).toEqual([
      'userInput',
      'userInput',
    ]);
    await page.getByTestId('new-tab').focus();
    expect(await input('\x1b[O')).toEqual([{ kind: 'terminalReply', text: '\x1b[O' }]);
  });

  test('text from an input method and a paste are the user’s', async () => {
    await openShell();
    await page.keyboard.insertText('日本');
    expect(await input('日本')).toEqual([{ kind: 'userInput', text: '日本' }]);
    await paste('one line');
    expect(await input('one line')).toEqual([{ kind: 'userInput', text: 'one line' }]);
  });

  test('lines that would run at once are asked about first, with bracketed paste they are not', async () => {
    await openShell();
    await paste('rm -r build\nls\n');
    await page.getByTestId('question').waitFor();
    expect(await page.evaluate(() => window.fakeCore.input)).toEqual([]);
    await page.getByTestId('question-confirm').click();
    expect(await input('ls')).toEqual([{ kind: 'userInput', text: 'rm -r build\rls\r' }]);
    await print('\x1b[?2004hready');
    await page.locator('.xterm-rows').filter({ hasText: 'ready' }).waitFor();
    await paste('a\nb\n');
    expect(await input('b')).toEqual([{ kind: 'userInput', text: '\x1b[200~a\rb\r\x1b[201~' }]);
  });

  test('control characters are asked about with bracketed paste too, and left out or kept as agreed', async () => {
    await openShell();
    await print('\x1b[?2004hready');
    await page.locator('.xterm-rows').filter({ hasText: 'ready' }).waitFor();
    const question = page.getByTestId('question');
    await paste('a\x1b\x1b[201~[201~b\r');
    await question.getByTestId('paste-kinds').filter({ hasText: '^[ Escape, 2 times' }).waitFor();
    expect(await question.getByTestId('paste-excerpt').innerText()).toContain('a^[^[[201~[201~b');
    await expectNoFaults(page, 'question about control characters');
    expect(await page.evaluate(() => window.fakeCore.input)).toEqual([]);
    await page.getByTestId('question-confirm').click();
    expect(await input('b')).toEqual([{ kind: 'userInput', text: '\x1b[200~a[201~[201~b\r\x1b[201~' }]);
    await paste('c\x1b[201~d\x1b[m');
    await question.getByTestId('question-paste-as-is').click();
    expect(await input('d')).toEqual([{ kind: 'userInput', text: '\x1b[200~c\u241b[201~d\x1b[m\x1b[201~' }]);
  });

  test('a program that leaves bracketed paste while it is asked gets no lines that were not agreed to', async () => {
    await openShell();
    await print('\x1b[?2004hready');
    await page.locator('.xterm-rows').filter({ hasText: 'ready' }).waitFor();
    await paste('e\x03\nf');
    await page.getByTestId('question').waitFor();
    await print('\x1b[?2004lgone');
    await page.locator('.xterm-rows').filter({ hasText: 'gone' }).waitFor();
    await page.getByTestId('question-confirm').click();
    await page.getByTestId('question').filter({ hasText: 'Paste 2 lines?' }).waitFor();
    expect(await page.evaluate(() => window.fakeCore.input)).toEqual([]);
    await page.getByTestId('question-cancel').click();
  });

  test.each(['drop', 'insertText', 'insertFromDrop', 'compositionend'])(
    'text that comes by %s passes the same gate',
    async (way) => {
      await openShell();
      await page.locator('.xterm-helper-textarea').evaluate((element, type) => {
        const options = { bubbles: true, cancelable: true };
        const text = 'id\x0f';
        const dataTransfer = new DataTransfer();
        dataTransfer.setData('text/plain', text);
        if (type === 'drop') element.dispatchEvent(new DragEvent('drop', { ...options, dataTransfer }));
        else if (type === 'compositionend') {
          element.dispatchEvent(new CompositionEvent('compositionstart', options));
          if (element instanceof HTMLTextAreaElement) element.value += text;
          element.dispatchEvent(new CompositionEvent('compositionend', { ...options, data: text }));
        } else element.dispatchEvent(new InputEvent('beforeinput', { ...options, inputType: type, data: text }));
      }, way);
      await page.getByTestId('question').filter({ hasText: '^O' }).waitFor();
      await page.getByTestId('question-confirm').click();
      expect(await input('id')).toEqual([{ kind: 'userInput', text: 'id' }]);
    },
  );

  test('input that no program takes is shown, fits the window, and is cancelled by Escape', async () => {
    await open('shell', { viewport: { width: 480, height: 320 } });
    await page.locator('.xterm-rows').filter({ hasText: 'passed' }).waitFor();
    await page.evaluate(() => {
      window.fakeCore.holdsInput = true;
    });
    await print('\x1b[?2004hready');
    await page.locator('.xterm-rows').filter({ hasText: 'ready' }).waitFor();
    await paste('x'.repeat(1_000_000));
    const bar = page.getByTestId('input-bar').filter({ visible: true });
    await bar.filter({ hasText: 'Pasting…' }).waitFor();
    await expectWellDrawn(page, 'input under way');
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.press('Escape');
    await bar.filter({ hasText: 'Paste cancelled.' }).waitFor();
    await expectWellDrawn(page, 'input cancelled');
    await bar.getByRole('button', { name: 'Dismiss' }).click();
    await bar.waitFor({ state: 'detached' });
  });

  test('dropped files put their names on the command line, quoted', async () => {
    await openShell();
    await page.locator('.xterm-helper-textarea').evaluate((element) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([''], 'plain.txt'));
      dataTransfer.items.add(new File([''], "it's $(id)"));
      element.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
    });
    expect(await input('plain')).toEqual([{ kind: 'userInput', text: `plain.txt 'it'\\''s $(id)'` }]);
  });
});

/** A paste as the browser delivers it. */
async function paste(text: string): Promise<void> {
  await page.locator('.xterm-helper-textarea').evaluate((element, data) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', data);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

describe('tabs', { timeout: WINDOW_TIMEOUT_MS }, () => {
  const titles = (): Promise<string[]> => page.locator('.tab-title').allInnerTexts();

  test('are walked, moved, renamed and closed by keyboard alone', async () => {
    await open('plain');
    await page.getByRole('tab').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('[role=tab]:focus', { hasText: 'pull request 142' }).waitFor();
    await page.keyboard.press('Control+Shift+PageUp');
    expect(await titles()).toEqual(['pull request 142', 'bash', 'build']);
    await page.keyboard.press('F2');
    await page.keyboard.type('review');
    await page.keyboard.press('Enter');
    await page.locator('.tab-title', { hasText: 'review' }).waitFor();
    await page.keyboard.press('Control+Shift+W');
    await page.getByTestId('question').waitFor();
    await page.getByTestId('question-confirm').click();
    await page.locator('.tab-title', { hasText: 'review' }).waitFor({ state: 'detached' });
    expect(await titles()).toEqual(['bash', 'build']);
  });

  test('are dragged to another place', async () => {
    await open('plain');
    const first = await page.getByRole('tab').first().boundingBox();
    const last = await page.getByRole('tab').last().boundingBox();
    if (first === null || last === null) throw new Error('The tabs are not drawn.');
    await page.mouse.move(first.x + 30, first.y + 10);
    await page.mouse.down();
    await page.mouse.move(last.x + last.width - 4, last.y + 10, { steps: 8 });
    await page.mouse.up();
    expect(await titles()).toEqual(['pull request 142', 'build', 'bash']);
  });
});

describe('for everyone', { timeout: WINDOW_TIMEOUT_MS }, () => {
  test.each(['plain', 'last', 'ended', 'failed'])('%s is without a fault and fits', async (scene) => {
    await open(scene, { colorScheme: 'light' });
    await expectWellDrawn(page, scene);
  });

  test('fifty tabs fit', async () => {
    await open('many', { viewport: { width: 480, height: 320 } });
    await expectFits(page, 'many');
  });

  test.each(['light', 'dark'] as const)(
    'panel, settings and shortcuts are without a fault, %s',
    async (colorScheme) => {
      await open('plain', { colorScheme });
      await page.getByTestId('session-panel-button').click();
      await page.getByTestId('timeline').waitFor();
      await page.keyboard.press('F2');
      await expectNoFaults(page, 'session panel, renaming');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+,');
      await page.getByTestId('settings-page').waitFor();
      await expectNoFaults(page, 'settings');
      await page.keyboard.press('F1');
      await page.getByTestId('shortcuts').waitFor();
      await expectNoFaults(page, 'shortcuts');
    },
  );

  test.each(['last', 'ended', 'failed'])('%s is not cut off at twice the size', async (scene) => {
    await open(scene, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
    await expectFits(page, scene);
  });
});
