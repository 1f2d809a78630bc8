import { paste } from '../runner/paste.ts';
import { expect, test } from '../runner/test.ts';

test('a paste that would run commands at once is asked about first', async ({ app }) => {
  await app.openTab();
  await app.terminal.run('echo "waits $((1 + 1))"; cat');
  await app.terminal.waitForLine('waits 2');
  await paste(app.terminal.input, 'first line\nsecond line\n');
  await expect(app.question).toContainText('Paste 2 lines?');
  await app.question.getByTestId('question-cancel').click();
  await expect(app.question).toBeHidden();
  expect(await app.terminal.lines()).not.toContain('first line');

  await paste(app.terminal.input, 'first line\nsecond line\n');
  await app.question.getByTestId('question-confirm').click();
  await expect.poll(async () => (await app.terminal.lines()).filter((line) => line === 'second line').length).toBe(2);
});

test('a program that can tell pasted text gets it without a question, and runs nothing', async ({ app }) => {
  await app.openTab();
  await paste(app.terminal.input, 'echo one\necho two');
  await app.terminal.waitForLine('echo two');
  await expect(app.question).toBeHidden();
  expect(await app.terminal.lines()).not.toContain('one');
});

/** What runs if any of a paste acts by itself: it would print the number. */
const RUNS = 'echo "ran $((40 + 2))"';

const HOSTILE: readonly (readonly [string, string])[] = [
  ['the end of a bracketed paste', `: \x1b[201~\r${RUNS}\r`],
  ['a nested end of a bracketed paste', `: \x1b\x1b[201~[201~\r${RUNS}\r`],
  ['an interrupt', `: \x03\r${RUNS}\r`],
  ['a suspend', `: \x1a\r${RUNS}\r`],
  ['operate-and-get-next', `${RUNS}\x0f`],
];

for (const [name, text] of HOSTILE) {
  test(`${name} in pasted text reaches no shell without consent`, async ({ app }) => {
    await app.openTab();
    await app.terminal.waitForPrompt();
    await paste(app.terminal.input, text);
    await expect(app.question).toContainText('control character');
    expect(await app.terminal.lines()).not.toContain('ran 42');
    await app.question.getByTestId('question-confirm').click();
    // Without them it is text at the prompt: it is there, and has not run.
    await app.terminal.waitForLine(/echo "ran/);
    expect(await app.terminal.lines()).not.toContain('ran 42');
  });
}

test('operate-and-get-next is asked about without bracketed paste too', async ({ app }) => {
  await app.openTab();
  await app.terminal.run(`bind 'set enable-bracketed-paste off'; echo "off $((1 + 1))"`);
  await app.terminal.waitForLine('off 2');
  await paste(app.terminal.input, `${RUNS}\x0f`);
  await expect(app.question.getByTestId('paste-kinds')).toContainText('^O');
  await app.question.getByTestId('question-confirm').click();
  await app.terminal.waitForLine(/echo "ran/);
  expect(await app.terminal.lines()).not.toContain('ran 42');
});

test('what the user pastes as it is arrives as it is', async ({ app }) => {
  await app.openTab();
  await app.terminal.run('echo "reads $((1 + 1))"; cat -v');
  await app.terminal.waitForLine('reads 2');
  await paste(app.terminal.input, 'red \x1b[31m\n');
  await app.question.getByTestId('question-paste-as-is').click();
  await expect.poll(async () => (await app.terminal.lines()).filter((line) => line === 'red ^[[31m').length).toBe(2);
});

test('the clipboard passes the gate by key, by menu and natively', async ({ app, host }) => {
  if (host.kind === 'web') await app.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await app.openTab();
  await app.terminal.waitForPrompt();
  await app.page.evaluate((text) => navigator.clipboard.writeText(text), `${RUNS}\x0f`);
  const cancel = async (): Promise<void> => {
    await expect(app.question.getByTestId('paste-kinds')).toContainText('^O');
    await app.question.getByTestId('question-cancel').click();
    await expect(app.question).toBeHidden();
  };
  await app.terminal.input.focus();
  await app.page.keyboard.press('Control+Shift+V');
  await cancel();
  await app.terminal.area.click({ button: 'right', position: { x: 200, y: 40 } });
  await app.page.getByRole('menuitem', { name: 'Paste' }).click();
  await cancel();
  // Chromium's own editing command, as Edit > Paste of the menu bar and `webContents.paste()` run it.
  await app.terminal.input.focus();
  const devTools = await app.page.context().newCDPSession(app.page);
  await devTools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', commands: ['paste'] });
  await cancel();
  expect(await app.terminal.lines()).not.toContain('ran 42');
});

test.describe('on X11', () => {
  test.use({ needs: process.platform === 'linux' ? '' : 'Linux, where a middle click pastes' });

  test('a middle click, which pastes the selection of the X server, passes the gate', async ({ app }) => {
    await app.openTab();
    await app.page.evaluate((text) => {
      const field = document.createElement('textarea');
      field.style.cssText = 'position: fixed; right: 0; bottom: 0; z-index: 99';
      field.id = 'selected-text';
      field.value = text;
      document.body.append(field);
    }, `${RUNS}\x0f`);
    await app.page.locator('#selected-text').click();
    await app.page.keyboard.press('Control+a');
    await app.terminal.area.click({ button: 'middle', position: { x: 200, y: 100 } });
    await expect(app.question.getByTestId('paste-kinds')).toContainText('^O');
    await app.question.getByTestId('question-confirm').click();
    await app.terminal.waitForLine(/echo "ran/);
    expect(await app.terminal.lines()).not.toContain('ran 42');
  });
});
