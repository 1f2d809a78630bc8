import { limits } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

test.describe('a key press opens a fresh session', () => {
  test.use({ settings: limits(5, 0, { onExpiry: 'reset' }), tellsHook: true });

  test('whose start comes after the end of the old one; fast typing makes one, and is not lost', async ({
    app,
    home,
    told,
  }) => {
    await app.openTab();
    await app.terminal.run('mark=held; echo "old $((40 + 2))"');
    await app.terminal.waitForLine('old 42');
    await app.card.waitForEnd('auto_reset');
    await expect(app.card.reason).toHaveText('Its time was up; any key starts a new session');
    await expect(app.card.expired).toHaveText('Nothing was typed for 5 seconds.');
    await expect(app.card.again).toHaveText('Open a new session');
    await app.terminal.waitForLine('old 42');

    // The first key opens it; what follows is typed ahead.
    await app.page.keyboard.type(' echo "mark: [$mark]"\n');
    await app.terminal.waitForLine('mark: []');
    await expect(app.tabs.all).toHaveCount(1);
    await app.card.waitForEnd('auto_reset');
    const [first, second, ...more] = await home.metadata();
    expect(more).toEqual([]);
    expect(await home.sessionIds()).toEqual([first?.id, second?.id]);
    expect(first?.end).toMatchObject({ reason: 'auto_reset', expired: 'idle_timeout', limitSeconds: 5, survivors: [] });
    expect(second?.previousId).toBe(first?.id);

    const sessionIds = [first?.id ?? '', second?.id ?? ''];
    await expect.poll(told).toEqual(
      sessionIds.flatMap((sessionId) => [
        { event: 'session:start', sessionId, reason: '' },
        { event: 'session:end', sessionId, reason: 'auto_reset' },
      ]),
    );
  });
});

test.describe('freezing', () => {
  test.use({ settings: limits(3, 0, { onExpiry: 'freeze', thawWindowSeconds: 60 }) });

  test('a session whose time is up stands still and says so; a key press or Thaw lets it go on', async ({
    app,
    home,
  }) => {
    await app.openTab();
    // In a shell of its own, which an interrupt ends at whatever moment it comes.
    await app.terminal.run(`sh -c 'i=0; while i=$((i + 1)); do echo "beat $i"; sleep 0.1; done'`);
    await app.terminal.waitForLine(/^beat \d+$/);
    const beat = async (): Promise<number> => Number((await app.terminal.lines()).at(-1)?.slice('beat '.length));
    const secondsLeft = async (): Promise<number> => {
      const [minutes = 0, seconds = 0] = ((await app.card.frozenTime.textContent()) ?? '').split(':').map(Number);
      return minutes * 60 + seconds;
    };

    for (const letGoOn of [() => app.terminal.type('x'), () => app.card.thaw.click()]) {
      await expect(app.card.frozen).toHaveAttribute('data-by', 'idle_timeout');
      await expect(app.card.frozenWhy).toHaveText('Frozen: nothing was typed for 3 seconds.');
      const before = await secondsLeft();
      // What was on its way is shown by then.
      await expect.poll(secondsLeft).toBeLessThan(before);
      const last = await beat();
      await expect.poll(secondsLeft).toBeLessThan(before - 1);
      expect(await beat()).toBe(last);
      await letGoOn();
      await expect(app.card.frozen).toBeHidden();
      await expect.poll(beat).toBeGreaterThan(last);
    }
    await app.page.keyboard.press('Control+c');
    await app.terminal.run('exit 0');
    await app.card.waitForEnd('exited');
    const [metadata] = await home.metadata();
    const happened = metadata?.events.flatMap((event) => {
      if (event.type === 'session:frozen') return [event.by];
      return event.type === 'session:thawed' ? ['thawed'] : [];
    });
    expect(happened?.slice(0, 4)).toEqual(['idle_timeout', 'thawed', 'idle_timeout', 'thawed']);
  });
});

test.describe('freezing for a while', () => {
  test.use({ settings: limits(0, 3, { onExpiry: 'freeze', thawWindowSeconds: 4 }) });

  test('a frozen session that nobody thaws closes, with the limit as the reason', async ({ app, home }) => {
    await app.openTab();
    await expect(app.card.frozen).toHaveAttribute('data-by', 'max_duration');
    await expect(app.card.thaw).toHaveText('Thaw and extend 30 minutes · 2 left');
    await app.card.waitForEnd('max_duration');
    await expect(app.card.reason).toHaveText('Closed after its maximum duration of 3 seconds');
    const [metadata] = await home.metadata();
    const types = metadata?.events.map(({ type }) => type).filter((type) => type !== 'session:state');
    expect(types?.slice(-2)).toEqual(['session:frozen', 'session:end']);
  });
});

test.describe('a maximum of commands', () => {
  test.use({ settings: limits(0, 0, { maxCommands: 3 }) });

  test('the session closes as soon as the last command is done', async ({ app, home }) => {
    await app.openTab();
    await app.panel.open();
    const commands = app.page.getByTestId('panel-commands');
    for (const count of [1, 2]) {
      await app.terminal.run(`echo "command $((${count} + 0))"`);
      await app.terminal.waitForLine(`command ${count}`);
      await expect(commands).toContainText(`${count} of 3`);
    }
    await app.terminal.run('sleep 1; echo "the $((2 + 1))rd"');
    await app.card.waitForEnd('command_limit');
    await expect(app.card.reason).toHaveText('Closed after its last allowed command');
    await app.terminal.waitForLine('the 3rd');
    const [metadata] = await home.metadata();
    expect(metadata?.end).toMatchObject({ reason: 'command_limit', expired: 'command_limit', survivors: [] });
  });
});
