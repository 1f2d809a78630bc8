import type { AppPage } from '../model/app-page.ts';
import type { Home } from '../runner/home.ts';
import { limits } from '../runner/options.ts';
import { parseRecording, play } from '../runner/recordings.ts';
import { expect, test } from '../runner/test.ts';

test.use({ settings: limits(4, 0, { warnBeforeSeconds: [3] }) });

/** Waits for the warning and the end, and checks what is left to read: on the screen and in the recording. */
async function expectNotice(app: AppPage, home: Home): Promise<string[]> {
  await expect(app.card.banner).toContainText('nothing typed for');
  await app.card.waitForEnd('idle_timeout');
  await expect(app.card.reason).toHaveText('Closed after 4 seconds without activity');
  const lines = await app.terminal.lines();
  expect(lines.slice(-2)).toEqual([
    'Session timeout - connection closed',
    expect.stringMatching(/^Idle timeout: no activity for 4 seconds, closed at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.$/),
  ]);
  const recording = parseRecording(await home.recording());
  expect(await play(recording)).toMatchObject({
    alternate: false,
    cursorVisible: true,
    bracketedPaste: false,
    mouse: false,
    lines: expect.arrayContaining(['Session timeout - connection closed']),
  });
  expect(recording.events.at(-1)?.[1]).toBe('x');
  expect(recording.events.map(([, code, data]) => (code === 'm' ? data : ''))).toContain(
    'warning: idle timeout in 3 s',
  );
  return lines;
}

test('an idle session is warned, told why it ends, and stays readable', async ({ app, home }) => {
  await app.openTab();
  await app.terminal.run('echo "kept: $((40 + 2))"');
  await app.terminal.waitForLine('kept: 42');
  expect(await expectNotice(app, home)).toContain('kept: 42');

  await expect(app.tabs.active).toContainText('ended');
  const [metadata] = await home.metadata();
  expect(metadata?.end).toMatchObject({ reason: 'idle_timeout', limitSeconds: 4, survivors: [] });
  expect(metadata?.events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['session:start', 'session:warning']),
  );
  await app.panel.open();
  await expect(app.panel.timeline.filter({ hasText: 'Closed after 4 seconds' })).toHaveCount(1);
});

test('the notice is readable after vim', async ({ app, home }) => {
  await app.openTab();
  await app.terminal.run('echo before; vi -u NONE');
  await app.terminal.waitForLine('~');
  const lines = await expectNotice(app, home);
  expect(lines).not.toContain('~');
  expect(await app.terminal.everything()).toContain('before');
});

test('the notice is readable after less', async ({ app, home }) => {
  await app.openTab();
  await app.terminal.run('echo before; seq 100 900 | less');
  await app.terminal.waitForLine('105');
  const lines = await expectNotice(app, home);
  expect(lines).toContain('before');
  expect(lines).not.toContain('105');
});

test('the end says who set the limit', async ({ app }) => {
  await app.openTab();
  await app.panel.open();
  await expect(app.panel.limit('idleTimeoutSeconds')).toContainText('From your settings');
  await expect(app.panel.section('now')).toContainText('Waiting at a prompt');
  await app.card.waitForEnd('idle_timeout');
  await expect(app.panel.section('now')).toContainText('Set by your settings');
  await expect(app.panel.timeline.first()).toHaveText('Closed after 4 seconds without activity');
});
