import type { SessionInfo, SessionTiming, WarningDeadline } from '../../shared/session.ts';

/** A session's timing with the local moment it was true at, by `performance.now()`. */
export interface TimingSample {
  timing: SessionTiming;
  at: number;
}

/**
 * One deadline as it stands now. `thaw`: until a session that its expiry has frozen closes. `policy`: until one closes that the
 * policy no longer allows.
 */
export interface Countdown {
  kind: WarningDeadline | 'thaw' | 'policy';
  elapsedMs: number;
  remainingMs: number;
  /** Elapsed and remaining together: the limit as it stands, extensions included. */
  spanMs: number;
  /** The share that is left, 1 … 0. */
  fraction: number;
}

/** Both deadlines and the nearer of them; null: there is none. */
export interface Countdowns {
  idle: Countdown | null;
  max: Countdown | null;
  nearest: Countdown | null;
  /** Until a session that its expiry has frozen closes; null where none has. */
  thawMs: number | null;
  /** Until a session closes that the policy no longer allows; null where it does. */
  revokedMs: number | null;
  ageMs: number;
  idleMs: number;
}

/** Moves a sample on to `now`, on the local clock alone, so that a jump of the wall clock changes nothing. */
export function countdowns({ timing, at }: TimingSample, now: number): Countdowns {
  const passed = Math.max(0, now - at);
  const ageMs = timing.ageMs + passed;
  const idleMs = timing.idleMs + passed;
  const idle = countdown('idle', idleMs, timing.idleRemainingMs, passed);
  const max = countdown('max', ageMs, timing.maxRemainingMs, passed);
  const nearest = idle === null || (max !== null && max.remainingMs < idle.remainingMs) ? max : idle;
  const thawMs = timing.thawRemainingMs === null ? null : Math.max(0, timing.thawRemainingMs - passed);
  const revokedMs = timing.revokedRemainingMs === null ? null : Math.max(0, timing.revokedRemainingMs - passed);
  return { idle, max, nearest, thawMs, revokedMs, ageMs, idleMs };
}

/**
 * What closes a session next: that the policy no longer allows it, the thaw window of one that its expiry has frozen, or the
 * nearer of its deadlines.
 */
export function closesNext(info: SessionInfo, { nearest, thawMs, revokedMs }: Countdowns): Countdown | null {
  const ordinary = thawMs === null ? nearest : ofWindow('thaw', thawMs, info.limits.values.thawWindowSeconds);
  if (revokedMs === null || (ordinary !== null && ordinary.remainingMs < revokedMs)) return ordinary;
  return ofWindow('policy', revokedMs, info.warning?.beforeSeconds ?? 0);
}

/** What is left of a window of so many seconds. */
function ofWindow(kind: 'thaw' | 'policy', remainingMs: number, windowSeconds: number): Countdown {
  const spanMs = Math.max(remainingMs, windowSeconds * 1_000);
  const fraction = spanMs === 0 ? 0 : remainingMs / spanMs;
  return { kind, elapsedMs: spanMs - remainingMs, remainingMs, spanMs, fraction };
}

/** The longest time that the countdown beside a tab can come to show: each key may put the idle timeout back to its start. */
export function longestRemainingMs({ idle, max }: Countdowns, next: Countdown): number {
  if (next.kind === 'thaw' || next.kind === 'policy') return next.spanMs;
  return Math.min(idle?.spanMs ?? next.spanMs, max?.spanMs ?? next.spanMs);
}

function countdown(
  kind: WarningDeadline,
  elapsedMs: number,
  remaining: number | null,
  passed: number,
): Countdown | null {
  if (remaining === null) return null;
  const remainingMs = Math.max(0, remaining - passed);
  const spanMs = elapsedMs + remainingMs;
  return { kind, elapsedMs, remainingMs, spanMs, fraction: spanMs > 0 ? remainingMs / spanMs : 0 };
}

/** Whole seconds to show for the time left: rounded up, so that 0:00 is shown only when nothing is left. */
export function remainingSeconds(remainingMs: number): number {
  return Math.ceil(Math.max(0, remainingMs) / 1_000);
}

/** Below this a tab in the background shows its time too, in milliseconds. */
const SHOW_TIME_BELOW_MS = 300_000;

/** Whether a tab shows its remaining time in figures. */
export function showsTime(nearest: Countdown | null, active: boolean): nearest is Countdown {
  return nearest !== null && (active || nearest.kind === 'thaw' || nearest.remainingMs <= SHOW_TIME_BELOW_MS);
}

/** Below this a session that its expiry has frozen is about to close, in milliseconds. */
const LAST_THAW_MS = 60_000;

/** The stages of a tab's ring; each has a shape of its own. */
export type RingStage = 'starting' | 'open' | 'calm' | 'warned' | 'last' | 'ended' | 'failed';

/** The ring's stage. `open`: live, with no deadline at all. */
export function ringStage(info: SessionInfo, nearest: Countdown | null): RingStage {
  if (info.end !== null) return endedWell(info) ? 'ended' : 'failed';
  if (info.state === 'starting') return 'starting';
  if (nearest?.kind === 'thaw') return nearest.remainingMs <= LAST_THAW_MS ? 'last' : 'warned';
  if (info.warning !== null) return info.warning.last ? 'last' : 'warned';
  return nearest === null ? 'open' : 'calm';
}

/** How full the ring is, 0 … 1: of the whole limit, and from the first warning on of the time since that warning. */
export function ringFraction(info: SessionInfo, nearest: Countdown | null): number {
  if (nearest === null) return 1;
  if (info.warning === null || nearest.kind === 'thaw') return nearest.fraction;
  const first = Math.max(info.warning.beforeSeconds, ...info.limits.values.warnBeforeSeconds) * 1_000;
  return Math.min(1, nearest.remainingMs / Math.min(first, nearest.spanMs || 1));
}

function endedWell({ end }: SessionInfo): boolean {
  if (end === null || end.survivors.length > 0) return false;
  switch (end.reason) {
    case 'exited':
      return end.signal === null && (end.exitCode === null || end.exitCode === 0);
    case 'start_failed':
    case 'backend_lost':
    case 'out_of_memory':
    case 'recording_failed':
    case 'revoked':
    case 'app_crash':
      return false;
    default:
      return true;
  }
}
