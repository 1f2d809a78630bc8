import { answerWith, Receiver } from '../../electron/hooks/testing/receiver.ts';
import { seriousViolations } from '../runner/accessibility.ts';
import { LOGGING_HOOK, removeHook, WEBHOOK_SECRET, writeHook, writeLoggingHook } from '../runner/hooks.ts';
import { limits } from '../runner/options.ts';
import { expect, test } from '../runner/test.ts';

test.use({ settings: limits(0, 0) });

test('a hook is made, tried, broken, mended and removed while the app runs', async ({ app, home }) => {
  await app.hooks.open();
  await expect(app.hooks.empty).toContainText(home.config);
  await expect(app.hooks.openFolder).toBeFocused();
  const told = await writeLoggingHook(home, 'log');
  await expect(app.hooks.names).toHaveText(['log']);
  await expect(app.hooks.details.getByRole('heading', { name: 'log' })).toBeFocused();
  await app.hooks.choose('log');
  await app.hooks.waitForState('ready');
  await expect(app.hooks.target).toHaveText('log.sh');

  await app.hooks.test.click();
  await expect(app.hooks.of('hook:test', 'delivered')).toHaveCount(1);
  await expect.poll(told).toEqual([{ event: 'hook:test', sessionId: '', reason: '' }]);

  await writeHook(home, 'log', 'events: [session:start]\nran: log.sh\n');
  await app.hooks.waitForState('broken');
  await expect(app.hooks.message).toContainText('line 2: “ran” is not a setting of a hook');
  await expect(app.hooks.test).toBeHidden();
  expect(await seriousViolations(app.page)).toEqual([]);

  await writeHook(home, 'log', LOGGING_HOOK);
  await app.hooks.waitForState('ready');
  await app.openTab();
  await expect.poll(async () => (await told()).length).toBe(2);
  const [sessionId = ''] = await home.sessionIds();
  expect(await told()).toEqual([
    { event: 'hook:test', sessionId: '', reason: '' },
    { event: 'session:start', sessionId, reason: '' },
  ]);
  await app.hooks.open();
  await expect(app.hooks.of('session:start', 'delivered')).toHaveCount(1);

  await removeHook(home, 'log');
  await expect(app.hooks.empty).toBeVisible();
});

test('a webhook that fails is tried again, given up in sight of everybody, and sent again', async ({ app, home }) => {
  await using receiver = await Receiver.start(answerWith(500));
  await writeHook(home, 'team', {
    events: ['session:*'],
    webhook: { url: receiver.url('/told?key=hidden'), secrets: [WEBHOOK_SECRET] },
    retry: { attempts: 3, initialBackoffSeconds: 3, maxBackoffSeconds: 3 },
  });
  await app.hooks.open();
  await app.hooks.choose('team');
  await expect(app.hooks.target).toHaveText(receiver.url('/told'));
  await app.hooks.test.click();
  const pending = app.hooks.of('hook:test', 'pending');
  await expect(pending).toContainText('500 Internal Server Error');
  await expect(pending.getByTestId('next-attempt')).toHaveText(/^next attempt in 0:0\d$/);
  const failed = app.hooks.of('hook:test', 'dead-letter');
  await expect(failed).toContainText('3 attempts');
  await expect(app.hooks.counts).toHaveText('0 pending · 1 failed');
  await expect(app.page.getByTestId('open-hooks')).toContainText('1 to check');
  expect(await seriousViolations(app.page)).toEqual([]);

  await app.hooks.show('delivered');
  await expect(app.hooks.deliveries).toHaveCount(0);
  await app.hooks.show('dead-letter');
  receiver.answer = answerWith(204);
  await app.hooks.sendAgain(failed);
  await expect(app.hooks.counts).toHaveText('0 pending · 0 failed');
  await app.hooks.show('all');
  await expect(app.hooks.of('hook:test', 'delivered')).toContainText('204 No Content');
  expect(receiver.received).toHaveLength(4);
  expect(new Set(receiver.received.map(({ headers, body }) => `${headers['webhook-id']} ${body}`)).size).toBe(1);
});

test('a webhook that is gone gets nothing until it is switched on again', async ({ app, home }) => {
  await using receiver = await Receiver.start(answerWith(410));
  const webhook = { url: receiver.url(), secrets: [WEBHOOK_SECRET] };
  await writeHook(home, 'team', { events: ['session:start'], webhook });
  await app.hooks.open();
  await app.hooks.choose('team');
  await app.hooks.test.click();
  await app.hooks.waitForState('gone');
  await expect(app.hooks.message).toContainText('410 Gone');
  await expect(app.hooks.test).toBeHidden();
  expect(await seriousViolations(app.page)).toEqual([]);
  await app.openTab();
  await app.hooks.open();
  await app.hooks.choose('team');
  await expect(app.hooks.of('session:start', 'delivered').or(app.hooks.of('session:start', 'pending'))).toHaveCount(0);

  receiver.answer = answerWith(204);
  await app.hooks.enable.click();
  await app.hooks.waitForState('ready');
  await app.hooks.test.click();
  await expect(app.hooks.of('hook:test', 'delivered')).toHaveCount(1);
  expect(receiver.received).toHaveLength(2);
});

test('hooks are looked at and tried by keyboard alone', async ({ app, home }) => {
  const { keyboard } = app.page;
  await keyboard.press('Control+,');
  await expect(app.settings.page).toBeVisible();
  await app.page.getByTestId('open-hooks').focus();
  await keyboard.press('Enter');
  await expect(app.hooks.openFolder).toBeFocused();
  const told = await writeLoggingHook(home, 'first');
  await expect(app.hooks.details.getByRole('heading', { name: 'first' })).toBeFocused();
  await keyboard.press('Shift+Tab');
  await expect(app.hooks.hook('first')).toBeFocused();
  await writeHook(home, 'second', { ...LOGGING_HOOK, enabled: false }, { 'log.sh': '#!/bin/sh\n' });
  await expect(app.hooks.names).toHaveText(['first', 'second']);
  await keyboard.press('ArrowDown');
  await expect(app.hooks.hook('second')).toBeFocused();
  await keyboard.press('Enter');
  await app.hooks.waitForState('disabled');
  await keyboard.press('ArrowUp');
  await keyboard.press('Enter');
  await app.hooks.waitForState('ready');
  await keyboard.press('Tab');
  await keyboard.press('Tab');
  await expect(app.hooks.test).toBeFocused();
  await keyboard.press('Enter');
  await expect(app.hooks.of('hook:test', 'delivered')).toHaveCount(1);
  await expect(app.hooks.test).toBeFocused();
  expect(await told()).toEqual([{ event: 'hook:test', sessionId: '', reason: '' }]);
});
