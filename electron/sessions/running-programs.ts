import { setTimeout as delay } from 'node:timers/promises';
import type { Running, RunningSession } from '../../shared/running.ts';
import type { Session } from './session.ts';

/** What still runs in a session beside its shell, and would end with it; null when there is nothing, or it is ending anyway. */
export async function stillRunning(session: Session): Promise<Running | null> {
  if (session.ended !== null || session.isEnding) return null;
  const [inFront, others] = await Promise.all([session.refreshForeground(), session.process?.background() ?? []]);
  const foreground = inFront.isShell ? null : (inFront.command ?? 'a command');
  const background = others.filter((name) => name !== foreground);
  return session.isEnding || (foreground === null && background.length === 0) ? null : { foreground, background };
}

/** How long sessions are asked what runs in them before a quit, in milliseconds. */
const ASK_MS = 1_000;

/** What still runs in those sessions that say so in time; others are left out. Never rejects. */
export async function allStillRunning(sessions: readonly Session[]): Promise<RunningSession[]> {
  const late = new AbortController();
  const timeout = delay(ASK_MS, null, { signal: late.signal }).catch(() => null);
  const all = await Promise.all(
    sessions.map(async (session) => {
      const running = await Promise.race([stillRunning(session).catch(() => null), timeout]);
      return running === null ? [] : [{ title: session.title, running }];
    }),
  );
  late.abort();
  return all.flat();
}
