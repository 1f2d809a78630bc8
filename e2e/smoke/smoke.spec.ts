import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import * as z from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { METADATA_FILE, metadataSchema } from '../../shared/recording.ts';
import { AppPage } from '../model/app-page.ts';
import { processesMarked } from '../runner/processes.ts';
import { PackagedApp } from './packaged-app.ts';

const command = z
  .object({ executable: z.string(), args: z.array(z.string()) })
  .parse(JSON.parse(process.env.SANDGLASS_SMOKE_COMMAND ?? 'null'));

test('the app starts, runs a shell, shows its licences, quits and leaves nothing behind', async () => {
  await using packaged = await PackagedApp.start(command);
  const { page } = packaged;
  const app = new AppPage(page, 'desktop');
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(String(error)));

  await test.step('a shell runs a command', async () => {
    await app.ready();
    await app.tabs.newButton.click();
    await expect(app.tabs.all).toHaveCount(1);
    // Added up by the shell, so that the echo of what is typed is not taken for its output.
    await app.terminal.run(process.platform === 'win32' ? 'echo "sum: $(40+2)"' : 'echo "sum: $((40+2))"');
    await app.terminal.waitForLine('sum: 42');
  });

  await test.step('About has the version and the licences', async () => {
    await page.getByTestId('window-menu').click();
    await page.getByTestId('about-sessions').click();
    await expect(page.getByText(packageJson.version, { exact: true })).toBeVisible();
    await page.getByTestId('open-notices').click();
    const notices = page.getByTestId('notices');
    await notices.getByText(/^react\s/).click();
    await expect(notices.getByText('Copyright (c) Meta Platforms, Inc. and affiliates.').first()).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(notices).toBeHidden();
    await page.getByTestId('panel-close').click();
  });

  await test.step('the session ends with its shell', async () => {
    await app.terminal.run('exit');
    await app.card.waitForEnd('exited');
    expect(endReasons(packaged.home)).toEqual(['exited']);
  });

  await test.step('the app quits and leaves nothing behind', async () => {
    expect(troubles).toEqual([]);
    expect(await packaged.quit()).toBe(0);
    await expect.poll(() => processesMarked(packaged.mark), 'processes left behind').toEqual([]);
    expect(readdirSync(packaged.temporary), 'temporary files left behind').toEqual([]);
  });
});

/** Why each recorded session has ended. */
function endReasons(home: string): string[] {
  const sessions = join(home, 'data', 'sessions');
  return readdirSync(sessions, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(METADATA_FILE) && existsSync(join(sessions, path)))
    .map((path) => metadataSchema.parse(JSON.parse(readFileSync(join(sessions, path), 'utf8'))).end.reason);
}
