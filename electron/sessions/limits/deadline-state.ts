import type { EffectiveLimits, Limits } from '../../../shared/limits.ts';
import type { Activity, Deadline, SessionWarning } from '../../../shared/session.ts';
import { type Deadlines, deadlines, type ThawEnd, type TimeState, thawEnd, type WarningCounts } from './deadlines.ts';

/**
 * Whether the program is stopped where it stands, and by whom. While it is frozen its idle timeout rests; its maximum
 * duration does not.
 */
export type Freeze =
  | { readonly kind: 'running' }
  | { readonly kind: 'frozen_by_user'; readonly sinceMs: number }
  /** A deadline has passed, and the program is being stopped. No other deadline counts until that has succeeded or failed. */
  | {
      readonly kind: 'freezing';
      readonly by: Deadline;
      /** The user had frozen it before; null where not. */
      readonly frozenByUserMs: number | null;
      /** The user did something meanwhile: it is thawed as soon as it is frozen. */
      readonly isWanted: boolean;
    }
  | {
      readonly kind: 'frozen_by_limit';
      readonly by: Deadline;
      readonly sinceMs: number;
      /** Since when its idle timeout rests: earlier than `sinceMs` where the user had frozen it before. */
      readonly restingMs: number;
      /** The limit that ran out, extensions included, in seconds. */
      readonly limitSeconds: number;
      /** A moment before which it does not close, because a change of limits had moved that earlier. */
      readonly notBeforeMs: number | null;
    };

/** Everything that is known of a session's deadlines. Times are in milliseconds on the session's clock. */
export interface DeadlineState {
  /** `starting`: the shell does not run yet; `over`: a deadline has closed the session, or it ends for another reason. */
  readonly watch: 'starting' | 'watching' | 'over';
  readonly stoppedMs: number | null;
  readonly limits: EffectiveLimits;
  readonly startedMs: number;
  /** Since when idle time counts: the last activity, moved by the time that the session was frozen. */
  readonly idleSinceMs: number;
  readonly lastActivity: { readonly kind: Activity['kind']; readonly atMs: number };
  readonly freeze: Freeze;
  /** What extensions added to the present idle period. */
  readonly idleExtraMs: number;
  readonly maxExtraMs: number;
  readonly extensionsUsed: number;
  /** What a change of limits has left to each deadline at least. */
  readonly notBefore: Deadlines;
  /** How many warnings of each deadline were given. */
  readonly warned: WarningCounts;
  /** The warning in force. */
  readonly warning: SessionWarning | null;
  /** When activity was probed for last. */
  readonly probedMs: number;
  readonly isProbing: boolean;
  /** When to judge again; null while nothing can become due. */
  readonly wakeAtMs: number | null;
}

/** The time of a session that an earlier run of the app opened. All durations are in milliseconds, up to now. */
export interface RestoredTime {
  readonly ageMs: number;
  /** Since its last activity; for one that is frozen, up to when it was frozen. */
  readonly idleMs: number;
  readonly lastActivity: Activity;
  /** How long the user has had it frozen; null where they have not. */
  readonly frozenMs: number | null;
  readonly idleExtraMs: number;
  readonly maxExtraMs: number;
  readonly extensionsUsed: number;
  /** Warnings that were given. */
  readonly warned: WarningCounts;
}

const NO_BOUNDS: Deadlines = { idle_timeout: null, max_duration: null };

/** The state of a session that is opened now: `nowMs` on its clock, `wallMs` since the Unix epoch. */
export function initialState(
  limits: EffectiveLimits,
  nowMs: number,
  wallMs: number,
  restored?: RestoredTime,
): DeadlineState {
  const fresh = {
    watch: 'starting',
    stoppedMs: null,
    limits,
    startedMs: nowMs,
    idleSinceMs: nowMs,
    lastActivity: { kind: 'start', atMs: nowMs },
    freeze: { kind: 'running' },
    idleExtraMs: 0,
    maxExtraMs: 0,
    extensionsUsed: 0,
    notBefore: NO_BOUNDS,
    warned: { idle_timeout: 0, max_duration: 0 },
    warning: null,
    probedMs: Number.NEGATIVE_INFINITY,
    isProbing: false,
    wakeAtMs: null,
  } as const satisfies DeadlineState;
  if (restored === undefined) return fresh;
  const { ageMs, idleMs, lastActivity, frozenMs, idleExtraMs, maxExtraMs, extensionsUsed, warned } = restored;
  return {
    ...fresh,
    watch: 'watching',
    startedMs: nowMs - ageMs,
    idleSinceMs: nowMs - idleMs - (frozenMs ?? 0),
    lastActivity: { kind: lastActivity.kind, atMs: nowMs - (wallMs - lastActivity.at) },
    freeze: frozenMs === null ? { kind: 'running' } : { kind: 'frozen_by_user', sinceMs: nowMs - frozenMs },
    idleExtraMs,
    maxExtraMs,
    extensionsUsed,
    warned,
  };
}

/** Since when the idle timeout rests; null while it counts. */
export function restingSince({ freeze }: Pick<DeadlineState, 'freeze'>): number | null {
  switch (freeze.kind) {
    case 'running':
      return null;
    case 'freezing':
      return freeze.frozenByUserMs;
    case 'frozen_by_user':
      return freeze.sinceMs;
    case 'frozen_by_limit':
      return freeze.restingMs;
  }
}

/** The limits in force: the idle timeout is off while it rests. */
export function limitsInForce(state: DeadlineState): Limits {
  const { values } = state.limits;
  return restingSince(state) === null ? values : { ...values, idleTimeoutSeconds: 0 };
}

/** What the deadlines depend on besides the limits. */
export function timeOf(state: DeadlineState): TimeState {
  const { startedMs, idleSinceMs: lastActivityMs, idleExtraMs, maxExtraMs, notBefore } = state;
  return { startedMs, lastActivityMs, idleExtraMs, maxExtraMs, notBefore };
}

/** When each deadline passes. */
export function deadlinesOf(state: DeadlineState): Deadlines {
  return deadlines(limitsInForce(state), timeOf(state));
}

/** The deadline that has frozen the session; null where none has. */
export function frozenBy({ freeze }: Pick<DeadlineState, 'freeze'>): Deadline | null {
  return freeze.kind === 'frozen_by_limit' ? freeze.by : null;
}

/** When a session closes that the deadline `by` has frozen at `sinceMs`. */
export function thawEndOf(state: DeadlineState, by: Deadline, sinceMs: number): ThawEnd {
  const { values, caps } = state.limits;
  const canExtend = state.extensionsUsed < values.extensions.count;
  const end = thawEnd(limitsInForce(state), caps, timeOf(state), { by, sinceMs }, canExtend);
  const bound = state.freeze.kind === 'frozen_by_limit' ? state.freeze.notBeforeMs : null;
  return { ...end, atMs: Math.max(end.atMs, bound ?? Number.NEGATIVE_INFINITY) };
}

/** Until when the session can be thawed; null where no deadline has frozen it. */
export function thawUntil(state: DeadlineState): number | null {
  const { freeze } = state;
  return freeze.kind === 'frozen_by_limit' ? thawEndOf(state, freeze.by, freeze.sinceMs).atMs : null;
}

/** Milliseconds since the last activity, up to the moment when the session ended or was frozen. */
export function idleMsAt(state: DeadlineState, nowMs: number): number {
  return Math.max(0, (state.stoppedMs ?? restingSince(state) ?? nowMs) - state.idleSinceMs);
}

/** How far past its first deadline the session is, in milliseconds: negative before it, null without one. */
export function overdueMsAt(state: DeadlineState, nowMs: number): number | null {
  if (state.watch !== 'watching' || state.freeze.kind === 'freezing') return null;
  const { idle_timeout: idleMs, max_duration: maxMs } = deadlinesOf(state);
  const nextMs = thawUntil(state) ?? Math.min(idleMs ?? Number.POSITIVE_INFINITY, maxMs ?? Number.POSITIVE_INFINITY);
  return nextMs === Number.POSITIVE_INFINITY ? null : nowMs - nextMs;
}

/** What a deadline's limit is, extensions included, in seconds. */
export function limitSecondsOf(state: DeadlineState, deadline: Deadline): number {
  const { freeze, idleExtraMs, maxExtraMs } = state;
  const { idleTimeoutSeconds, maxDurationSeconds } = state.limits.values;
  if (freeze.kind === 'frozen_by_limit' && freeze.by === deadline) return freeze.limitSeconds;
  return deadline === 'idle_timeout'
    ? idleTimeoutSeconds + idleExtraMs / 1_000
    : maxDurationSeconds + maxExtraMs / 1_000;
}

/** How long the session has gone without activity, or has been open, when that limit ran out, in seconds. */
export function elapsedSecondsAt(state: DeadlineState, deadline: Deadline, nowMs: number): number {
  const { freeze } = state;
  const endMs = state.stoppedMs ?? nowMs;
  if (deadline === 'idle_timeout') return Math.max(0, (restingSince(state) ?? endMs) - state.idleSinceMs) / 1_000;
  const isFrozen = freeze.kind === 'frozen_by_limit' && freeze.by === 'max_duration';
  return ((isFrozen ? freeze.sinceMs : endMs) - state.startedMs) / 1_000;
}
