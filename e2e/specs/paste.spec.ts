import type { Locator } from '@playwright/test';
import { expect, test } from '../runner/test.ts';

/** Pastes as the browser does at Ctrl+Shift+V, without the system's clipboard. */
async function paste(input: Locator, text: string): Promise<void> {
  await input.evaluate((element, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

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
