import { expect, test } from '../../runner/test.ts';

test('on SIGTERM every session is told, ends with a reason, and is recorded to its end', async ({
  app,
  home,
  host,
}) => {
  await app.openTab();
  await app.terminal.run('sleep 1000');
  await app.openTab();
  process.kill(host.pid, 'SIGTERM');
  expect(await host.exited).toBe(0);
  const all = await home.metadata();
  expect(all.map(({ end }) => [end.reason, end.survivors])).toEqual([
    ['app_quit', []],
    ['app_quit', []],
  ]);
  expect(all.every(({ recording }) => recording.sha256 !== null && !recording.truncated)).toBe(true);
  await app.terminal.waitForLine('Sandglass was quit - connection closed');
  await expect(app.page.getByTestId('link-banner')).toContainText('Sandglass was quit. Its sessions have ended.');
});
