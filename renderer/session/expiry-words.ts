import { type Expiry, expiredWords, type SessionEnd, type SessionInfo } from '../../shared/session.ts';

/** Which limit ran out, as a clause to stand after a colon or, with a capital, alone: “nothing was typed for 15 minutes”. */
export function describeExpiry(
  expired: Expiry,
  { limits }: Pick<SessionInfo, 'limits'>,
  limitSeconds?: number | null,
  elapsedSeconds: number | null = null,
): string {
  const { values } = limits;
  const words = (configured: number) => expiredWords({ limitSeconds: limitSeconds ?? configured, elapsedSeconds });
  switch (expired) {
    case 'idle_timeout': {
      const { length, limit } = words(values.idleTimeoutSeconds);
      const typed = values.activity.length === 1 && values.activity[0] === 'input';
      return `${typed ? 'nothing was typed' : 'there was no activity'} for ${length}${limit === null ? '' : `, and its idle timeout is ${limit}`}`;
    }
    case 'max_duration': {
      const { length, limit } = words(values.maxDurationSeconds);
      return limit === null
        ? `it was open for its maximum of ${length}`
        : `it was open for ${length}, and its maximum is ${limit}`;
    }
    case 'command_limit':
      return values.maxCommands === 1
        ? 'it has run its one command'
        : `it has run the last of its ${values.maxCommands} commands`;
  }
}

/** The same of the limit that has frozen a session: its idle time stands where it was then. */
export function describeFrozen(by: Expiry, info: Pick<SessionInfo, 'limits' | 'timing'>): string {
  return describeExpiry(by, info, null, by === 'idle_timeout' ? info.timing.idleMs / 1_000 : null);
}

/** Which limit ended a session, as a sentence; null: none did. */
export function expirySentence(info: SessionInfo, end: SessionEnd): string | null {
  if (end.expired === null) return null;
  const words = describeExpiry(end.expired, info, end.limitSeconds, end.elapsedSeconds);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** What a limit is called where it stands as a reason: “Frozen by its idle limit”. */
export const EXPIRY_NAMES: Readonly<Record<Expiry, string>> = {
  idle_timeout: 'idle limit',
  max_duration: 'maximum duration',
  command_limit: 'command limit',
};
