import { readFile } from 'node:fs/promises';
import { LOCAL_PROFILE, limits } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

test.use({ settings: { ...limits(0, 0), profiles: [LOCAL_PROFILE] } });

test('after a quit, an empty window shows what was open before, to be taken out and opened again', async ({
  app,
  home,
  host,
  startAgain,
}) => {
  for (const title of ['first', 'second']) {
    await app.openTab();
    await app.tabs.rename(title);
    await app.terminal.run(`echo "was in ${title}: $((40 + 2))"`);
    await app.terminal.waitForLine(`was in ${title}: 42`);
  }
  await app.tabs.close();
  await expect(app.tabs.all).toHaveCount(1);
  await host.terminate();

  const again = await startAgain();
  await expect(again.app.emptyWindow).toBeVisible();
  await expect(again.app.tabs.all).toHaveCount(0);
  const { recent } = again.app;
  await expect(recent.all).toHaveCount(2);
  await expect(recent.all.first()).toContainText('second');
  await expect(recent.all.first()).toContainText('Closed by you');
  const first = recent.titled('first');
  await expect(first).toContainText('Closed because Sandglass was quit');
  const file = await again.host.takeFile(home.exports, () => recent.export(first, 'text'));
  expect(await readFile(file, 'utf8')).toContain('was in first: 42\n');

  await recent.openAgain(first);
  await expect(again.app.tabs.all).toHaveCount(1);
  await again.app.terminal.waitForPrompt();
  const [id] = await home.sessionIds();
  await recent.openPanel();
  await expect(recent.all).toHaveCount(3);
  await expect(recent.all.first()).toContainText('still open');
  await recent.showTab(recent.all.first());
  await again.app.terminal.run('exit');
  await again.app.card.waitForEnd('exited');
  expect((await home.metadata()).at(-1)?.previousId).toBe(id);
});
