import type { Running } from '../../shared/running.ts';
import type { Session } from './session.ts';

/** What still runs in a session beside its shell, and would end with it; null when there is nothing, or it is ending anyway. */
export async function stillRunning(session: Session): Promise<Running | null> {
  if (session.ended !== null || session.isEnding) return null;
  const [inFront, others] = await Promise.all([session.refreshForeground(), session.process?.background() ?? []]);
  const foreground = inFront.isShell ? null : (inFront.command ?? 'a command');
  const background = others.filter((name) => name !== foreground);
  return session.isEnding || (foreground === null && background.length === 0) ? null : { foreground, background };
}
