import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credential } from '../../shared/profile.ts';
import { NO_CONTAINERS, NO_SANDBOXES } from '../runner/containers.ts';
import { filesHolding } from '../runner/files.ts';
import { CONTAINER_PROFILE, LOCAL_PROFILE, limits, SANDBOX_PROFILE } from '../runner/options.ts';
import { test as base, expect } from '../runner/test.ts';

/** A secret, and the file that a credential is read from. */
interface Vault {
  readonly secret: string;
  readonly file: string;
  /** Puts the secret into the file. */
  fill(): Promise<void>;
}

const test = base.extend<{ vault: Vault; required: boolean; profile: object & { id: string; name: string } }>({
  required: [false, { option: true }],
  profile: [LOCAL_PROFILE, { option: true }],
  // biome-ignore lint/correctness/noEmptyPattern: the test runner reads the names of what it depends on.
  vault: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'sandglass-vault-'));
    const file = join(folder, 'token');
    const secret = `sg_${randomBytes(12).toString('hex')}`;
    await use({ secret, file, fill: () => writeFile(file, `${secret}\n`, { mode: 0o600 }) });
    await rm(folder, { recursive: true });
  },
  settings: async ({ vault, required, profile }, use) => {
    const credentials: Credential[] = [
      { env: 'TOKEN', source: { kind: 'file', file: vault.file }, ttlSeconds: 0, required },
    ];
    const others = profile === LOCAL_PROFILE ? [] : [LOCAL_PROFILE];
    await use({ ...limits(0, 0), profiles: [...others, { ...profile, credentials }] });
  },
});

/** Says in one line what is in the variable, and whether the file has the same. */
const LOOK = ['file=$(cat "$SANDGLASS_CREDENTIALS/TOKEN");', '[ "$file" = "$TOKEN" ] && echo "both: $TOKEN"'].join(' ');

for (const [profile, needs] of [
  [LOCAL_PROFILE, ''],
  [SANDBOX_PROFILE, NO_SANDBOXES],
  [CONTAINER_PROFILE, NO_CONTAINERS],
] as const) {
  test.describe(profile.name.toLowerCase(), () => {
    test.use({ needs, profile });

    test('a session has its credential, which is in nothing that is kept of it', async ({ app, home, host, vault }) => {
      await vault.fill();
      await app.openProfile(profile.name);
      await app.terminal.waitForPrompt();
      await app.terminal.run(LOOK);
      await app.terminal.waitForLine(`both: ${vault.secret}`);
      await app.panel.open();
      await expect(app.panel.credential('TOKEN')).toHaveAttribute('data-state', 'ready');
      await expect(app.credentials).toBeHidden();
      await app.terminal.run('exit');
      await app.card.waitForEnd('exited');
      const file = await host.takeFile(home.exports, () => app.card.export('text'));
      const exported = await readFile(file, 'utf8');
      expect(exported).toContain('both: [redacted TOKEN]');
      expect(exported).not.toContain(vault.secret);
      await host.terminate();
      expect(filesHolding(home.folder, vault.secret)).toEqual([]);
    });
  });
}

test('a session without a credential that it can do without says so', async ({ app, vault }) => {
  await app.tabs.newButton.click();
  await expect(app.credentials).toHaveText(/TOKEN is missing/);
  await app.terminal.waitForLine(/^Credential not available: TOKEN\./);
  await app.terminal.run('echo "goes on [$TOKEN]"');
  await app.terminal.waitForLine('goes on []');
  await app.credentials.click();
  await expect(app.panel.credential('TOKEN')).toHaveAttribute('data-state', 'missing');
  await expect(app.panel.credential('TOKEN')).toContainText(vault.file);
});

test.describe('a credential that is required', () => {
  test.use({ required: true });

  test('without it no session starts; the start is tried again once it is there', async ({ app, home, vault }) => {
    await app.tabs.newButton.click();
    await app.card.waitForEnd('start_failed');
    await expect(app.card.reason).toHaveText('A credential is missing');
    await expect(app.card.message).toContainText(vault.file);
    await expect(app.card.hint).toHaveText(/\w/);
    await vault.fill();
    await expect(app.card.again).toHaveText('Retry');
    await app.card.again.click();
    await app.terminal.waitForPrompt();
    await expect(app.tabs.all).toHaveCount(1);
    await app.terminal.run(LOOK);
    await app.terminal.waitForLine(`both: ${vault.secret}`);
    const [failed] = await home.metadata();
    expect(failed?.end.failure?.stage).toBe('credentials');
  });
});
