/** What {@link parseDuration} gives: whole seconds, or a sentence for the person who typed it. */
export type ParsedDuration = { ok: true; seconds: number } | { ok: false; message: string };

const SECONDS_PER_UNIT = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
type Unit = keyof typeof SECONDS_PER_UNIT;

const UNIT_WORDS: Readonly<Record<string, Unit>> = {
  d: 'd',
  day: 'd',
  days: 'd',
  h: 'h',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  m: 'm',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  s: 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
};

const HELP = 'Enter a time such as 15m, 1h 30m, 90s or 900 (seconds).';

/**
 * Reads a duration as people write it: `15m`, `1h 30m`, `1.5h`, `90 seconds`, `1:30:00`, `12:40`, a bare number of
 * seconds, or `off` / `never` for 0. Gives whole seconds (rounded), 0 up.
 */
export function parseDuration(text: string): ParsedDuration {
  const input = text.trim().toLowerCase();
  if (input === '') return { ok: false, message: HELP };
  if (input === 'off' || input === 'never' || input === 'none') return { ok: true, seconds: 0 };
  if (/^\d+(\.\d+)?$/.test(input)) return finite(Number(input));
  const clock = /^(?:(\d+):)?(\d{1,2}):(\d{2})$/.exec(input);
  if (clock) {
    const [, hours = '0', minutes = '0', seconds = '0'] = clock;
    if (Number(seconds) > 59 || (clock[1] !== undefined && Number(minutes) > 59)) return { ok: false, message: HELP };
    return finite(Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds));
  }
  let total = 0;
  const seen = new Set<Unit>();
  const rest = input.replace(/(\d+(?:\.\d+)?)\s*([a-z]+)[\s,]*/g, (part, amount: string, word: string) => {
    const unit = UNIT_WORDS[word];
    if (unit === undefined || seen.has(unit)) return part;
    seen.add(unit);
    total += Number(amount) * SECONDS_PER_UNIT[unit];
    return '';
  });
  return rest.trim() === '' && seen.size > 0 ? finite(total) : { ok: false, message: HELP };
}

function finite(seconds: number): ParsedDuration {
  const rounded = Math.round(seconds);
  return Number.isSafeInteger(rounded) ? { ok: true, seconds: rounded } : { ok: false, message: HELP };
}

/** The short form a person would type back: `1h 30m`, `45s`; `off` for 0. Parsing it gives the same seconds. */
export function formatDuration(seconds: number): string {
  if (seconds <= 0) return 'off';
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / SECONDS_PER_UNIT[unit]);
    rest -= count * SECONDS_PER_UNIT[unit];
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.length > 0 ? parts.join(' ') : '0s';
}

/** A countdown or a length as digits: `0:48`, `12:40`, `1:00:00`. Negative values read as `0:00`. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor((whole % 3_600) / 60);
  const pad = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** A length in words for sentences: `15 minutes`, `1 hour 30 minutes`, `1 second`. */
export function describeDuration(seconds: number): string {
  const words = { d: 'day', h: 'hour', m: 'minute', s: 'second' } as const;
  const parts: string[] = [];
  let rest = Math.max(0, Math.round(seconds));
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / SECONDS_PER_UNIT[unit]);
    rest -= count * SECONDS_PER_UNIT[unit];
    if (count > 0) parts.push(`${count} ${words[unit]}${count === 1 ? '' : 's'}`);
  }
  return parts.length > 0 ? parts.join(' ') : '0 seconds';
}
