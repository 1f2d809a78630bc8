import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from '../runner/home.ts';
import { expect, test } from '../runner/test.ts';

/** Puts a file where the folder of this month's and next month's recordings would be. */
async function blockRecordings(home: Home): Promise<void> {
  const now = new Date();
  await mkdir(home.sessions, { recursive: true });
  for (const year of [now.getUTCFullYear(), now.getUTCFullYear() + 1]) {
    await writeFile(join(home.sessions, String(year)), 'in the way');
  }
}

test('a session that cannot be recorded goes on, and says so', async ({ app, home }) => {
  await blockRecordings(home);
  await app.openTab();
  await app.terminal.run('echo "unrecorded $((1 + 1))"');
  await app.terminal.waitForLine('unrecorded 2');
  await expect(app.status.getByTestId('status-recording')).toHaveText('not recorded');
  await app.panel.open();
  await expect(app.panel.section('recording')).toContainText('The recording cannot be written to');
  await app.terminal.run('exit');
  await app.card.waitForEnd('exited');
});

test.describe('recordings that a policy requires', () => {
  test.use({ policy: { requireRecording: true } });

  test('a session that must be recorded does not start without', async ({ app, home }) => {
    await blockRecordings(home);
    await app.tabs.newButton.click();
    await app.card.waitForEnd('start_failed');
    await app.terminal.waitForLine('Recording could not be started - connection closed');
  });
});

test.describe('full disk', () => {
  let mounted = '';
  test.afterEach(() => {
    if (mounted !== '') execFileSync('umount', ['--lazy', mounted]);
    mounted = '';
  });

  test('a session outlives a full disk, and says that its recording is cut short', async ({ app, home }, testInfo) => {
    testInfo.skip(
      process.platform !== 'linux' || process.getuid?.() !== 0,
      'only root on Linux can mount a small disk',
    );
    const folder = join(home.sessions, String(new Date().getUTCFullYear()));
    await mkdir(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]);
    mounted = folder;
    await app.openTab();
    await app.terminal.run('seq 1 60000');
    await app.terminal.waitForLine('60000');
    await expect(app.status.getByTestId('status-recording')).toHaveText('recording cut short');
    await app.panel.open();
    await expect(app.panel.section('recording')).toContainText('The disk is full');
    await app.terminal.run('echo "goes on $((1 + 1))"');
    await app.terminal.waitForLine('goes on 2');
    await app.terminal.run('exit');
    await app.card.waitForEnd('exited');
    await expect(app.card.ended).toContainText('cut short');
  });
});
