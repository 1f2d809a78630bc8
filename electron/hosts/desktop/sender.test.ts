import { expect, test } from 'vitest';
import { checkSender } from './sender.ts';

const ours = { sender: { id: 1 }, senderFrame: { url: 'app://sandglass/', parent: null } };

test('the main frame of our window is let in', () => {
  expect(checkSender(ours, 1)).toEqual({ ok: true });
});

test.each([
  ['another window', { ...ours, sender: { id: 2 } }, 'it is not our window'],
  [
    'a frame inside our page',
    { ...ours, senderFrame: { url: 'app://sandglass/', parent: {} } },
    'it is not the main frame',
  ],
  ['a frame that is gone', { ...ours, senderFrame: null }, 'its frame is gone'],
  [
    'a foreign page',
    { ...ours, senderFrame: { url: 'https://evil.example/', parent: null } },
    'its page is https://evil.example/',
  ],
  [
    'a page that looks alike',
    { ...ours, senderFrame: { url: 'app://sandglass.evil/', parent: null } },
    'its page is app://sandglass.evil/',
  ],
  [
    'a file',
    { ...ours, senderFrame: { url: 'file:///app/index.html', parent: null } },
    'its page is file:///app/index.html',
  ],
])('%s is refused', (_name, event, why) => {
  expect(checkSender(event, 1)).toEqual({ ok: false, why });
});

test('without a window everybody is refused', () => {
  expect(checkSender(ours, null)).toEqual({ ok: false, why: 'it is not our window' });
});
