import { PROMPT } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

test('what is typed runs in a shell, and its output is shown', async ({ app }) => {
  await app.openTab();
  await app.terminal.run('echo "six times seven is $((6 * 7))"');
  await app.terminal.waitForLine('six times seven is 42');
  await app.terminal.waitForPrompt();
});

test('text of every script arrives whole', async ({ app }) => {
  await app.openTab();
  await app.terminal.run("printf '\\xe6\\x99\\x82\\xe9\\x96\\x93 \\xc3\\xa9\\xf0\\x9f\\x95\\x90 fin\\n'");
  await app.terminal.waitForLine('時間 é🕐 fin');
});

test('a terminal has the size of its window', async ({ app }) => {
  await app.openTab();
  const rows = await app.terminal.rows.locator('> div').count();
  await app.terminal.run('stty size');
  await app.terminal.waitForLine(new RegExp(`^${rows} \\d+$`));
});

test('a shell that exits leaves its output to read, and its exit status', async ({ app, home }) => {
  await app.openTab();
  await app.terminal.run('echo last words; exit 3');
  await app.card.waitForEnd('exited');
  await expect(app.card.reason).toHaveText('The shell exited with 3');
  expect(await app.terminal.lines()).toEqual([`${PROMPT} echo last words; exit 3`, 'last words', 'exit']);
  expect((await home.metadata()).map(({ end }) => [end.reason, end.exitCode])).toEqual([['exited', 3]]);
});

test('a new session takes the place beside the ended one', async ({ app, home }) => {
  await app.openTab();
  await app.terminal.run('exit');
  await app.card.waitForEnd('exited');
  await app.card.again.click();
  await expect(app.tabs.all).toHaveCount(2);
  await app.terminal.waitForPrompt();
  await app.terminal.run('exit');
  await app.card.waitForEnd('exited');
  const [first, second] = await home.metadata();
  expect(second?.previousId).toBe(first?.id);
});
