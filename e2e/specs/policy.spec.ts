import { LOGGING_HOOK, writeHook } from '../runner/hooks.ts';
import { limits } from '../runner/options.ts';
import { parseRecording } from '../runner/recordings.ts';
import { expect, test } from '../runner/test.ts';

const RULES = { minimumTimeoutSeconds: 1 };
const NO_LOCAL_SHELLS = { ...RULES, allowedBackends: ['bubblewrap', 'docker'] };
const ALL_EVENTS = { ...LOGGING_HOOK, events: ['session:*'] };

test.describe('a policy that comes to forbid local shells', () => {
  test.use({ settings: limits(600, 0, { warnBeforeSeconds: [4] }), tellsHook: true });

  test('ends a session that runs, after a last warning, and says so everywhere', async ({ app, home, told }) => {
    await writeHook(home, 'log', ALL_EVENTS);
    await app.openTab();
    await home.writePolicy(NO_LOCAL_SHELLS);
    const why = `Your own policy (${home.policyFile}) no longer allows local shells.`;
    await expect(app.card.banner).toContainText(`Closes in 0:04: ${why}`);
    await expect(app.card.keepOpen).toBeHidden();
    await expect(app.card.extend).toBeHidden();
    await expect(app.toast('The policy has changed')).toBeVisible();

    await app.card.waitForEnd('revoked');
    await expect(app.card.reason).toHaveText('Closed because the policy no longer allows it');
    await expect(app.card.detail).toHaveText(why);
    await expect(app.card.advice).toContainText('ask the person who manages the policy');
    await expect(app.card.again).toBeHidden();
    await expect
      .poll(async () => (await app.terminal.lines()).join(''))
      .toMatch(/Session revoked - connection closedYour own policy \(.*\) no longer allows local shells\. Closed at /);

    const [id] = await home.sessionIds();
    await expect
      .poll(told)
      .toEqual([
        expect.objectContaining({ event: 'session:start' }),
        { event: 'session:warning', sessionId: id, reason: '' },
        { event: 'session:end', sessionId: id, reason: 'revoked' },
      ]);
    const [metadata] = await home.metadata();
    expect(metadata?.end).toMatchObject({ reason: 'revoked', detail: why.replace(/\.$/, ''), survivors: [] });
    const markers = parseRecording(await home.recording()).events.filter(([, code]) => code === 'm');
    expect(markers.map(([, , label]) => label)).toContain('warning: revoked by the policy in 4 s');

    await app.newTabMenu.open();
    await expect(app.newTabMenu.profile('local')).toContainText('Not allowed by the policy');
    await expect(app.newTabMenu.profile('local')).toHaveAttribute('aria-disabled', 'true');
    await app.page.keyboard.press('Escape');
    await app.tabs.newButton.click();
    await expect(app.toast('does not allow local shells')).toBeVisible();
    await expect(app.tabs.all).toHaveCount(1);
  });
});

test.describe('a policy that takes its ban back', () => {
  test.use({ settings: limits(600, 0, { warnBeforeSeconds: [30] }), tellsHook: true });

  test('leaves the session open, and says so', async ({ app, home, told }) => {
    await writeHook(home, 'log', ALL_EVENTS);
    await app.openTab();
    await home.writePolicy(NO_LOCAL_SHELLS);
    await expect(app.card.banner).toContainText('no longer allows local shells');
    await home.writePolicy(RULES);
    await expect(app.card.banner).toBeHidden();
    await expect(app.toast('The policy allows it again.')).toBeVisible();
    await app.terminal.run('echo still-$((40 + 2))');
    await app.terminal.waitForLine('still-42');
    await expect.poll(async () => (await told()).map(({ event }) => event)).toContain('session:reinstated');
    await app.panel.open();
    await expect(app.panel.timeline.filter({ hasText: 'Allowed again by the policy' })).toHaveCount(1);
  });
});

test.describe('a policy that lowers a limit', () => {
  test.use({ settings: limits(600, 0, { warnBeforeSeconds: [4] }) });

  test('leaves a session that runs the time of its last warning', async ({ app, home }) => {
    await app.openTab();
    await home.writePolicy({ ...RULES, maxMaxDurationSeconds: 5 });
    await expect(app.card.banner).toContainText('Closes in');
    await app.card.waitForEnd('max_duration');
    const [metadata] = await home.metadata();
    expect(metadata?.end).toMatchObject({ reason: 'max_duration', limitSeconds: 5 });
    expect(metadata?.events.map(({ type }) => type)).toContain('session:warning');
  });
});

test.describe('a policy file that breaks while the app runs', () => {
  test.use({ policy: NO_LOCAL_SHELLS });

  test('stays in force as it was, which the window says until it is corrected', async ({ app, home }) => {
    await app.tabs.newButton.click();
    await expect(app.toast('does not allow local shells')).toBeVisible();
    await home.writePolicy('{ "allowedBackends": ');
    await expect(app.toast('The policy file cannot be used')).toBeVisible();
    await app.settings.open();
    await expect(app.settings.policyNote).toContainText('stays in force until the file is corrected');
    await expect(app.settings.policyNote).toContainText('only sandboxes, containers');
    await home.writePolicy(RULES);
    await expect(app.toast('The policy file can be used again')).toBeVisible();
    await expect(app.settings.policyNote).toContainText('Your own policy file is in force');
    await app.openTab();
  });
});
