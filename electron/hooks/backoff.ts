/** How often and when a delivery is tried again. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Milliseconds after the first failure. */
  readonly initialBackoffMs: number;
  /** No pause is longer than this, in milliseconds. */
  readonly maxBackoffMs: number;
}

/**
 * Twelve tries over about two days: Standard Webhooks 1.0.0 (“Deliverability and reliability”) recommends a schedule of
 * several days that begins after seconds.
 */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 12, initialBackoffMs: 5_000, maxBackoffMs: 43_200_000 };

/** Each pause is this many times as long as the one before. */
const FACTOR = 4;

/**
 * How long to wait after a failed try, in milliseconds. Grows fourfold up to the longest; then between half of it and all of
 * it, by `random` in [0, 1), so that what failed together is not tried again together. A receiver that says when to come
 * back (`Retry-After`) is not asked before, as far as the longest pause allows.
 *
 * @param failures Tries that have failed so far, this one included: 1 and up.
 */
export function backoffAfter(rule: RetryPolicy, failures: number, random: number, retryAfterMs: number | null): number {
  // Beyond this exponent every pause is the longest, and the power would not stay finite.
  const exponent = Math.min(Math.max(0, failures - 1), 30);
  const full = Math.min(rule.maxBackoffMs, rule.initialBackoffMs * FACTOR ** exponent);
  const jittered = full / 2 + (full / 2) * random;
  const asked = retryAfterMs === null ? 0 : Math.min(retryAfterMs, rule.maxBackoffMs);
  return Math.round(Math.max(jittered, asked));
}

/**
 * What a `Retry-After` header asks for, in milliseconds from now (RFC 9110, section 10.2.3: seconds, or an HTTP date); null
 * when it says nothing that can be understood. A date that has passed asks for nothing.
 */
export function retryAfterMs(header: string | null, wallMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000;
  // `Date.parse` takes much more than HTTP dates; these begin with the day of the week.
  if (text.length > 40 || !/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - wallMs);
}
