import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ON_EXPIRY } from '../../shared/limits.ts';
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
    expect(idle('5s')).toEqual({ ok: false, message: 'Must be 1m to 7d.' });
    expect(idle('1h', strict)).toEqual({ ok: false, message: 'The policy allows 1m to 15m.' });
    expect(idle('off', strict)).toEqual({ ok: false, message: 'The policy does not allow switching this off.' });
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

test('a maximum of commands can be off, unless the policy has one', () => {
  const parse = (text: string, policy = open) =>
    parseSetting(text, { kind: 'number', unit: '' }, rangeOf('limits.maxCommands', policy));
  const capped = policySchema.parse({ maxMaxCommands: 50 });
  expect(parse('0')).toEqual({ ok: true, value: 0 });
  expect(parse('1000000')).toEqual({ ok: true, value: 1_000_000 });
  expect(parse('1000001')).toEqual({ ok: false, message: 'Must be 0 to 1000000.' });
  expect(parse('50', capped)).toEqual({ ok: true, value: 50 });
  for (const text of ['0', '51']) {
    expect(parse(text, capped)).toEqual({ ok: false, message: 'The policy allows 1 to 50.' });
  }
});

test('what is kept has bounds, and 0 is none of them', () => {
  const bounds = {
    'history.keepDays': 36_500,
    'history.keepSessions': 1_000_000,
    'history.keepMegabytes': 1e8,
  } as const;
  for (const [path, most] of Object.entries(bounds)) {
    const row = rows.find((candidate) => candidate.path === path);
    if (row === undefined) throw new Error(path);
    expect(rangeOf(row.path, open)).toMatchObject({ min: 0, max: most });
    expect(row.description).toContain('The oldest are removed first, together with their recordings.');
  }
});

test('each value of “When time is up” is explained', () => {
  const { control } = rows.find(({ path }) => path === 'limits.onExpiry') ?? {};
  if (control?.kind !== 'choice') throw new Error('It is no choice.');
  expect(control.options.map(({ value }) => value)).toEqual([...ON_EXPIRY]);
  for (const { about } of control.options) expect(about).toMatch(/\.$/);
  expect(settingText('reset', control)).toBe('Close; any key starts a new session');
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
  expect(searchSections('freeze').flatMap((section) => section.rows.map((row) => row.path))).toEqual([
    'limits.onExpiry',
    'limits.thawWindowSeconds',
  ]);
  expect(searchSections('zzz')).toEqual([]);
});
