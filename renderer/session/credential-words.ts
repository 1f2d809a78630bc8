import type { CredentialState } from '../../shared/session.ts';

/** What a credential's state is called. */
export const CREDENTIAL_WORDS: Readonly<Record<CredentialState['state'], string>> = {
  ready: 'Ready',
  missing: 'Missing',
  stale: 'Not renewed',
};

/** What it means for the session; its own message says why. */
export const CREDENTIAL_NOTES: Readonly<Record<CredentialState['state'], string | null>> = {
  ready: null,
  missing: 'The session runs without it.',
  stale: 'The session still has the old one.',
};

/** What is wrong with a session's credentials, in a few words; null: nothing. What is missing is told before what is old. */
export function credentialWarning(credentials: readonly CredentialState[]): string | null {
  const missing = credentials.filter(({ state }) => state === 'missing');
  const stale = credentials.filter(({ state }) => state === 'stale');
  const all = missing.length + stale.length;
  const [first] = [...missing, ...stale];
  if (first === undefined) return null;
  if (all === 1) return `${first.env} ${first.state === 'missing' ? 'is missing' : 'was not renewed'}`;
  if (stale.length === 0) return `${all} credentials are missing`;
  if (missing.length === 0) return `${all} credentials were not renewed`;
  return `${all} credentials are not ready`;
}
