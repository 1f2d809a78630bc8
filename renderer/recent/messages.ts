import { describeDuration } from '../../shared/duration.ts';
import { describeEnd, type SessionEnd } from '../../shared/session.ts';

/** How a session of the past ended: what its own tab says, without what could be done there. */
export function describePast(end: SessionEnd): string {
  return end.reason === 'auto_reset' ? 'Closed when its time was up' : describeEnd(end);
}

/** A length for a list: whole minutes from ten minutes on. */
export function describeLength(seconds: number): string {
  return describeDuration(seconds >= 600 ? Math.round(seconds / 60) * 60 : Math.round(seconds));
}
