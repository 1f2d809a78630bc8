import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { localesOf, machineLocales, withUtf8Locale } from './locale.ts';

const locales = localesOf(['C', 'C.utf8', 'de_DE', 'de_DE.iso88591', 'de_DE.utf8', 'POSIX'], 'linux');

test.each([
  ['nothing is set', {}, { LANG: 'C.UTF-8' }],
  ['they are empty', { LANG: '', LC_ALL: '' }, { LANG: 'C.UTF-8', LC_ALL: '' }],
  ['UTF-8 is set', { LANG: 'de_DE.UTF-8' }, { LANG: 'de_DE.UTF-8' }],
  ['UTF-8 is set under another spelling', { LANG: 'de_DE.utf8' }, { LANG: 'de_DE.utf8' }],
  ['it is not installed', { LANG: 'fr_FR.UTF-8' }, { LANG: 'fr_FR.UTF-8', LC_CTYPE: 'C.UTF-8' }],
  ['it is not UTF-8', { LANG: 'de_DE' }, { LANG: 'de_DE', LC_CTYPE: 'C.UTF-8' }],
  ['it is C', { LANG: 'C' }, { LANG: 'C', LC_CTYPE: 'C.UTF-8' }],
  ['macOS’s own name came over ssh', { LC_CTYPE: 'UTF-8' }, { LC_CTYPE: 'C.UTF-8' }],
  ['the encoding alone is another', { LANG: 'C', LC_CTYPE: 'de_DE.UTF-8' }, { LANG: 'C', LC_CTYPE: 'de_DE.UTF-8' }],
  ['LC_ALL is C, which is meant', { LC_ALL: 'C', LANG: 'x' }, { LC_ALL: 'C', LANG: 'x' }],
  ['LC_ALL is not installed', { LC_ALL: 'xx_YY.UTF-8' }, { LC_ALL: 'C.UTF-8' }],
])('where %s', (_what, environment, expected) => {
  expect(withUtf8Locale(environment as Record<string, string>, locales)).toEqual(expected);
});

test('a locale that is not installed is never set', () => {
  expect(localesOf(['C', 'POSIX', 'en_GB.utf8'], 'linux').utf8).toBe('en_GB.utf8');
  const none = localesOf(['C', 'POSIX', 'de_DE.iso88591'], 'linux');
  expect(none.utf8).toBeNull();
  expect(withUtf8Locale({ HOME: '/' }, none)).toEqual({ HOME: '/' });
});

test('macOS gives the user’s language, else English', () => {
  const names = ['C', 'POSIX', 'en_US.UTF-8', 'de_DE.UTF-8'];
  expect(localesOf(names, 'darwin', 'de_DE').utf8).toBe('de_DE.UTF-8');
  expect(localesOf(names, 'darwin', 'en_DE').utf8).toBe('en_US.UTF-8');
  expect(withUtf8Locale({ LC_CTYPE: 'UTF-8' }, localesOf(names, 'darwin'))).toEqual({ LC_CTYPE: 'UTF-8' });
});

test('where locales cannot be listed, as with musl, UTF-8 is there under any name', () => {
  expect(withUtf8Locale({ LANG: 'pt_BR.UTF-8' }, localesOf(null, 'linux'))).toEqual({ LANG: 'pt_BR.UTF-8' });
  expect(withUtf8Locale({}, localesOf(null, 'linux'))).toEqual({ LANG: 'C.UTF-8' });
});

test.runIf(process.platform !== 'win32')('this machine’s own choice makes a shell read whole characters', async () => {
  const env = withUtf8Locale({ PATH: '/usr/bin:/bin' }, await machineLocales());
  const script = 'read -r -n 1 letter; printf \'%q\' "$letter"';
  const read = execFileSync('/bin/bash', ['--norc', '-c', script], { env, input: 'é!', encoding: 'utf8' });
  expect(read).toBe('é');
});
