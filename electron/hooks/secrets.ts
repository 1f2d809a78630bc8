/** Bytes of a signing secret (Standard Webhooks 1.0.0, “Signature scheme”). */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
/** Secrets that one webhook may have: each is one more signature on each request. */
export const MAX_SECRETS = 8;

/** What a secret looks like, for messages. */
export const SECRET_FORMAT = `“whsec_” and then ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64`;

/** Whether a text is a signing secret as Standard Webhooks writes them: `whsec_` and the base64 of 24 to 64 bytes. */
export function isSecret(text: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text)) return false;
  const encoded = text.slice('whsec_'.length);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return false;
  return bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES;
}

/**
 * The secrets in a file or a variable: separated by spaces, commas or line breaks; `#` begins a comment.
 *
 * @returns null when there is none, when there are too many, or when one is not a secret.
 */
export function parseSecrets(text: string): readonly string[] | null {
  const secrets = text
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*$/, ''))
    .flatMap((line) => line.split(/[\s,]+/))
    .filter((part) => part !== '');
  if (secrets.length === 0 || secrets.length > MAX_SECRETS) return null;
  return secrets.every(isSecret) ? secrets : null;
}
