import { describeDuration } from '../../shared/duration.ts';
import type { Expiry, SessionEnd, SessionInfo } from '../../shared/session.ts';

/** Which limit ran out, as a clause to stand after a colon or, with a capital, alone: “nothing was typed for 15 minutes”. */
export function describeExpiry(
  expired: Expiry,
  { limits }: Pick<SessionInfo, 'limits'>,
  limitSeconds?: number | null,
): string {
  const { values } = limits;
  switch (expired) {
    case 'idle_timeout': {
      const length = describeDuration(limitSeconds ?? values.idleTimeoutSeconds);
      const typed = values.activity.length === 1 && values.activity[0] === 'input';
      return `${typed ? 'nothing was typed' : 'there was no activity'} for ${length}`;
    }
    case 'max_duration':
      return `it was open for its maximum of ${describeDuration(limitSeconds ?? values.maxDurationSeconds)}`;
    case 'command_limit':
      return values.maxCommands === 1
        ? 'it has run its one command'
        : `it has run the last of its ${values.maxCommands} commands`;
  }
}

/** Which limit ended a session, as a sentence; null: none did. */
export function expirySentence(info: SessionInfo, end: SessionEnd): string | null {
  if (end.expired === null) return null;
  const words = describeExpiry(end.expired, info, end.limitSeconds);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** What a limit is called where it stands as a reason: “Frozen by its idle limit”. */
export const EXPIRY_NAMES: Readonly<Record<Expiry, string>> = {
  idle_timeout: 'idle limit',
  max_duration: 'maximum duration',
  command_limit: 'command limit',
};
