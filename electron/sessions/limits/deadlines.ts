import type { Limits } from '../../../shared/limits.ts';
import type { Deadline, SessionWarning, WarningDeadline } from '../../../shared/session.ts';

/** Everything a deadline depends on besides the limits. Times are in milliseconds on the session's clock. */
export interface TimeState {
  readonly startedMs: number;
  readonly lastActivityMs: number;
  /** What extensions added to the present idle period; the next activity ends it. */
  readonly idleExtraMs: number;
  /** What extensions added to the maximum duration. */
  readonly maxExtraMs: number;
  /** Moments before which the deadlines do not pass, because a change of limits had moved them earlier. */
  readonly notBefore?: Deadlines;
}

type TimeLimits = Pick<Limits, 'idleTimeoutSeconds' | 'maxDurationSeconds' | 'warnBeforeSeconds'>;

/** When each deadline passes if nothing changes, in milliseconds on the session's clock; null while it is off. */
export type Deadlines = Readonly<Record<Deadline, number | null>>;

/** How many of each deadline's warnings are due by now. */
export type WarningCounts = Readonly<Record<Deadline, number>>;

/** Names of the deadlines in warnings. */
const WARNING_NAMES = {
  idle_timeout: 'idle',
  max_duration: 'max',
} as const satisfies Record<Deadline, WarningDeadline>;

/** What is due at one moment, and when to judge again. */
export interface Verdict {
  /** The deadline that has passed: the earlier one if both have. */
  readonly expired: { readonly deadline: Deadline; readonly atMs: number } | null;
  /** Warnings due, those already given included. */
  readonly due: WarningCounts;
  /** The warning in force: that of the nearer deadline which has one. */
  readonly warning: SessionWarning | null;
  /** When the next warning or deadline comes; null without a deadline. */
  readonly wakeAtMs: number | null;
}

/** Both deadlines. */
export function deadlines(limits: TimeLimits, time: TimeState): Deadlines {
  const at = (beginMs: number, seconds: number, extraMs: number, notBeforeMs: number | null = null): number | null =>
    seconds === 0 ? null : Math.max(beginMs + seconds * 1_000 + extraMs, notBeforeMs ?? Number.NEGATIVE_INFINITY);
  return {
    idle_timeout: at(time.lastActivityMs, limits.idleTimeoutSeconds, time.idleExtraMs, time.notBefore?.idle_timeout),
    max_duration: at(time.startedMs, limits.maxDurationSeconds, time.maxExtraMs, time.notBefore?.max_duration),
  };
}

/** The least time a session has left after a change of its limits if no warning applies to it, in seconds. */
const CHANGE_NOTICE_SECONDS = 10;

/** How long before its end a session gets the last warning of a timeout, in seconds. */
export function lastWarningSeconds(warnBeforeSeconds: readonly number[], timeoutSeconds: number): number {
  return applicableWarnings(warnBeforeSeconds, timeoutSeconds).at(-1) ?? CHANGE_NOTICE_SECONDS;
}

/**
 * The moment before which a deadline may not come once its limit was changed at `nowMs`: the session gets the time of its
 * last warning, but never more time than it had before the change.
 *
 * @param previousMs when the deadline would have come without the change; null: never.
 * @param nextMs when it comes by the new limits alone; null: never.
 * @returns null where the new limits need no such bound: they leave time enough, or more than there was.
 */
export function notBeforeAfterChange(
  previousMs: number | null,
  nextMs: number | null,
  noticeSeconds: number,
  nowMs: number,
): number | null {
  if (nextMs === null) return null;
  const earliestMs = Math.min(previousMs ?? Number.POSITIVE_INFINITY, nowMs + noticeSeconds * 1_000);
  return nextMs < earliestMs ? earliestMs : null;
}

/** What a change of limits is judged by for one deadline: the warnings that apply, and how many of them are due. */
export interface WarningState {
  readonly warnings: readonly number[];
  readonly due: number;
}

/**
 * How many warnings count as given right after a change of limits, so that the session is warned again exactly where it
 * was not yet warned that its end is as near as that.
 */
export function givenAfterChange(before: WarningState, after: WarningState): number {
  const given = before.warnings[before.due - 1];
  const due = after.warnings[after.due - 1];
  if (due === undefined) return after.due;
  return given !== undefined && given <= due ? after.due : after.due - 1;
}

/** The warnings that apply to a timeout: those shorter than it, longest first, each once. */
export function applicableWarnings(warnBeforeSeconds: readonly number[], timeoutSeconds: number): readonly number[] {
  return [...new Set(warnBeforeSeconds)].filter((before) => before < timeoutSeconds).sort((a, b) => b - a);
}

/** Judges one moment. A pure function: the same arguments give the same verdict, and it never fires early. */
export function judge(limits: TimeLimits, time: TimeState, nowMs: number): Verdict {
  const at = deadlines(limits, time);
  const of = {
    idle_timeout: judgeOne(
      at.idle_timeout,
      applicableWarnings(limits.warnBeforeSeconds, limits.idleTimeoutSeconds),
      nowMs,
    ),
    max_duration: judgeOne(
      at.max_duration,
      applicableWarnings(limits.warnBeforeSeconds, limits.maxDurationSeconds),
      nowMs,
    ),
  };
  const isIdleNearer = (at.idle_timeout ?? Number.POSITIVE_INFINITY) <= (at.max_duration ?? Number.POSITIVE_INFINITY);
  const nearestFirst: readonly Deadline[] = isIdleNearer
    ? ['idle_timeout', 'max_duration']
    : ['max_duration', 'idle_timeout'];
  const expired = nearestFirst.find((deadline) => of[deadline].expired);
  const warned = nearestFirst.find((deadline) => of[deadline].due > 0);
  const expiredAt = expired === undefined ? null : at[expired];
  return {
    expired: expired === undefined || expiredAt === null ? null : { deadline: expired, atMs: expiredAt },
    due: { idle_timeout: of.idle_timeout.due, max_duration: of.max_duration.due },
    warning: warned === undefined ? null : warningOf(warned, of[warned]),
    wakeAtMs: earliest(of.idle_timeout.wakeAtMs, of.max_duration.wakeAtMs),
  };
}

interface OneVerdict {
  readonly expired: boolean;
  readonly due: number;
  readonly warnings: readonly number[];
  readonly wakeAtMs: number | null;
}

function judgeOne(atMs: number | null, warnings: readonly number[], nowMs: number): OneVerdict {
  if (atMs === null) return { expired: false, due: 0, warnings, wakeAtMs: null };
  const due = warnings.filter((before) => atMs - before * 1_000 <= nowMs).length;
  const next = warnings[due];
  return {
    expired: nowMs >= atMs,
    due,
    warnings,
    wakeAtMs: next === undefined ? atMs : atMs - next * 1_000,
  };
}

function warningOf(deadline: Deadline, verdict: OneVerdict): SessionWarning {
  const stage = verdict.due - 1;
  return {
    deadline: WARNING_NAMES[deadline],
    beforeSeconds: verdict.warnings[stage] ?? 0,
    stage,
    last: verdict.due === verdict.warnings.length,
  };
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}

/** What an extension may add to each deadline, in milliseconds, without passing the caps (0 = no cap). */
export function grantExtension(
  limits: TimeLimits & Pick<Limits, 'extensions'>,
  caps: { readonly idleTimeoutSeconds: number; readonly maxDurationSeconds: number },
  time: TimeState,
): { readonly idleMs: number; readonly maxMs: number } {
  const wanted = limits.extensions.seconds * 1_000;
  const at = deadlines(limits, time);
  const room = (atMs: number | null, beginMs: number, capSeconds: number): number => {
    if (atMs === null) return 0;
    if (capSeconds === 0) return wanted;
    return Math.min(wanted, Math.max(0, beginMs + capSeconds * 1_000 - atMs));
  };
  return {
    idleMs: room(at.idle_timeout, time.lastActivityMs, caps.idleTimeoutSeconds),
    maxMs: room(at.max_duration, time.startedMs, caps.maxDurationSeconds),
  };
}

/** When a session that a deadline has frozen closes, and for which deadline. */
export interface ThawEnd {
  readonly deadline: Deadline;
  readonly atMs: number;
}

/**
 * Until when a session that the deadline `by` has frozen can be thawed: for its thaw window, and for as long as it would
 * have time left afterwards. Past its maximum duration a thaw takes an extension, so the last moment is the end of that
 * extension; `canExtend` says whether one is left. The moment may be in the past, and then nothing can be thawed.
 */
export function thawEnd(
  limits: TimeLimits & Pick<Limits, 'extensions' | 'thawWindowSeconds'>,
  caps: { readonly idleTimeoutSeconds: number; readonly maxDurationSeconds: number },
  time: TimeState,
  frozen: { readonly by: Deadline; readonly sinceMs: number },
  canExtend: boolean,
): ThawEnd {
  const windowEndMs = frozen.sinceMs + limits.thawWindowSeconds * 1_000;
  const { max_duration: maxMs } = deadlines(limits, time);
  if (maxMs === null) return { deadline: frozen.by, atMs: windowEndMs };
  const lastMs = maxMs + (canExtend ? grantExtension(limits, caps, time).maxMs : 0);
  return lastMs < windowEndMs ? { deadline: 'max_duration', atMs: lastMs } : { deadline: frozen.by, atMs: windowEndMs };
}
