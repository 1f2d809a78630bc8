import type { SessionInfo, SessionTiming } from '../../shared/session.ts';
import type { DeadlineKeeper } from './limits/deadline-keeper.ts';
import type { Session } from './session.ts';

/** Everything a window shows of this session. */
export function sessionInfo(session: Session): SessionInfo {
  const { process, profile, limits, extensionsUsed } = session;
  const { count, seconds } = limits.values.extensions;
  return {
    id: session.id,
    previousId: session.previousId,
    profileId: profile.id,
    profileName: profile.name,
    backend: profile.backend,
    title: session.title,
    state: session.state,
    createdAt: session.createdAt,
    cols: session.cols,
    rows: session.rows,
    pid: process?.pid ?? null,
    foreground: session.foreground,
    limits,
    timing: session.timing(),
    warning: session.warning,
    revocation: session.revocation,
    extensions: { used: extensionsUsed, count, seconds },
    commands: session.commands,
    frozenBy: session.frozenBy,
    credentials: session.credentials?.states ?? [],
    restored: false,
    recording: session.recording.state(),
    isolation: [...(process?.isolation ?? [])],
    containment: process?.containment ?? 'tree',
    container: process?.container ?? null,
    progress: session.progress,
    end: session.ended,
  };
}

/** Its time, sampled now. */
export function sessionTiming(session: Session, keeper: DeadlineKeeper): Omit<SessionTiming, 'revokedRemainingMs'> {
  const now = session.dependencies.clock.now();
  const { idle, max } = keeper.deadlines;
  const thawUntil = keeper.thawUntilMs;
  const hasEnded = session.isEnding;
  return {
    id: session.id,
    ageMs: session.ended === null ? session.ageMs : session.ended.durationSeconds * 1_000,
    idleMs: keeper.idleMs,
    idleRemainingMs: idle === null || hasEnded ? null : idle - now,
    // A frozen session may be past it: it has none left then.
    maxRemainingMs: max === null || hasEnded ? null : thawUntil === null ? max - now : Math.max(0, max - now),
    thawRemainingMs: thawUntil === null || hasEnded ? null : Math.max(0, thawUntil - now),
    lastActivity: keeper.lastActivity,
  };
}
