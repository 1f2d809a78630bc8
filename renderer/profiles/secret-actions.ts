import { messageOf } from '../../shared/error-message.ts';
import { RequestError } from '../../shared/errors.ts';
import { call } from '../connection/core.ts';
import { useProfiles } from './state.ts';

/** The longest secret that can be stored, in characters. */
const LONGEST_SECRET = 65_536;

/** Asks which secrets are stored. What is known already stays while it asks. */
export async function loadSecrets(): Promise<void> {
  try {
    useProfiles.setState({ secrets: await call('credentials.list', {}), secretsFailure: null });
  } catch (error) {
    useProfiles.setState({ secretsFailure: messageOf(error) });
  }
}

/**
 * Stores a secret, or replaces it. Nothing of the window keeps its value.
 *
 * @returns why it was not stored, as a sentence; null: it is.
 */
export async function storeSecret(name: string, value: string): Promise<string | null> {
  if (value.trim() === '') return 'Enter or paste the value.';
  if (value.length > LONGEST_SECRET) return `The value can have up to ${LONGEST_SECRET} characters.`;
  return change(() => call('credentials.store', { name, value }));
}

/** Removes a stored secret. @returns why it is still there, as a sentence; null: it is not. */
export async function removeSecret(name: string): Promise<string | null> {
  return change(() => call('credentials.remove', { name }));
}

async function change(request: () => Promise<unknown>): Promise<string | null> {
  try {
    await request();
  } catch (error) {
    return error instanceof RequestError ? error.message : 'Sandglass cannot be reached.';
  }
  await loadSecrets();
  return null;
}
