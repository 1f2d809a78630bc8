import { expect, test } from 'vitest';
import type { CredentialState } from '../../shared/session.ts';
import { credentialWarning } from './credential-words.ts';

const credential = (env: string, state: CredentialState['state']): CredentialState => ({ env, state, message: null });

test('credentials that are ready need no words', () => {
  expect(credentialWarning([])).toBeNull();
  expect(credentialWarning([credential('A', 'ready')])).toBeNull();
});

test('one that is not ready is named, several are counted', () => {
  expect(credentialWarning([credential('A', 'ready'), credential('B', 'missing')])).toBe('B is missing');
  expect(credentialWarning([credential('A', 'stale')])).toBe('A was not renewed');
  expect(credentialWarning([credential('A', 'missing'), credential('B', 'missing')])).toBe('2 credentials are missing');
  expect(credentialWarning([credential('A', 'stale'), credential('B', 'stale')])).toBe(
    '2 credentials were not renewed',
  );
  expect(credentialWarning([credential('A', 'stale'), credential('B', 'missing')])).toBe('2 credentials are not ready');
});
