import { expect, test } from 'vitest';
import { hasDisplay, type Machine, whyNoWindow } from './window.ts';

const desktop: Machine = { platform: 'linux', env: { DISPLAY: ':0' }, uid: 1000, args: [] };

test('a Linux desktop, X11 or Wayland, gets a window', () => {
  expect(whyNoWindow(desktop)).toBeUndefined();
  expect(whyNoWindow({ ...desktop, env: { WAYLAND_DISPLAY: 'wayland-0' } })).toBeUndefined();
});

test('a Linux machine without a display is told so', () => {
  expect(whyNoWindow({ ...desktop, env: {} })).toContain('no display');
  expect(whyNoWindow({ ...desktop, env: { DISPLAY: '' } })).toContain('no display');
});

test('root on Linux is told what to do instead of seeing a crash', () => {
  expect(whyNoWindow({ ...desktop, uid: 0 })).toContain('as root');
  expect(whyNoWindow({ ...desktop, uid: 0, args: ['--no-sandbox'] })).toBeUndefined();
});

test('macOS and Windows have a display without saying so, and root may start there', () => {
  expect(hasDisplay({ platform: 'win32', env: {} })).toBe(true);
  expect(whyNoWindow({ platform: 'win32', env: {}, uid: undefined, args: [] })).toBeUndefined();
  expect(whyNoWindow({ platform: 'darwin', env: {}, uid: 0, args: [] })).toBeUndefined();
});
