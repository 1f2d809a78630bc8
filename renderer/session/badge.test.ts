import { expect, test } from 'vitest';
import { endedWith, fakeSession } from '../testing/fake-session.ts';
import { badgeOf, tabStatus } from './badge.ts';

const closed = (text: string) => ({ text, open: false });
const open = (text: string) => ({ text, open: true });

test('a badge says what was found, in the order it was found in', () => {
  const info = fakeSession(1, { backend: 'docker', isolation: [closed('container'), closed('no network')] });
  expect(badgeOf(info)).toEqual({ closure: 'closed', text: 'container · no network' });
});

test('what is open comes first and is named', () => {
  const isolation = [closed('container'), open('network bridge'), closed('uid 1000'), open('writable root')];
  const info = fakeSession(1, { backend: 'docker', isolation });
  expect(badgeOf(info)).toEqual({
    closure: 'open',
    text: 'open: network bridge, writable root · container · uid 1000',
  });
  expect(tabStatus(info)).toBe('container, loosened');
});

test('a badge never claims an isolation that was not found', () => {
  expect(badgeOf(fakeSession(1)).text).toBe('local shell · not sandboxed');
  const starting = fakeSession(1, { backend: 'docker', state: 'starting' });
  expect(badgeOf(starting)).toEqual({ closure: 'unknown', text: 'container · being set up' });
  const failed = fakeSession(1, { backend: 'bubblewrap', end: endedWith({ reason: 'start_failed' }) });
  expect(badgeOf(failed)).toEqual({ closure: 'unknown', text: 'sandbox · did not start' });
});

test('a frozen session is marked as frozen', () => {
  expect(tabStatus(fakeSession(1, { backend: 'bubblewrap', state: 'frozen' }))).toBe('sandbox, frozen');
  expect(tabStatus(fakeSession(1))).toBe('local shell');
});
