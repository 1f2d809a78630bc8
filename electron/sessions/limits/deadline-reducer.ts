import type { EffectiveLimits } from '../../../shared/limits.ts';
import type { Activity, Deadline, SessionWarning } from '../../../shared/session.ts';
import { type ProbedActivity, probeIntervalMs } from './activity-probe.ts';
import {
  type DeadlineState,
  deadlinesOf,
  type Freeze,
  limitSecondsOf,
  limitsInForce,
  restingSince,
  thawEndOf,
  thawUntil,
  timeOf,
} from './deadline-state.ts';
import {
  applicableWarnings,
  deadlines,
  givenAfterChange,
  grantExtension,
  judge,
  lastWarningSeconds,
  notBeforeAfterChange,
} from './deadlines.ts';

/** What happens to a session's deadlines. */
export type DeadlineEvent =
  /** The shell runs: deadlines count from now on. */
  | { readonly type: 'started' }
  /** There was activity; several in a row may be summed up in the last of them. */
  | { readonly type: 'activity'; readonly kind: Activity['kind']; readonly atMs: number }
  /** It is time to judge. `byTimer`: the timer has fired. */
  | { readonly type: 'checked'; readonly byTimer: boolean }
  /** A probe has answered. */
  | { readonly type: 'probed'; readonly found: ProbedActivity | null; readonly byTimer: boolean }
  /** The user spends an extension. See {@link extensionRefusal} for whether there is one. */
  | { readonly type: 'extended' }
  | { readonly type: 'limits_changed'; readonly limits: EffectiveLimits }
  /** The user has frozen the program. */
  | { readonly type: 'frozen' }
  /** What the `freeze` effect asked for is done. */
  | { readonly type: 'freeze_succeeded' }
  | { readonly type: 'freeze_failed' }
  /** The user did something in the session: if a deadline has frozen it, that thaws it. */
  | { readonly type: 'wanted' }
  /** The program runs again. */
  | { readonly type: 'thawed' }
  /** The session ends. */
  | { readonly type: 'stopped' };

/** What is to be done about it, in order. */
export type DeadlineEffect =
  /** Find activity that nothing notifies of; the answer comes as `probed`. */
  | { readonly type: 'probe'; readonly byTimer: boolean }
  /** A probe has found activity. */
  | { readonly type: 'activity_found' }
  /** A warning has become due. */
  | { readonly type: 'warn'; readonly warning: SessionWarning }
  /** The warning in force is another one, or none. */
  | { readonly type: 'warning_changed' }
  /** The timer was this late for a deadline. */
  | { readonly type: 'late'; readonly ms: number }
  /** A deadline has passed: stop the program; the answer comes as `freeze_succeeded` or `freeze_failed`. */
  | { readonly type: 'freeze' }
  /** A deadline has frozen the session. */
  | { readonly type: 'frozen'; readonly by: Deadline }
  /** Let the program run again; that comes back as `thawed`. */
  | { readonly type: 'thaw' }
  /** The session is thawed. */
  | { readonly type: 'thawed'; readonly frozenMs: number }
  /** An extension was spent. */
  | { readonly type: 'extended'; readonly seconds: number }
  /** A deadline has passed: the session ends. Comes at most once, and last. */
  | { readonly type: 'expire'; readonly by: Deadline };

export interface Step {
  readonly state: DeadlineState;
  readonly effects: readonly DeadlineEffect[];
}

/** The only place where a session's deadlines change. Pure; a state that is `over` has no effects any more. */
export function reduce(state: DeadlineState, event: DeadlineEvent, nowMs: number): Step {
  switch (event.type) {
    case 'started':
      return evaluate(started(state, nowMs), nowMs, false);
    case 'activity':
      return active(state, event.kind, event.atMs, nowMs);
    case 'checked':
      return evaluate(state, nowMs, event.byTimer);
    case 'probed':
      return probed(state, event.found, nowMs, event.byTimer);
    case 'extended':
      return extended(state, nowMs);
    case 'limits_changed':
      return evaluate(withLimits(state, event.limits, nowMs), nowMs, false);
    case 'frozen':
      return evaluate(frozenByUser(state, nowMs), nowMs, false);
    case 'freeze_succeeded':
      return frozenByLimit(state, nowMs);
    case 'freeze_failed':
      return state.watch === 'watching' && state.freeze.kind === 'freezing'
        ? { state: over(state), effects: [{ type: 'expire', by: state.freeze.by }] }
        : unchanged(state);
    case 'wanted':
      return wanted(state);
    case 'thawed':
      return thawed(state, nowMs);
    case 'stopped':
      return unchanged(state.stoppedMs === null ? { ...over(state), stoppedMs: nowMs } : state);
  }
}

/** Why no extension is granted, for the user; null where one is. */
export function extensionRefusal(state: DeadlineState): string | null {
  const { values, caps } = state.limits;
  const { count } = values.extensions;
  if (state.extensionsUsed >= count)
    return count === 0 ? 'This session cannot be extended.' : `All ${count} extensions of this session are used.`;
  const grant = grantExtension(values, caps, timeOf(state));
  return grant.idleMs === 0 && grant.maxMs === 0
    ? 'The policy does not let this session be extended any further.'
    : null;
}

const unchanged = (state: DeadlineState): Step => ({ state, effects: [] });

const RUNNING: Freeze = { kind: 'running' };

function over(state: DeadlineState): DeadlineState {
  return { ...state, watch: 'over', warning: null, isProbing: false, wakeAtMs: null };
}

/** What the start of the shell took is no idle time. */
function started(state: DeadlineState, nowMs: number): DeadlineState {
  if (state.watch !== 'starting') return state;
  const watching: DeadlineState = { ...state, watch: 'watching' };
  return state.lastActivity.kind === 'start' ? withActivity(watching, 'start', nowMs) : watching;
}

/** Begins a new idle period, which leaves behind what the one before was granted. */
function withActivity(state: DeadlineState, kind: Activity['kind'], atMs: number): DeadlineState {
  const { notBefore } = state;
  return {
    ...state,
    lastActivity: { kind, atMs },
    idleSinceMs: atMs,
    idleExtraMs: 0,
    notBefore: notBefore.idle_timeout === null ? notBefore : { ...notBefore, idle_timeout: null },
  };
}

function active(state: DeadlineState, kind: Activity['kind'], atMs: number, nowMs: number): Step {
  if (state.watch === 'over') return unchanged(state);
  const next = withActivity(state, kind, atMs);
  return next.warned.idle_timeout > 0 ? evaluate(next, nowMs, false) : unchanged(next);
}

/** Judges the moment, after a probe where activity that nothing notifies of could change the verdict. */
function evaluate(state: DeadlineState, nowMs: number, byTimer: boolean): Step {
  if (state.watch !== 'watching' || state.freeze.kind === 'freezing' || state.isProbing) return unchanged(state);
  if (!wantsProbe(state, nowMs)) return check(state, nowMs, byTimer);
  const probing = { ...state, isProbing: true, probedMs: nowMs, wakeAtMs: null };
  return { state: probing, effects: [{ type: 'probe', byTimer }] };
}

function probed(state: DeadlineState, found: ProbedActivity | null, nowMs: number, byTimer: boolean): Step {
  if (state.watch !== 'watching') return unchanged(state);
  const answered = { ...state, isProbing: false };
  if (found === null || found.atMs <= state.idleSinceMs) return check(answered, nowMs, byTimer);
  const { state: next, effects } = check(withActivity(answered, found.kind, found.atMs), nowMs, byTimer);
  return { state: next, effects: [{ type: 'activity_found' }, ...effects] };
}

/** Whether activity that nothing notifies of matters now. Most often the timer was only early. */
function wantsProbe(state: DeadlineState, nowMs: number): boolean {
  if (restingSince(state) !== null) return false;
  const { expired, due } = judge(limitsInForce(state), timeOf(state), nowMs);
  if (expired !== null) return expired.deadline === 'idle_timeout';
  return due.idle_timeout > state.warned.idle_timeout || nowMs >= nextProbeMs(state);
}

/** When activity is to be probed for next. Activity in the session postpones that as it postpones the deadline. */
function nextProbeMs(state: DeadlineState): number {
  const intervalMs = probeIntervalMs(limitsInForce(state));
  return intervalMs === null ? Number.POSITIVE_INFINITY : Math.max(state.probedMs, state.idleSinceMs) + intervalMs;
}

function check(state: DeadlineState, nowMs: number, byTimer: boolean): Step {
  if (state.freeze.kind === 'freezing') return unchanged(state);
  if (state.freeze.kind === 'frozen_by_limit') return checkFrozen(state, state.freeze, nowMs, byTimer);
  const { expired, due, warning, wakeAtMs } = judge(limitsInForce(state), timeOf(state), nowMs);
  if (expired !== null) return expire(state, expired.deadline, expired.atMs, nowMs, byTimer);
  const { warned } = state;
  const isNew = due.idle_timeout > warned.idle_timeout || due.max_duration > warned.max_duration;
  const isChanged = due.idle_timeout !== warned.idle_timeout || due.max_duration !== warned.max_duration;
  const nextMs = wakeAtMs === null ? null : Math.min(wakeAtMs, nextProbeMs(state));
  return {
    state: { ...state, warned: due, warning, wakeAtMs: nextMs },
    effects: [
      ...(isNew && warning !== null ? [{ type: 'warn', warning } as const] : []),
      ...(isChanged ? [{ type: 'warning_changed' } as const] : []),
    ],
  };
}

function checkFrozen(
  state: DeadlineState,
  freeze: Extract<Freeze, { kind: 'frozen_by_limit' }>,
  nowMs: number,
  byTimer: boolean,
): Step {
  const end = thawEndOf(state, freeze.by, freeze.sinceMs);
  if (nowMs >= end.atMs) return expire(state, end.deadline, end.atMs, nowMs, byTimer);
  // What the warning announced has happened. Warnings of the other deadline stay given: a thaw does not repeat them.
  return {
    state: { ...state, warning: null, wakeAtMs: end.atMs },
    effects: state.warning === null ? [] : [{ type: 'warning_changed' }],
  };
}

/** A deadline has passed: the session is frozen if it is to be and there would be time to thaw it, and ends if not. */
function expire(state: DeadlineState, by: Deadline, atMs: number, nowMs: number, byTimer: boolean): Step {
  const late = byTimer ? [{ type: 'late', ms: nowMs - atMs } as const] : [];
  const mayFreeze = state.limits.values.onExpiry === 'freeze' && state.freeze.kind !== 'frozen_by_limit';
  if (!mayFreeze || thawEndOf(state, by, nowMs).atMs <= nowMs)
    return { state: over(state), effects: [...late, { type: 'expire', by }] };
  const freeze: Freeze = { kind: 'freezing', by, frozenByUserMs: restingSince(state), isWanted: false };
  return { state: { ...state, freeze, warning: null, wakeAtMs: null }, effects: [...late, { type: 'freeze' }] };
}

function frozenByUser(state: DeadlineState, nowMs: number): DeadlineState {
  const { freeze } = state;
  if (state.watch !== 'watching') return state;
  switch (freeze.kind) {
    case 'running':
      return { ...state, freeze: { kind: 'frozen_by_user', sinceMs: nowMs } };
    case 'freezing':
      // The user was quicker than the idle timeout, and it stays frozen for as long as they like.
      return freeze.by === 'idle_timeout'
        ? { ...state, freeze: { kind: 'frozen_by_user', sinceMs: nowMs } }
        : { ...state, freeze: { ...freeze, frozenByUserMs: freeze.frozenByUserMs ?? nowMs } };
    case 'frozen_by_user':
    case 'frozen_by_limit':
      return state;
  }
}

function frozenByLimit(state: DeadlineState, nowMs: number): Step {
  const { freeze, notBefore } = state;
  if (state.watch !== 'watching' || freeze.kind !== 'freezing') return unchanged(state);
  const { by, isWanted } = freeze;
  const { state: next, effects } = check(
    {
      ...state,
      freeze: {
        kind: 'frozen_by_limit',
        by,
        sinceMs: nowMs,
        restingMs: freeze.frozenByUserMs ?? nowMs,
        limitSeconds: limitSecondsOf(state, by),
        notBeforeMs: null,
      },
      // The idle period that was extended is over.
      idleExtraMs: 0,
      notBefore: { ...notBefore, idle_timeout: null },
    },
    nowMs,
    false,
  );
  const thaw = isWanted && next.watch === 'watching' ? [{ type: 'thaw' } as const] : [];
  return { state: next, effects: [{ type: 'frozen', by }, ...effects, ...thaw] };
}

function wanted(state: DeadlineState): Step {
  const { freeze } = state;
  if (state.watch !== 'watching') return unchanged(state);
  if (freeze.kind === 'freezing') return unchanged({ ...state, freeze: { ...freeze, isWanted: true } });
  return { state, effects: freeze.kind === 'frozen_by_limit' ? [{ type: 'thaw' }] : [] };
}

function thawed(state: DeadlineState, nowMs: number): Step {
  const restingMs = restingSince(state);
  if (state.watch !== 'watching' || restingMs === null) return unchanged(state);
  const frozenMs = nowMs - restingMs;
  const { freeze } = state;
  const resumed =
    freeze.kind === 'frozen_by_limit'
      ? resumedAfterLimit(state, freeze.sinceMs, nowMs)
      : { state: resumedAfterUser(state, frozenMs, nowMs), effects: [] };
  const { state: next, effects } = evaluate(resumed.state, nowMs, false);
  return { state: next, effects: [...resumed.effects, { type: 'thawed', frozenMs }, ...effects] };
}

/** The idle timeout has as much time left as it had; activity while it was frozen counts as of now. */
function resumedAfterUser(state: DeadlineState, frozenMs: number, nowMs: number): DeadlineState {
  const { idle_timeout: boundMs } = state.notBefore;
  return {
    ...state,
    freeze: RUNNING,
    idleSinceMs: Math.min(nowMs, state.idleSinceMs + frozenMs),
    notBefore: boundMs === null ? state.notBefore : { ...state.notBefore, idle_timeout: boundMs + frozenMs },
  };
}

/** The thaw is activity, so a new idle period begins. Past its maximum duration it spends an extension. */
function resumedAfterLimit(state: DeadlineState, sinceMs: number, nowMs: number): Step {
  const { lastActivity } = state;
  const next: DeadlineState = {
    ...state,
    freeze: RUNNING,
    idleSinceMs: nowMs,
    lastActivity: lastActivity.atMs < sinceMs ? { kind: 'keep_open', atMs: nowMs } : lastActivity,
  };
  const { max_duration: maxMs } = deadlinesOf(next);
  return maxMs !== null && maxMs <= nowMs ? spendExtension(next) : unchanged(next);
}

function extended(state: DeadlineState, nowMs: number): Step {
  const spent = spendExtension(state);
  if (spent.effects.length === 0) return spent;
  const { state: next, effects } = evaluate(spent.state, nowMs, false);
  return { state: next, effects: [...spent.effects, ...effects] };
}

/** Lengthens both deadlines by one extension, never past the policy. */
function spendExtension(state: DeadlineState): Step {
  if (extensionRefusal(state) !== null) return unchanged(state);
  const { values, caps } = state.limits;
  const { idleMs, maxMs } = grantExtension(values, caps, timeOf(state));
  const { idle_timeout: idleBoundMs, max_duration: maxBoundMs } = state.notBefore;
  return {
    state: {
      ...state,
      extensionsUsed: state.extensionsUsed + 1,
      idleExtraMs: state.idleExtraMs + idleMs,
      maxExtraMs: state.maxExtraMs + maxMs,
      notBefore: {
        idle_timeout: idleBoundMs === null ? null : idleBoundMs + idleMs,
        max_duration: maxBoundMs === null ? null : maxBoundMs + maxMs,
      },
    },
    effects: [{ type: 'extended', seconds: Math.max(idleMs, maxMs) / 1_000 }],
  };
}

/**
 * New limits hold at once. Where they would end the session sooner than its last warning, it gets the time of that
 * warning; where they leave more time again, it has that time.
 */
function withLimits(state: DeadlineState, limits: EffectiveLimits, nowMs: number): DeadlineState {
  const old = state.limits.values;
  const { values } = limits;
  const warnings = values.warnBeforeSeconds;
  // Also where the idle timeout rests: it counts again later.
  const before = deadlines(old, timeOf(state));
  const unbound: DeadlineState = { ...state, limits, notBefore: { idle_timeout: null, max_duration: null } };
  const after = deadlines(values, timeOf(unbound));
  const bound = (deadline: Deadline, seconds: number, atMs: number): number | null =>
    notBeforeAfterChange(before[deadline], after[deadline], lastWarningSeconds(warnings, seconds), atMs);
  const bounded: DeadlineState = {
    ...unbound,
    notBefore: {
      // While the idle timeout rests, what is left of it stays as it is.
      idle_timeout: bound('idle_timeout', values.idleTimeoutSeconds, restingSince(state) ?? nowMs),
      max_duration: bound('max_duration', values.maxDurationSeconds, nowMs),
    },
  };
  const next = { ...bounded, freeze: withThawBound(bounded, thawUntil(state), nowMs) };
  const { due } = judge(limitsInForce(next), timeOf(next), nowMs);
  const given = (deadline: Deadline, name: 'idleTimeoutSeconds' | 'maxDurationSeconds'): number =>
    givenAfterChange(
      { warnings: applicableWarnings(old.warnBeforeSeconds, old[name]), due: state.warned[deadline] },
      { warnings: applicableWarnings(warnings, values[name]), due: due[deadline] },
    );
  return {
    ...next,
    warned: {
      idle_timeout: given('idle_timeout', 'idleTimeoutSeconds'),
      max_duration: given('max_duration', 'maxDurationSeconds'),
    },
  };
}

/** A shorter thaw window leaves a session that a deadline has frozen the time of its last warning, too. */
function withThawBound(state: DeadlineState, previousMs: number | null, nowMs: number): Freeze {
  const { freeze } = state;
  if (freeze.kind !== 'frozen_by_limit') return freeze;
  const unbound: Freeze = { ...freeze, notBeforeMs: null };
  const { warnBeforeSeconds, thawWindowSeconds } = state.limits.values;
  const noticeSeconds = lastWarningSeconds(warnBeforeSeconds, thawWindowSeconds);
  const nextMs = thawUntil({ ...state, freeze: unbound });
  return { ...unbound, notBeforeMs: notBeforeAfterChange(previousMs, nextMs, noticeSeconds, nowMs) };
}
