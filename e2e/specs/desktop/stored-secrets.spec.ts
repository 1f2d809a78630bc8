import type { ElectronApplication } from '@playwright/test';
import { seriousViolations } from '../../runner/accessibility.ts';
import { filesHolding } from '../../runner/files.ts';
import { LOCAL_PROFILE, limits } from '../../runner/options.ts';
import { desktopHost, expect, test } from '../../runner/test.ts';

test.use({ settings: { ...limits(0, 0), profiles: [LOCAL_PROFILE] } });

/**
 * Puts a keychain in the place of the system's, which machines for tests do not have.
 *
 * @param prefix what all that it has encrypted begins with: `v10` as where Chromium has found no keychain
 */
async function useKeychain(electron: ElectronApplication, prefix: 'v10' | 'v11'): Promise<void> {
  await electron.evaluate(({ safeStorage }, begin) => {
    const { createCipheriv, createDecipheriv, randomBytes } = process.getBuiltinModule('node:crypto');
    const key = randomBytes(32);
    safeStorage.isAsyncEncryptionAvailable = () => Promise.resolve(true);
    safeStorage.encryptStringAsync = async (text) => {
      const iv = randomBytes(16);
      const cipher = createCipheriv('aes-256-ctr', key, iv);
      return Buffer.concat([Buffer.from(begin), iv, cipher.update(text), cipher.final()]);
    };
    safeStorage.decryptStringAsync = async (encrypted) => {
      const decipher = createDecipheriv('aes-256-ctr', key, encrypted.subarray(3, 19));
      const result = Buffer.concat([decipher.update(encrypted.subarray(19)), decipher.final()]).toString();
      return { shouldReEncrypt: false, result };
    };
  }, prefix);
}

test('a secret is stored in the editor, reaches sessions, and can be read nowhere', async ({ app, home, host }) => {
  await useKeychain(desktopHost(host).electron, 'v11');
  const secret = 'an open sesame of its own';
  await app.settings.open();
  await app.page.getByTestId('open-profiles').click();
  await app.profiles.select(LOCAL_PROFILE.name);
  const credentials = app.profiles.field('credentials');
  await credentials.getByRole('button', { name: 'Add credential' }).click();
  await app.page.keyboard.type('TOKEN');
  await credentials.getByText('Stored secret', { exact: true }).click();
  await expect(credentials.getByLabel('Stored as')).toHaveValue('TOKEN');
  await expect(credentials).toContainText('No value is stored under this name');
  await credentials.getByTestId('set-secret').click();
  const dialog = app.page.getByTestId('secret-dialog');
  await dialog.getByLabel('Value').fill(secret);
  expect(await seriousViolations(app.page)).toEqual([]);
  await dialog.getByTestId('store-secret').click();
  await expect(dialog).toBeHidden();
  await expect(credentials).toContainText('A value is stored');
  await app.profiles.save.click();
  await expect(app.profiles.status).toHaveText('Saved');

  await app.profiles.openSession.click();
  await app.terminal.waitForPrompt();
  await app.terminal.run('echo "got: $TOKEN"');
  await app.terminal.waitForLine(`got: ${secret}`);
  await app.terminal.run('exit');
  await app.card.waitForEnd('exited');
  await host.terminate();
  expect(filesHolding(home.folder, secret)).toEqual([]);
  expect(filesHolding(home.config, '"TOKEN"')).toHaveLength(2);
});

test.describe('no keychain', () => {
  test.use({ needs: process.platform === 'linux' ? '' : 'needs Linux: other systems always have a keychain' });

  test('where there is no keychain, nothing can be stored, and the editor says why', async ({ app, host }) => {
    await useKeychain(desktopHost(host).electron, 'v10');
    await app.settings.open();
    await app.page.getByTestId('open-profiles').click();
    await app.profiles.select(LOCAL_PROFILE.name);
    const credentials = app.profiles.field('credentials');
    await credentials.getByRole('button', { name: 'Add credential' }).click();
    await credentials.getByText('Stored secret', { exact: true }).click();
    await expect(credentials.getByTestId('secret-state')).toContainText('This system has no keyring');
    await expect(credentials.getByTestId('set-secret')).toHaveCount(0);
  });
});
