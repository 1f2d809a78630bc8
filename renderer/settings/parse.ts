import { describeDuration, formatDuration, parseDuration } from '../../shared/duration.ts';
import type { NumberRange, SettingValue } from './paths.ts';
import type { Control } from './rows.ts';

/** The value of a typed text, or why it has none, as a sentence. */
export type Parsed = { ok: true; value: SettingValue } | { ok: false; message: string };

/** The most warnings a session can have. */
const MAX_WARNINGS = 8;

/** Reads what the user typed for a setting. */
export function parseSetting(text: string, control: Control, range: NumberRange): Parsed {
  switch (control.kind) {
    case 'duration':
      return parseOne(text, range);
    case 'durations':
      return parseMany(text, range);
    case 'number':
      return parseNumber(text, range, control.decimals === true);
    default:
      return { ok: true, value: text };
  }
}

function parseOne(text: string, range: NumberRange): Parsed {
  const parsed = parseDuration(text);
  if (!parsed.ok) return parsed;
  const { seconds } = parsed;
  if (seconds === 0 && range.offAllowed) return { ok: true, value: 0 };
  if (seconds === 0) {
    return {
      ok: false,
      message: range.byPolicy ? 'The policy does not allow switching this off.' : 'This cannot be switched off.',
    };
  }
  if (seconds < range.min || seconds > range.max) {
    const start = range.byPolicy ? 'The policy allows' : 'Must be';
    return { ok: false, message: `${start} ${formatDuration(range.min)} to ${formatDuration(range.max)}.` };
  }
  return { ok: true, value: seconds };
}

function parseMany(text: string, range: NumberRange): Parsed {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  const seconds = new Set<number>();
  for (const part of parts) {
    const parsed = parseOne(part, range);
    if (!parsed.ok) return { ok: false, message: `“${part}”: ${parsed.message}` };
    if (typeof parsed.value === 'number') seconds.add(parsed.value);
  }
  if (seconds.size > MAX_WARNINGS) return { ok: false, message: `At most ${MAX_WARNINGS} times.` };
  return { ok: true, value: [...seconds].sort((a, b) => b - a) };
}

function parseNumber(text: string, range: NumberRange, decimals: boolean): Parsed {
  const trimmed = text.trim();
  // A comma is what many people write for the point.
  const value = Number(decimals ? trimmed.replace(',', '.') : trimmed);
  if (!(decimals ? /^\d+([.,]\d+)?$/ : /^\d+$/).test(trimmed) || value > Number.MAX_SAFE_INTEGER) {
    return { ok: false, message: decimals ? 'Enter a number.' : 'Enter a whole number.' };
  }
  if (value < range.min || value > range.max) {
    const start = range.byPolicy ? 'The policy allows' : 'Must be';
    return { ok: false, message: `${start} ${range.min} to ${range.max}.` };
  }
  return { ok: true, value };
}

/** A setting's value as a person would type or read it. */
export function settingText(value: SettingValue, control: Control): string {
  switch (control.kind) {
    case 'duration':
      return typeof value === 'number' ? formatDuration(value) : String(value);
    case 'durations':
      return Array.isArray(value) ? value.map((seconds) => formatDuration(Number(seconds))).join(', ') : '';
    case 'number':
      return String(value);
    case 'switch':
      return value === true ? 'on' : 'off';
    case 'choice':
      return control.options.find((option) => option.value === value)?.label ?? String(value);
    case 'several':
      return control.options
        .filter((option) => Array.isArray(value) && value.includes(option.value))
        .map((option) => option.label)
        .join(', ');
  }
}

/** A setting's value in a sentence: {@link settingText}, except for a 0 that stands for something else. */
export function describeSetting(value: SettingValue, control: Control): string {
  if (control.kind === 'duration' && typeof value === 'number') return value === 0 ? 'off' : describeDuration(value);
  if (control.kind === 'durations' && Array.isArray(value) && value.length > 0)
    return value.map((seconds) => describeDuration(Number(seconds))).join(', ');
  const zero = control.kind === 'number' && value === 0 ? control.zero : undefined;
  return zero ?? (settingText(value, control) || 'none');
}
