import { limits } from '../runner/options.ts';
import { outputOf, parseRecording } from '../runner/recordings.ts';
import { expect, test } from '../runner/test.ts';

test.describe('maximum duration', () => {
  test.use({ settings: limits(0, 4) });

  test('the notice is the last thing to read, also after a flood', async ({ app, home }) => {
    await app.openTab();
    await app.terminal.run('yes flood');
    await app.terminal.waitForLine('flood');
    await app.card.waitForEnd('max_duration');
    // A window that is behind shows the end before the last of its output.
    await expect
      .poll(async () => (await app.terminal.lines()).slice(-2))
      .toEqual([
        'Session timeout - connection closed',
        expect.stringMatching(/^Maximum duration: open for 4 seconds, closed at /),
      ]);
    const recorded = outputOf(parseRecording(await home.recording()));
    const notice = recorded.lastIndexOf('Session timeout - connection closed');
    expect(recorded.slice(notice)).toMatch(/^[^\r]*\r\nMaximum duration: open for 4 seconds[^\r]*\r\n\W*\d?$/);
    const [metadata] = await home.metadata();
    expect(metadata?.end).toMatchObject({ reason: 'max_duration', limitSeconds: 4, survivors: [] });
    expect(metadata?.end.durationSeconds).toBeGreaterThanOrEqual(4);
    expect(metadata?.recording).toMatchObject({ truncated: false, message: null });
  });
});

test.describe('keep open', () => {
  test.use({ settings: limits(4, 0, { warnBeforeSeconds: [3] }) });

  test('Keep open counts as activity, and only once', async ({ app, home }) => {
    await app.openTab();
    await app.card.keepOpen.click();
    await expect(app.card.banner).toBeHidden();
    await expect(app.terminal.input).toBeFocused();
    await app.panel.open();
    await expect(app.panel.timeline.filter({ hasText: 'Kept open' })).toHaveCount(1);
    await app.card.waitForEnd('idle_timeout');
    const [metadata] = await home.metadata();
    expect(metadata?.events.flatMap((event) => (event.type === 'session:extended' ? [event.by] : []))).toEqual([
      'keep_open',
    ]);
    expect(metadata?.durationSeconds).toBeGreaterThan(4.9);
    expect(metadata?.counters).toMatchObject({ warnings: 2, extensions: 0 });
  });
});

test.describe('extend', () => {
  test.use({ settings: limits(600, 4, { warnBeforeSeconds: [3], extensions: { count: 2, seconds: 3 } }) });

  test('a session is extended until the budget is used up, and the button says so', async ({ app, home }) => {
    await app.openTab();
    await expect(app.card.extend).toHaveText('Extend 3 seconds · 2 left');
    await app.card.extend.click();
    await expect(app.card.extend).toHaveText('Extend 3 seconds · 1 left');
    await app.card.extend.click();
    await expect(app.card.extend).toHaveText('Both extensions are used');
    await expect(app.card.extend).toBeDisabled();
    await app.card.waitForEnd('max_duration');
    await expect(app.card.reason).toHaveText('Closed after its maximum duration of 10 seconds');
    const [metadata] = await home.metadata();
    expect(metadata?.end.limitSeconds).toBe(10);
    expect(metadata?.counters.extensions).toBe(2);
    const markers = parseRecording(await home.recording()).events.filter(([, code]) => code === 'm');
    expect(markers.filter(([, , data]) => data === 'extended by 3 s')).toHaveLength(2);
  });
});

test.describe('extensions under a policy', () => {
  test.use({
    policy: { minimumTimeoutSeconds: 1, maxExtensions: 0 },
    settings: limits(600, 4, { warnBeforeSeconds: [3] }),
  });

  test('a policy can forbid extensions, and the button says so', async ({ app }) => {
    await app.openTab();
    await expect(app.card.extend).toHaveText('Extensions are switched off');
    await expect(app.card.extend).toBeDisabled();
  });
});

test.describe('activity', () => {
  test.use({ settings: limits(3, 0) });

  test('key presses keep a session alive', async ({ app, home }) => {
    await app.openTab();
    await expect
      .poll(
        async () => {
          await app.terminal.type('.');
          return app.openSeconds();
        },
        { intervals: [500], timeout: 20_000 },
      )
      .toBeGreaterThanOrEqual(6);
    await app.card.waitForEnd('idle_timeout');
    const [metadata] = await home.metadata();
    expect(metadata?.durationSeconds).toBeGreaterThan(8);
  });

  test('answers that the terminal gives by itself do not keep a session alive', async ({ app, home }) => {
    await app.openTab();
    await app.terminal.run(
      "while :; do printf '\\e[6n'; IFS= read -rsd R -t 1 place; printf '\\r%q ' \"$place\"; done",
    );
    await app.terminal.waitForLine(/^\$'\\E\[\d+;\d+'/);
    await app.card.waitForEnd('idle_timeout');
    const [metadata] = await home.metadata();
    // It was really answered, again and again, and far beyond what was typed.
    expect(metadata?.counters.bytesIn).toBeGreaterThan(200);
    expect(metadata?.durationSeconds).toBeLessThan(7);
  });
});
