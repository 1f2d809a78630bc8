import { expect, test } from 'vitest';
import { oneLine, reasonIn } from './engine-text.ts';

test('an engine’s text becomes one bounded line without control characters', () => {
  expect(oneLine(' a\r\n\tb\u001b[31m\u202e c ')).toBe('a b [31m c');
  expect(oneLine('x'.repeat(1_000_000))).toHaveLength(301);
});

test('the reason of a failed request is found in what engines answer', () => {
  expect(reasonIn({ message: 'docker' })).toBe('docker');
  expect(reasonIn({ error: 'podman' })).toBe('podman');
  expect(reasonIn('a proxy')).toBe('a proxy');
  expect(reasonIn(null)).toBe('');
});
