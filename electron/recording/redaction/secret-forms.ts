/** Longer values are found only as they are: their other forms would take much memory, and are hardly ever printed. */
const MAX_BYTES_OF_FORMS = 4_096;
/** Shorter ones are part of too much else once they are encoded, in characters. */
const MIN_ENCODED = 8;

/**
 * The ways in which programs commonly write a value: as it is, as shells quote it (`export -p`, `set -x`, `printf %q`), in
 * JSON, in addresses, and in Base64 with anything before and after it (HTTP's Basic authentication). Each only once.
 */
export function formsOf(value: string): string[] {
  const forms = new Set([value]);
  const bytes = Buffer.from(value);
  if (bytes.length > MAX_BYTES_OF_FORMS) return [...forms];
  forms.add(JSON.stringify(value).slice(1, -1));
  forms.add(value.replace(/[\\"$`]/g, '\\$&'));
  forms.add(value.replaceAll("'", "'\\''"));
  forms.add(value.replace(/[^\w@%+=:,./\n-]/g, '\\$&'));
  forms.add(value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r'));
  forms.add(encodeURIComponent(value));
  for (const form of encodedForms(bytes)) forms.add(form);
  bytes.fill(0);
  return [...forms];
}

/** What is the same in Base64 whatever stands around the value: one form for each place in a group of three bytes. */
function encodedForms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const own = padded.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6));
    padded.fill(0);
    return own.length < MIN_ENCODED ? [] : [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
