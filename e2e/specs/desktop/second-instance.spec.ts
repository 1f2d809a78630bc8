import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { findElectron } from '../../../scripts/electron-binary.ts';
import { projectRoot } from '../../../scripts/project.ts';
import type { Home } from '../../runner/home.ts';
import { desktopHost, expect, test } from '../../runner/test.ts';
import { serve } from '../../runner/web-host.ts';

/** Tells on the standard error what the app would say in a dialog, which nobody is there to close. */
const WITHOUT_DIALOGS = `
require('electron').dialog.showErrorBox = (title, content) => process.stderr.write(title + ': ' + content + '\\n');
`;

/** Starts the desktop app once more, as from a menu; gives how it has ended, and what it said. */
async function startAnother(home: Home): Promise<{ code: unknown; said: string }> {
  const stub = join(home.exports, 'without-dialogs.cjs');
  await writeFile(stub, WITHOUT_DIALOGS);
  const asRoot = process.getuid?.() === 0;
  const args = ['-r', stub, '.', ...(asRoot ? ['--no-sandbox'] : [])];
  const child = spawn(findElectron() ?? 'electron', args, {
    cwd: projectRoot,
    env: home.environment({}),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { code, said };
}

test('a second start hands over to the first: its window comes to the front', async ({ app, home, host }) => {
  await app.openTab();
  const { electron } = desktopHost(host);
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
  const windows = (): Promise<boolean[]> =>
    electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isMinimized()));
  await expect.poll(windows).toEqual([true]);
  expect(await startAnother(home)).toMatchObject({ code: 0 });
  await expect.poll(windows).toEqual([false]);
  await app.terminal.run('echo "goes on $((1 + 1))"');
  await app.terminal.waitForLine('goes on 2');
});

test('a home that the desktop app has is refused to the web host, which says so', async ({ app, home }) => {
  await expect(app.emptyWindow).toBeVisible();
  await expect(serve(home.environment({})).nextLink()).rejects.toThrow(
    /ended with 1: Sandglass already runs with this data folder \(the desktop app, process \d+\)\. Use that window/,
  );
});

test('a home that the web host has is refused to the desktop app, which says so', async ({ home }) => {
  const web = serve(home.environment({}));
  try {
    const { origin } = new URL(await web.nextLink());
    const { code, said } = await startAnother(home);
    expect(said).toContain('Sandglass could not start');
    expect(said).toContain('Sandglass already runs with this data folder (the web host, process ');
    expect(said).toContain(`Use it at ${origin}, or set SANDGLASS_HOME to another folder.`);
    expect(code).toBe(1);
  } finally {
    web.child.kill('SIGTERM');
    await web.exited;
  }
});
