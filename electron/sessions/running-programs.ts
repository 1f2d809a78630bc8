import type { Running, RunningSession } from '../../shared/running.ts';
import { withDeadline } from '../base/with-deadline.ts';
import type { Session } from './session.ts';

/** What still runs in a session beside its shell, and would end with it; null if nothing does, or if it is ending anyway. */
export async function stillRunning(session: Session): Promise<Running | null> {
  if (session.isEnding) return null;
  const [inFront, others] = await Promise.all([session.refreshForeground(), session.process?.background() ?? []]);
  const foreground = inFront.isShell ? null : (inFront.command ?? 'a command');
  const background = others.filter((name) => name !== foreground);
  return session.isEnding || (foreground === null && background.length === 0) ? null : { foreground, background };
}

/** How long sessions may take to say what runs in them before a quit, in milliseconds. */
const POLL_MS = 1_000;

/** What still runs in those sessions that say so in time; others are left out. Never rejects. */
export async function allStillRunning(sessions: readonly Session[]): Promise<RunningSession[]> {
  const all = await Promise.all(
    sessions.map(async (session) => {
      const running = await withDeadline(
        stillRunning(session).catch(() => null),
        POLL_MS,
        null,
      );
      return running === null ? [] : [{ title: session.title, running }];
    }),
  );
  return all.flat();
}
