/** The most of an engine's own text that a message repeats, in characters. */
const MAX_CHARACTERS = 300;

/** An engine's text as it may be shown: one line, no control characters, bounded. */
export function oneLine(text: string, max = MAX_CHARACTERS): string {
  const line = text
    .slice(0, max * 4)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.length > max ? `${line.slice(0, max)}…` : line;
}

/** The reason that the body of a failed request gives; empty when it gives none. */
export function reasonIn(body: unknown): string {
  if (typeof body === 'string') return oneLine(body);
  if (typeof body !== 'object' || body === null) return '';
  if ('message' in body && typeof body.message === 'string') return oneLine(body.message);
  if ('error' in body && typeof body.error === 'string') return oneLine(body.error);
  return '';
}
