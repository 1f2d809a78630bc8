import { expect, test } from 'vitest';
import { FAKE_BACKENDS } from '../testing/fake-backends.ts';
import { availability } from './messages.ts';

test('only what the core said cannot be had is unavailable', () => {
  expect(availability([], 'docker')).toEqual({ state: 'available' });
  expect(availability(FAKE_BACKENDS.checking ?? [], 'docker')).toEqual({ state: 'checking' });
  expect(availability(FAKE_BACKENDS.noDocker ?? [], 'bubblewrap')).toEqual({ state: 'available' });
  expect(availability(FAKE_BACKENDS.noDocker ?? [], 'docker')).toMatchObject({
    state: 'unavailable',
    message: 'Docker cannot be reached',
  });
});
