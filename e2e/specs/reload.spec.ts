import { PROMPT } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test('a window that is loaded anew shows live sessions again, with nothing lost and nothing twice', async ({ app }) => {
  await app.openTab();
  await app.terminal.run('mark=held; seq 1 5000');
  await app.terminal.waitForLine('5000');
  await app.terminal.waitForPrompt();
  await app.reload();
  await app.terminal.waitForLine('5000');
  await app.terminal.waitForPrompt();
  const lines = await app.terminal.everything();
  expect(lines.filter((line) => /^\d+$/.test(line)).map(Number)).toEqual(upTo(5_000));
  await app.terminal.run('echo "mark: $mark"');
  await app.terminal.waitForLine('mark: held');
});

test('replaying a question of a program types nothing into the shell', async ({ app }) => {
  await app.openTab();
  await app.terminal.run('IFS= read -rsd c -p $\'\\e[c\' answer; echo "answered: $(printf %s "$answer" | wc -c)"');
  await app.terminal.waitForLine(/^answered: [1-9]/);
  await app.terminal.waitForPrompt();
  const before = await app.terminal.lines();
  await app.reload();
  await app.terminal.waitForPrompt();
  await app.terminal.run('echo "clean $((1 + 1))"');
  await app.terminal.waitForLine('clean 2');
  await app.terminal.waitForPrompt();
  expect(await app.terminal.lines()).toEqual([
    ...before.slice(0, -1),
    `${PROMPT} echo "clean $((1 + 1))"`,
    'clean 2',
    PROMPT,
  ]);
});

test.describe('during output', () => {
  test.use({ settings: { terminal: { scrollbackLines: 30_000 } } });

  test('a window that is loaded anew while output flows has every line once', async ({ app }) => {
    await app.openTab();
    await app.terminal.run('for i in $(seq 1 20000); do echo line $i; done; echo "all $((1 + 1))"');
    await app.terminal.waitForLine(/^line \d{3,}$/);
    await app.reload();
    await app.terminal.waitForLine('all 2');
    const lines = (await app.terminal.everything()).filter((line) => line.startsWith('line '));
    expect(lines.map((line) => Number(line.slice(5)))).toEqual(upTo(20_000));
  });
});

test('a window that is loaded again after much output shows its colours, modes and wide lines as they were', async ({
  app,
}) => {
  await app.openTab();
  // More than is kept as it came; then what only the terminal's state holds.
  await app.terminal.run("head -c 5000000 /dev/zero | tr '\\0' x | fold -w 60; echo");
  await app.terminal.waitForPrompt();
  await app.terminal.run("printf '\\e[2J\\e[H\\e[45;33mcoloured\\n\\e(0lqqk\\e(B\\n\\e[3g\\e[1;4H\\eH\\e[3;1H\\e[4h'");
  await app.terminal.waitForLine(/^coloured/);
  await app.terminal.waitForLine(/┌──┐/);
  await app.terminal.run("head -c 3000000 /dev/zero | tr '\\0' '\\a'; printf 'ab\\b>\\n\\t|\\n'");
  await app.terminal.waitForLine('a>b');
  await app.terminal.waitForPrompt();
  const [before, html] = [await app.terminal.screen(), await app.terminal.markup()];
  await app.reload();
  await expect.poll(() => app.terminal.screen()).toEqual(before);
  expect(await app.terminal.markup()).toBe(html);
  // What follows is drawn in the same modes, with the same tab stops.
  await app.terminal.run("printf 'cd\\b<\\n\\t#\\n'");
  await app.terminal.waitForLine('c<d');
  await app.terminal.waitForLine('   #');
});

test('an ended session can still be read after the window was loaded anew', async ({ app }) => {
  await app.openTab();
  await app.terminal.run('echo "to be read: $((1 + 1))"; exit 7');
  await app.card.waitForEnd('exited');
  await app.reload();
  await expect(app.card.reason).toHaveText('The shell exited with 7');
  await app.terminal.waitForLine('to be read: 2');
});
