import { expect, test } from 'vitest';
import { fakeHistory } from '../testing/fake-history.ts';
import { continued, refreshed } from './state.ts';

/** The n-th latest session and those before it. */
const all = fakeHistory(60);
const page = (from: number, to: number) => all.slice(from, to);
const none = { entries: null, more: false };

test('a full page may have more behind it, a short one is the end', () => {
  expect(refreshed(none, page(0, 20), 20)).toEqual({ entries: page(0, 20), more: true });
  expect(refreshed(none, page(0, 7), 20)).toEqual({ entries: page(0, 7), more: false });
  expect(refreshed(none, [], 20)).toEqual({ entries: [], more: false });
});

test('older pages come behind, and none comes twice', () => {
  const first = refreshed(none, page(0, 20), 20);
  const second = continued(first, page(19, 39), 20);
  expect(second).toEqual({ entries: page(0, 39), more: true });
  expect(continued(second, page(39, 60), 40)).toEqual({ entries: all, more: false });
});

test('news come in front, and what was fetched before stays', () => {
  const known = { entries: page(5, 60), more: false };
  expect(refreshed(known, page(0, 20), 20)).toEqual({ entries: all, more: false });
});
