import { LOCAL_PROFILE, limits, PROMPT } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

test.use({ settings: { ...limits(0, 0, { closeGraceSeconds: 1 }), profiles: [LOCAL_PROFILE] } });

test('a session is restarted in its place and under its name; what still runs is asked about', async ({
  app,
  home,
}) => {
  for (const title of ['one', 'two', 'three']) {
    await app.openTab();
    await app.tabs.rename(title);
  }
  await app.tabs.select('two');
  await app.terminal.run('mark=held; clear; echo "first $((1 + 1))"');
  await app.terminal.waitForLine('first 2');
  await app.tabs.choose('Restart session');
  await expect.poll(() => app.terminal.lines()).toEqual([PROMPT]);
  await expect(app.tabs.titles).toHaveText(['one', 'two', 'three']);
  await expect(app.tabs.active).toContainText('two');
  await expect(app.terminal.input).toBeFocused();

  await app.page.keyboard.type('echo "mark: [$mark]"; sleep 1000\n');
  await app.terminal.waitForLine('mark: []');
  await app.tabs.choose('Restart session');
  await expect(app.question).toContainText('sleep is still running');
  await app.question.getByTestId('question-cancel').click();
  await expect(app.question).toBeHidden();
  await app.terminal.waitForLine('mark: []');

  await app.press({ desktop: 'Control+Shift+R', web: 'Alt+Shift+R' });
  await app.question.getByTestId('question-confirm').click();
  await expect.poll(() => app.terminal.lines()).toEqual([PROMPT]);
  await expect(app.tabs.titles).toHaveText(['one', 'two', 'three']);

  const ended = await home.metadata();
  expect(ended.map(({ title, end }) => [title, end.reason, end.survivors])).toEqual([
    ['two', 'reset', []],
    ['two', 'reset', []],
  ]);
  expect(ended[1]?.previousId).toBe(ended[0]?.id);
  expect(await home.sessionIds()).toHaveLength(5);
});
