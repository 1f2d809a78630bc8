import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, policySchema, SETTING_PATHS } from '../../shared/settings.ts';
import { parseSetting, settingText } from './parse.ts';
import { rangeOf, sameValue, settingAt } from './paths.ts';
import { SECTIONS, searchSections } from './rows.ts';

const rows = SECTIONS.flatMap((section) => section.rows);
const open = policySchema.parse({});
const strict = policySchema.parse({ maxIdleTimeoutSeconds: 900 });
const duration = { kind: 'duration' } as const;

test('every setting has exactly one row', () => {
  expect(rows.map((row) => row.path).sort()).toEqual([...SETTING_PATHS].sort());
});

test('the text of every default reads back as the same value', () => {
  for (const { path, control } of rows) {
    if (control.kind === 'switch' || control.kind === 'choice' || control.kind === 'several') continue;
    const value = settingAt(DEFAULT_SETTINGS, path);
    const parsed = parseSetting(settingText(value, control), control, rangeOf(path, open));
    expect(parsed.ok && sameValue(parsed.value, value), path).toBe(true);
  }
});

describe('a time limit', () => {
  const idle = (text: string, policy = open) =>
    parseSetting(text, duration, rangeOf('limits.local.idleTimeoutSeconds', policy));

  test('is typed as people write it', () => {
    expect(idle('15m')).toEqual({ ok: true, value: 900 });
    expect(idle('1h 30m')).toEqual({ ok: true, value: 5_400 });
    expect(idle('90')).toEqual({ ok: true, value: 90 });
    expect(idle('off')).toEqual({ ok: true, value: 0 });
  });

  test('outside of its range says what the range is', () => {
    expect(idle('5s')).toEqual({ ok: false, message: 'It can be 1m to 7d.' });
    expect(idle('1h', strict)).toEqual({ ok: false, message: 'The policy allows 1m to 15m.' });
    expect(idle('off', strict)).toEqual({ ok: false, message: 'The policy does not allow it to be off.' });
    expect(idle('soon').ok).toBe(false);
  });
});

test('warnings are sorted, longest first, and each is there once', () => {
  const parse = (text: string) => parseSetting(text, { kind: 'durations' }, rangeOf('limits.warnBeforeSeconds', open));
  expect(parse('10s, 5m, 1m, 60')).toEqual({ ok: true, value: [300, 60, 10] });
  expect(parse('')).toEqual({ ok: true, value: [] });
  expect(parse('5m, x').ok).toBe(false);
  expect(parse('1,2,3,4,5,6,7,8,9').ok).toBe(false);
});

test('numbers are whole and in range', () => {
  const parse = (text: string) => parseSetting(text, { kind: 'number', unit: '' }, rangeOf('terminal.fontSize', open));
  expect(parse('14')).toEqual({ ok: true, value: 14 });
  for (const text of ['', '1.5', '-8', '1e1', '7', '33', '٣']) expect(parse(text).ok, text).toBe(false);
});

test('any text is read or refused with a sentence, never a throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const { path, control } of rows) {
        const parsed = parseSetting(text, control, rangeOf(path, strict));
        if (!parsed.ok) expect(parsed.message).toMatch(/\.$/);
      }
    }),
  );
});

test('search finds rows by any of their words', () => {
  expect(searchSections('idle timeout').flatMap((section) => section.rows.map((row) => row.name))).toContain(
    'Idle timeout',
  );
  expect(searchSections('theme').map((section) => section.id)).toEqual(['appearance']);
  expect(searchSections('zzz')).toEqual([]);
});
