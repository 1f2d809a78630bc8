/** How often, and after which backoff, a delivery is attempted again. */
export interface RetryPolicy {
  /** The number of attempts, including the first. */
  readonly attempts: number;
  /** Milliseconds after the first failure. */
  readonly initialBackoffMs: number;
  /** No backoff is longer than this, in milliseconds. */
  readonly maxBackoffMs: number;
}

/**
 * Twelve attempts over about two days: Standard Webhooks 1.0.0 (“Deliverability and reliability”) recommends a schedule of
 * several days that begins after seconds.
 */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 12, initialBackoffMs: 5_000, maxBackoffMs: 43_200_000 };

/** Each backoff is this many times as long as the one before. */
const FACTOR = 4;

/**
 * How long to wait after a failed attempt, in milliseconds. Grows fourfold up to the maximum, and is then shortened by up to
 * half with `random` in [0, 1), so that deliveries that failed together are not retried together. An endpoint that says when
 * to come back (`Retry-After`) is not asked earlier, as far as the maximum allows.
 *
 * @param failures Failed attempts so far, including this one: 1 and up.
 */
export function backoffAfter(rule: RetryPolicy, failures: number, random: number, retryAfterMs: number | null): number {
  // Beyond this exponent every backoff is the maximum, and the power would not stay finite.
  const exponent = Math.min(Math.max(0, failures - 1), 30);
  const full = Math.min(rule.maxBackoffMs, rule.initialBackoffMs * FACTOR ** exponent);
  const jittered = full / 2 + (full / 2) * random;
  const asked = retryAfterMs === null ? 0 : Math.min(retryAfterMs, rule.maxBackoffMs);
  return Math.round(Math.max(jittered, asked));
}

/**
 * The delay that a `Retry-After` header asks for, in milliseconds from now (RFC 9110, section 10.2.3: seconds, or an HTTP
 * date); null if it cannot be understood, 0 for a date that has passed.
 */
export function retryAfterMs(header: string | null, wallMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000;
  // `Date.parse` takes much more than HTTP dates; these begin with the day of the week.
  if (text.length > 40 || !/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - wallMs);
}
