import { expect, test } from 'vitest';
import { endedWith, fakeSession } from '../testing/fake-session.ts';
import { describeExpiry, expirySentence } from './expiry-words.ts';

const info = fakeSession(1);
const withCommands = (maxCommands: number) => ({
  limits: { ...info.limits, values: { ...info.limits.values, maxCommands } },
});

test('the limit that ran out is named with what it was', () => {
  expect(describeExpiry('idle_timeout', info)).toBe('nothing was typed for 1 hour');
  expect(describeExpiry('max_duration', info, 5_400)).toBe('it was open for its maximum of 1 hour 30 minutes');
  expect(describeExpiry('idle_timeout', info, 20, 2_400)).toBe(
    'nothing was typed for 40 minutes, and its idle timeout is 20 seconds',
  );
  expect(describeExpiry('max_duration', info, 60, 120)).toBe('it was open for 2 minutes, and its maximum is 1 minute');
  expect(describeExpiry('command_limit', withCommands(20))).toBe('it has run the last of its 20 commands');
  expect(describeExpiry('command_limit', withCommands(1))).toBe('it has run its one command');
});

test('“nothing was typed” is said only where typing alone counts', () => {
  const limits = { ...info.limits, values: { ...info.limits.values, activity: ['input' as const, 'output' as const] } };
  expect(describeExpiry('idle_timeout', { limits })).toBe('there was no activity for 1 hour');
});

test('an end without a limit has no such sentence', () => {
  expect(expirySentence(info, endedWith({ reason: 'auto_reset', expired: 'idle_timeout', limitSeconds: 60 }))).toBe(
    'Nothing was typed for 1 minute.',
  );
  expect(expirySentence(info, endedWith({ reason: 'closed', expired: null }))).toBeNull();
});
