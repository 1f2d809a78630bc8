import type { EndingSoon } from '../../../shared/ending-soon.ts';
import type { SessionId } from '../../../shared/session.ts';
import type { Session } from '../session.ts';

/** An end that is nearer than this is soon, in seconds, whatever the warnings are. */
const SOON_SECONDS = 60;
/** Two moments that differ by less are the same one, in milliseconds. */
const SAME_MS = 5;

/** How long a session still has as things are. */
interface Outlook {
  /** Milliseconds; infinite without a deadline. */
  readonly remainingMs: number;
  readonly commandsLeft: number;
}

/** Makes a change, and gives the sessions that it brings near to their end: those whose first warning is due by then. */
export function endingsOf(live: () => readonly Session[], change: () => void): EndingSoon[] {
  const before = new Map<SessionId, Outlook>(live().map((session) => [session.id, outlookOf(session)]));
  change();
  return live().flatMap((session): EndingSoon[] => {
    const old = before.get(session.id);
    if (old === undefined || session.isEnding) return [];
    const { id, title } = session;
    const { remainingMs, commandsLeft } = outlookOf(session);
    const { warnBeforeSeconds, onExpiry } = session.limits.values;
    const soonMs = Math.max(SOON_SECONDS, ...warnBeforeSeconds) * 1_000;
    if (remainingMs < old.remainingMs - SAME_MS && remainingMs <= soonMs) {
      const isFrozen = session.frozenBy !== null;
      const outcome = onExpiry === 'freeze' && !isFrozen ? 'freeze' : 'close';
      return [{ id, title, seconds: Math.ceil(Math.max(0, remainingMs) / 1_000), outcome }];
    }
    if (commandsLeft < old.commandsLeft && commandsLeft <= 1) {
      return [{ id, title, seconds: null, outcome: 'close' }];
    }
    return [];
  });
}

function outlookOf(session: Session): Outlook {
  const { idleRemainingMs, maxRemainingMs, thawRemainingMs } = session.timing();
  return {
    remainingMs:
      thawRemainingMs ??
      Math.min(idleRemainingMs ?? Number.POSITIVE_INFINITY, maxRemainingMs ?? Number.POSITIVE_INFINITY),
    commandsLeft: session.commandsLeft,
  };
}
