/** A size in bytes, kB or MB (powers of ten). */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(bytes < 100_000_000 ? 1 : 0)} MB`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const CLOCK_SECONDS = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** A moment as a time of day, with its date if that is not today's. */
export function formatMoment(at: number, now: number, seconds = false): string {
  const time = (seconds ? CLOCK_SECONDS : CLOCK).format(at);
  return new Date(at).toDateString() === new Date(now).toDateString() ? time : `${DAY.format(at)}, ${time}`;
}

/** A message as a sentence of its own: with a full stop, unless it ends like a sentence already. */
export function asSentence(message: string): string {
  const text = message.trim();
  return text === '' || /[.?!…]$/.test(text) ? text : `${text}.`;
}
