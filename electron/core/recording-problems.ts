import type { SessionId } from '../../shared/session.ts';
import type { SessionManager } from '../sessions/manager.ts';
import type { ProblemBoard } from './problem-board.ts';

/** Reports each recording that becomes incomplete, once; the status line of its tab keeps showing it. */
export function reportIncompleteRecordings(manager: Pick<SessionManager, 'on'>, problems: ProblemBoard): void {
  const reported = new Set<SessionId>();
  manager.on('changed', (session) => {
    const { state, message } = session.recording.state();
    if (message === null || (state !== 'truncated' && state !== 'none') || reported.has(session.id)) return;
    reported.add(session.id);
    problems.report({
      id: `recording-${session.id}`,
      severity: 'warning',
      title: `The recording of “${session.title}” is incomplete`,
      message,
    });
  });
  manager.on('evicted', (id) => reported.delete(id));
  manager.on('removed', (id) => reported.delete(id));
}
