import type { DesktopHost } from '../../runner/host.ts';
import { desktopHost, expect, test } from '../../runner/test.ts';

/** Answers the app's questions with this button from now on; gives what has been asked so far. */
async function answerQuestions(host: DesktopHost, response: number): Promise<() => Promise<string[]>> {
  await host.electron.evaluate(({ dialog }, button) => {
    const asked: string[] = [];
    Object.assign(globalThis, { questionsAsked: asked });
    dialog.showMessageBox = (...args: unknown[]) => {
      const options = args.at(-1);
      asked.push(
        typeof options === 'object' && options !== null && 'message' in options ? String(options.message) : '',
      );
      return Promise.resolve({ response: button, checkboxChecked: false });
    };
  }, response);
  return () =>
    host.electron.evaluate(() => {
      const asked: unknown = Reflect.get(globalThis, 'questionsAsked');
      return Array.isArray(asked) ? asked.map(String) : [];
    });
}

/** Wishes to quit, as the menu does. */
async function quit(host: DesktopHost): Promise<void> {
  await host.electron.evaluate(({ app }) => {
    // Answered first: nothing can be once the app is gone.
    setImmediate(() => app.quit());
  });
}

test('quitting asks once when sessions run, and goes no further without consent', async ({ app, host }) => {
  await app.openTab();
  await app.openTab();
  const asked = await answerQuestions(desktopHost(host), 0);
  await quit(desktopHost(host));
  await expect.poll(asked).toEqual(['Quit and end 2 sessions?']);
  await app.terminal.run('echo "goes on $((1 + 1))"');
  await app.terminal.waitForLine('goes on 2');
});

test('quitting ends every session with a reason, and records it to its end', async ({ app, home, host }) => {
  await app.openTab();
  await app.terminal.run('sleep 1000');
  await app.openTab();
  await answerQuestions(desktopHost(host), 1);
  await quit(desktopHost(host));
  expect(await host.exited).toBe(0);
  const all = await home.metadata();
  expect(all.map(({ end }) => [end.reason, end.survivors])).toEqual([
    ['app_quit', []],
    ['app_quit', []],
  ]);
  expect(all.every(({ recording }) => recording.sha256 !== null && !recording.truncated)).toBe(true);
});

test('without sessions quitting does not ask', async ({ app, host }) => {
  await expect(app.emptyWindow).toBeVisible();
  await answerQuestions(desktopHost(host), 0);
  await quit(desktopHost(host));
  expect(await host.exited).toBe(0);
});

test('on SIGTERM the app ends in order without asking', async ({ app, home, host }) => {
  await app.openTab();
  process.kill(host.pid, 'SIGTERM');
  expect(await host.exited).toBe(0);
  expect((await home.metadata()).map(({ end }) => end.reason)).toEqual(['app_quit']);
});
