import { expect, test } from 'vitest';
import { FAKE_BACKENDS } from '../testing/fake-backends.ts';
import { availability } from './messages.ts';

test('a backend is unavailable only if the core has said so', () => {
  expect(availability([], 'docker')).toEqual({ state: 'available' });
  expect(availability(FAKE_BACKENDS.checking ?? [], 'docker')).toEqual({ state: 'checking' });
  expect(availability(FAKE_BACKENDS.noDocker ?? [], 'bubblewrap')).toEqual({ state: 'available' });
  expect(availability(FAKE_BACKENDS.noDocker ?? [], 'docker')).toMatchObject({
    state: 'unavailable',
    message: 'Docker cannot be reached',
  });
});
