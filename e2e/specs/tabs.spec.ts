import { BROKEN_PROFILE, LOCAL_PROFILE } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

test('tabs are renamed, walked along, and put in order by keyboard', async ({ app }) => {
  for (const title of ['one', 'two', 'three']) {
    await app.openTab();
    await app.tabs.rename(title);
  }
  await expect(app.tabs.titles).toHaveText(['one', 'two', 'three']);

  await app.page.keyboard.press('Control+Shift+PageUp');
  await expect(app.tabs.titles).toHaveText(['one', 'three', 'two']);
  await app.page.keyboard.press('Alt+1');
  await expect(app.tabs.active).toContainText('one');
  await app.tabs.tab('one').getByRole('tab').focus();
  await app.page.keyboard.press('ArrowRight');
  await expect(app.tabs.active).toContainText('three');
  await expect(app.tabs.tab('three').getByRole('tab')).toBeFocused();
  await app.page.keyboard.press('Control+ArrowRight');
  await expect(app.tabs.titles).toHaveText(['one', 'two', 'three']);
});

test('tabs are put in order by mouse, and keep titles and order when the window is loaded anew', async ({ app }) => {
  for (const title of ['one', 'two', 'three']) {
    await app.openTab();
    await app.tabs.rename(title);
  }
  await app.tabs.drag('three', 'one');
  await expect(app.tabs.titles).toHaveText(['three', 'one', 'two']);
  await app.reload();
  await expect(app.tabs.titles).toHaveText(['three', 'one', 'two']);
});

test('each tab has a shell of its own, and shows that there is something new', async ({ app }) => {
  await app.openTab();
  await app.tabs.rename('first');
  await app.terminal.run('name=alpha; read -r; echo "late $name"');
  await app.openTab();
  await app.tabs.rename('second');
  await app.terminal.run('echo "name: [$name]"');
  await app.terminal.waitForLine('name: []');
  await app.tabs.select('first');
  await app.terminal.run('');
  await app.terminal.waitForLine('late alpha');
});

test.describe('new output', () => {
  test('a tab in the background says that it has new output', async ({ app, home }) => {
    await app.openTab();
    await app.tabs.rename('busy');
    await app.terminal.run(`mkfifo ${home.exports}/gate; cat ${home.exports}/gate`);
    await app.openTab();
    await app.tabs.rename('gate');
    await expect(app.tabs.tab('busy').getByLabel('New output')).toBeHidden();
    await app.terminal.run(`echo news > ${home.exports}/gate`);
    await expect(app.tabs.tab('busy').getByLabel('New output')).toBeVisible();
    await app.tabs.select('busy');
    await app.terminal.waitForLine('news');
    await expect(app.tabs.tab('busy').getByLabel('New output')).toBeHidden();
  });
});

test.describe('limit of sessions', () => {
  test.use({ settings: { sessions: { maxConcurrentSessions: 2 } } });

  test('one session too many is refused, and says which limit', async ({ app }) => {
    await app.openTab();
    await app.openTab();
    await app.tabs.newButton.click();
    await expect(app.toast('Maximum concurrent sessions (2) exceeded')).toBeVisible();
    await expect(app.tabs.all).toHaveCount(2);
    await app.tabs.close();
    await expect(app.tabs.all).toHaveCount(1);
    await app.openTab();
  });
});

test.describe('failed start', () => {
  test.use({ settings: { profiles: [LOCAL_PROFILE, BROKEN_PROFILE] } });

  test('a start that fails says at which stage and what to do, and can be tried again', async ({ app, home }) => {
    await app.openProfile('Broken shell');
    await app.card.waitForEnd('start_failed');
    await expect(app.card.ended).toContainText('/nowhere/shell');
    await app.terminal.waitForLine('Shell not found - connection closed');
    await expect(app.card.again).toHaveText('Retry');

    await app.card.again.click();
    await expect.poll(async () => (await home.metadata()).length).toBe(2);
    await app.card.waitForEnd('start_failed');
    await expect(app.tabs.all).toHaveCount(1);
    const [first, second] = await home.metadata();
    expect(second?.previousId).toBe(first?.id);
    expect(second?.end.failure?.stage).toBe('shell');
  });
});
