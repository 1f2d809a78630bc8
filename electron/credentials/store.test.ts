import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { credentialHandlers } from '../core/credential-handlers.ts';
import {
  createSecretStore,
  NO_KEYCHAIN_IN_BROWSERS,
  noSecretStore,
  type SecretCipher,
  type SecretStore,
} from './store.ts';

let folder: string;
let complaints: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-store-'));
  complaints = [];
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A keychain with a key of its own. */
function cipher(objection: string | null = null): SecretCipher {
  const key = randomBytes(32);
  return {
    objection: async () => objection,
    async encrypt(text) {
      const iv = randomBytes(12);
      const with12 = createCipheriv('aes-256-gcm', key, iv);
      const body = Buffer.concat([with12.update(text, 'utf8'), with12.final()]);
      return Buffer.concat([iv, with12.getAuthTag(), body]);
    },
    async decrypt(encrypted) {
      const from = createDecipheriv('aes-256-gcm', key, encrypted.subarray(0, 12));
      from.setAuthTag(encrypted.subarray(12, 28));
      return Buffer.concat([from.update(encrypted.subarray(28)), from.final()]).toString();
    },
  };
}

function store(by: SecretCipher = cipher(), now = 1_000): SecretStore {
  const logger = {
    warn: (details: object, message: string) => void complaints.push(JSON.stringify({ details, message })),
  };
  return createSecretStore({ file: join(folder, 'credentials.json'), cipher: by, logger, now: () => now });
}

const text = (): string => readFileSync(join(folder, 'credentials.json'), 'utf8');

describe('stored secrets', () => {
  test('are listed by name and given by name, and replaced, and removed', async () => {
    const secrets = store();
    expect(await secrets.list()).toEqual({ unavailable: null, stored: [] });
    await secrets.store('npm', 'the first value');
    await secrets.store('github', 'grüße\nin lines\n');
    await secrets.store('npm', 'the second value');
    expect(await secrets.list()).toEqual({
      unavailable: null,
      stored: [
        { name: 'github', storedAt: 1_000 },
        { name: 'npm', storedAt: 1_000 },
      ],
    });
    expect(await secrets.read('npm')).toEqual({ ok: true, value: Buffer.from('the second value') });
    expect(await secrets.read('github')).toEqual({ ok: true, value: Buffer.from('grüße\nin lines') });
    await secrets.remove('npm');
    await secrets.remove('npm');
    expect(await secrets.read('npm')).toMatchObject({ ok: false, message: 'There is no stored secret “npm”.' });
    expect((await secrets.list()).stored.map(({ name }) => name)).toEqual(['github']);
  });

  test('are in a file for its owner alone, which does not hold them', async () => {
    await store().store('npm', 'the-value-itself');
    expect(text()).toContain('"npm"');
    expect(text()).not.toContain('the-value-itself');
    expect(text()).not.toContain(Buffer.from('the-value-itself').toString('base64'));
    if (process.platform !== 'win32') expect(statSync(join(folder, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['credentials.json']);
  });

  test('that are stored at the same time are all there', async () => {
    const secrets = store();
    const names = Array.from({ length: 20 }, (_value, index) => `name-${index}`);
    await Promise.all(names.map((name) => secrets.store(name, `value of ${name}`)));
    expect((await secrets.list()).stored).toHaveLength(20);
  });

  test('that no session could get are refused at once', async () => {
    await expect(store().store('pin', '1234')).rejects.toThrow(/fewer than 6 characters/);
    await expect(store().store('zero', 'with\0zero')).rejects.toThrow(/not text/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('cannot be stored without a keychain, and the reason is said', async () => {
    const secrets = store(cipher('No keyring here.'));
    expect(await secrets.list()).toEqual({ unavailable: 'No keyring here.', stored: [] });
    await expect(secrets.store('npm', 'the value')).rejects.toThrow('No keyring here.');
    expect(await secrets.read('npm')).toMatchObject({ ok: false, message: 'No keyring here.' });
    const web = noSecretStore(NO_KEYCHAIN_IN_BROWSERS);
    expect((await web.list()).unavailable).toMatch(/by the desktop app only.*Use a command or a file/);
    await expect(web.store('npm', 'the value')).rejects.toThrow(/desktop app only/);
    expect(await web.read('npm')).toMatchObject({ ok: false });
  });

  test('of another keychain are not given, and nothing of them is told', async () => {
    await store(cipher()).store('npm', 'the-value-itself');
    expect(await store(cipher()).read('npm')).toEqual({
      ok: false,
      message: 'The stored secret “npm” could not be decrypted.',
      hint: 'Unlock the keychain, or store it again.',
    });
  });

  test('in a damaged file are not replaced by others', async () => {
    writeFileSync(join(folder, 'credentials.json'), '{"version": 1, "stored": {"npm":');
    const secrets = store();
    const { unavailable, stored } = await secrets.list();
    expect(unavailable).toMatch(/cannot be used: it is damaged; move it away/);
    expect(stored).toEqual([]);
    await expect(secrets.store('other', 'the-value-itself')).rejects.toThrow(/damaged/);
    expect(text()).toContain('"npm"');
    expect(complaints.join()).not.toContain('the-value-itself');
  });
});

test('windows list names, store and remove, and never get a value', async () => {
  const replaced: string[] = [];
  const handlers = credentialHandlers(store(), { replaced: async (name) => void replaced.push(name) });
  expect(await handlers['credentials.store']({ name: 'npm', value: 'the-value-itself' })).toEqual({});
  expect(replaced).toEqual(['npm']);
  const listed = await handlers['credentials.list']({});
  expect(listed).toEqual({ unavailable: null, stored: [{ name: 'npm', storedAt: 1_000 }] });
  expect(await handlers['credentials.remove']({ name: 'npm' })).toEqual({});
});
