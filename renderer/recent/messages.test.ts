import { expect, test } from 'vitest';
import { endedWith } from '../testing/fake-session.ts';
import { describeLength, describePast } from './messages.ts';

test('what is long gone does not wait for a key press', () => {
  expect(describePast(endedWith({ reason: 'auto_reset' }))).toBe('Closed when its time was up');
  expect(describePast(endedWith({ reason: 'app_crash' }))).toBe('Ended when Sandglass stopped unexpectedly');
});

test('a length has seconds only if it is short', () => {
  expect(describeLength(48.4)).toBe('48 seconds');
  expect(describeLength(599)).toBe('9 minutes 59 seconds');
  expect(describeLength(9_312)).toBe('2 hours 35 minutes');
});
