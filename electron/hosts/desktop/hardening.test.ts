import { expect, test } from 'vitest';
import { isPermitted } from './hardening.ts';

const ours = { url: 'app://sandglass/', isMainFrame: true, isFocused: true };

test('our page may use the clipboard, reading it only where the user is', () => {
  expect(isPermitted({ ...ours, permission: 'clipboard-sanitized-write' })).toBe(true);
  expect(isPermitted({ ...ours, permission: 'clipboard-read' })).toBe(true);
  expect(isPermitted({ ...ours, isFocused: false, permission: 'clipboard-read' })).toBe(false);
});

test.each(['media', 'geolocation', 'notifications', 'fullscreen', 'openExternal', 'fileSystem', 'unknown'])(
  '%s is refused',
  (permission) => expect(isPermitted({ ...ours, permission })).toBe(false),
);

test('a foreign page or a frame may do nothing', () => {
  const permission = 'clipboard-sanitized-write';
  expect(isPermitted({ ...ours, permission, url: 'https://evil.example/' })).toBe(false);
  expect(isPermitted({ ...ours, permission, url: '' })).toBe(false);
  expect(isPermitted({ ...ours, permission, isMainFrame: false })).toBe(false);
});
