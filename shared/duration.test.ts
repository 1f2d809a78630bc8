import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeDuration, formatClock, formatDuration, parseDuration } from './duration.ts';
import { MAX_LIMIT_SECONDS } from './limits.ts';

const seconds = fc.integer({ min: 0, max: MAX_LIMIT_SECONDS });

test.each([
  ['the short form', formatDuration],
  ['the words', describeDuration],
  ['the clock', formatClock],
])('%s of any time can be typed back', (_form, write) => {
  fc.assert(
    fc.property(seconds, (value) => {
      expect(parseDuration(write(value))).toEqual({ ok: true, seconds: value });
    }),
  );
});

test.each([
  ['15m', 900],
  ['1h 30m', 5_400],
  ['1h30m', 5_400],
  ['1 hour, 30 minutes', 5_400],
  ['1:30:00', 5_400],
  ['12:40', 760],
  ['0.5h', 1_800],
  ['1.5h', 5_400],
  ['90 seconds', 90],
  ['900', 900],
  [' 15 MIN ', 900],
  ['2d', 172_800],
  ['off', 0],
  ['Never', 0],
  ['0', 0],
  ['0.4s', 0],
])('“%s” is %d seconds', (text, expected) => {
  expect(parseDuration(text)).toEqual({ ok: true, seconds: expected });
});

test.each([
  '',
  '   ',
  'soon',
  '15x',
  '10m 5m',
  '1h 1 hour',
  '-5m',
  '5m-',
  '1e3',
  '0x10',
  'm',
  '5 m 3',
  '1:2:3:4',
  ':30',
  '12:99',
  '1:75:00',
  '1..5h',
  '5 constructor',
  '9'.repeat(400),
  '1'.repeat(20),
])('“%s” is refused with an example of what to write', (text) => {
  expect(parseDuration(text)).toEqual({ ok: false, message: expect.stringContaining('15m') });
});

test('whatever is typed, the answer is whole seconds or a sentence', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseDuration(text);
      if (parsed.ok) expect(Number.isSafeInteger(parsed.seconds) && parsed.seconds >= 0).toBe(true);
      else expect(parsed.message).not.toBe('');
    }),
  );
});

test.each([
  [0, 'off', '0:00', '0 seconds'],
  [1, '1s', '0:01', '1 second'],
  [48, '48s', '0:48', '48 seconds'],
  [760, '12m 40s', '12:40', '12 minutes 40 seconds'],
  [3_600, '1h', '1:00:00', '1 hour'],
  [90_061, '1d 1h 1m 1s', '25:01:01', '1 day 1 hour 1 minute 1 second'],
])('%d seconds read as %s, %s and %s', (value, short, clock, words) => {
  expect([formatDuration(value), formatClock(value), describeDuration(value)]).toEqual([short, clock, words]);
});

test('a countdown never shows less than nothing', () => {
  expect(formatClock(-3)).toBe('0:00');
  expect(formatDuration(-3)).toBe('off');
  expect(describeDuration(-3)).toBe('0 seconds');
});
