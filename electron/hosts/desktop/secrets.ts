import { safeStorage } from 'electron';
import type { SecretCipher } from '../../credentials/store.ts';

/** What Chromium writes before what it has encrypted with a key that is the same in every installation (Linux, “basic_text”). */
const NO_KEY = 'v10';

const NO_KEYRING =
  'This system has no keyring that Sandglass could use: what it stores would be readable by anyone with the file. ' +
  'Install and unlock GNOME Keyring, KWallet or another Secret Service.';

/**
 * The system's keychain: Keychain on macOS, DPAPI on Windows, on Linux the Secret Service or KWallet. Where Linux has none,
 * Chromium falls back to a key that everybody knows; that is refused, because it would only look safe. Whether it has is
 * told by what it makes of a text, as the name of the key's provider is not told for all of them.
 */
export function keychainCipher(platform: NodeJS.Platform = process.platform): SecretCipher {
  return {
    async objection() {
      try {
        if (!(await safeStorage.isAsyncEncryptionAvailable())) return NO_KEYRING;
        if (platform !== 'linux') return null;
        const encrypted = await safeStorage.encryptStringAsync('?');
        return encrypted.subarray(0, NO_KEY.length).toString('latin1') === NO_KEY ? NO_KEYRING : null;
      } catch {
        return NO_KEYRING;
      }
    },
    encrypt: (text) => safeStorage.encryptStringAsync(text),
    decrypt: async (encrypted) => (await safeStorage.decryptStringAsync(encrypted)).result,
  };
}
