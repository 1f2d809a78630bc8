import { describeDuration } from '../../shared/duration.ts';
import type { LimitOrigin } from '../../shared/limits.ts';
import type { Running } from '../../shared/running.ts';
import {
  type Activity,
  type CredentialState,
  elapsedAndLimit,
  type LimitReason,
  type SessionEnd,
  type SessionInfo,
  type StartProgress,
} from '../../shared/session.ts';
import type { Countdown } from '../time/countdown.ts';

/** Where a limit's value comes from. */
export function describeOrigin(origin: LimitOrigin, profileName: string, policyIsOwn: boolean): string {
  switch (origin) {
    case 'default':
      return 'the built-in default';
    case 'settings':
      return 'your settings';
    case 'environment':
      return 'an environment variable';
    case 'profile':
      return `the profile “${profileName}”`;
    case 'tab':
      return 'this tab';
    case 'policy':
      return policyIsOwn ? 'your own policy file' : 'your administrator’s policy';
  }
}

/** What a kind of activity is called. */
export function describeActivity(kind: Activity['kind']): string {
  switch (kind) {
    case 'input':
      return 'typing';
    case 'busy':
      return 'a busy command';
    case 'output':
      return 'output';
    case 'foreground':
      return 'a running command';
    case 'cpu':
      return 'processor use';
    case 'start':
      return 'session start';
    case 'keep_open':
      return 'Keep open';
  }
}

/** What is done about a warning: how much has passed, and of which limit. */
export function describeWarning(info: SessionInfo, countdown: Countdown): string {
  if (countdown.kind === 'max') {
    const { values } = info.limits;
    const longest = values.maxDurationSeconds + info.extensions.used * values.extensions.seconds;
    return countdown.spanMs / 1_000 >= longest + 2
      ? `it is past its maximum duration of ${describeDuration(longest)}.`
      : `it reaches its maximum duration of ${describeDuration(Math.round(countdown.spanMs / 1_000))}.`;
  }
  const seconds = Math.floor(countdown.elapsedMs / 1_000);
  const passed = describeDuration(seconds < 60 ? seconds : seconds - (seconds % 60));
  const { activity } = info.limits.values;
  return activity.length === 1 && activity[0] === 'input'
    ? `nothing typed for ${passed}.`
    : `no activity for ${passed}.`;
}

/** What an extension would do, or why none is possible. */
export type Extension = { possible: true; left: number; seconds: number } | { possible: false; reason: string };

/** Whether the session can be extended now. `max`: its maximum duration as it stands; null without one. */
export function extension(info: SessionInfo, max: Countdown | null): Extension {
  const { used, count, seconds } = info.extensions;
  if (count === 0) return { possible: false, reason: 'Extensions are switched off' };
  if (used >= count) {
    const all =
      count === 1 ? 'The one extension is' : count === 2 ? 'Both extensions are' : `All ${count} extensions are`;
    return { possible: false, reason: `${all} used` };
  }
  const cap = info.limits.caps.maxDurationSeconds;
  if (cap > 0 && max !== null && Math.round(max.spanMs / 1_000) >= cap) {
    return { possible: false, reason: `The policy allows no more than ${describeDuration(cap)}` };
  }
  return { possible: true, left: count - used, seconds };
}

/** What to know or do about an unwanted end; null if the reason says it all. */
export function endAdvice({ backend }: SessionInfo, end: SessionEnd): string | null {
  switch (end.reason) {
    case 'backend_lost':
      return backend === 'docker'
        ? 'Its output is kept. Its container is removed as soon as the engine is back.'
        : 'Its output is kept.';
    case 'out_of_memory':
      return backend === 'pty'
        ? 'The system ran out of memory.'
        : 'If it needs more memory, raise the memory limit in its profile.';
    case 'revoked':
      return 'What it showed is kept. Open a session that the policy allows, or ask the person who manages the policy.';
    case 'app_crash':
      return 'Its output is kept, up to the last moment it was known to be running.';
    default:
      return null;
  }
}

/** How the shell ended; null if that is not known. */
export function describeExit({ exitCode, signal }: SessionEnd): string | null {
  if (signal !== null) return signal;
  return exitCode === null ? null : String(exitCode);
}

/** Which limit ran out, as a clause to stand after a colon or, with a capital, alone: “nothing was typed for 15 minutes”. */
export function describeExpiry(
  expired: LimitReason,
  { limits }: Pick<SessionInfo, 'limits'>,
  limitSeconds?: number | null,
  elapsedSeconds: number | null = null,
): string {
  const { values } = limits;
  const words = (configured: number) => elapsedAndLimit({ limitSeconds: limitSeconds ?? configured, elapsedSeconds });
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
        ? 'it ran its one allowed command'
        : `it ran the last of its ${values.maxCommands} commands`;
  }
}

/** The same of the limit that has frozen a session: its idle time stands where it was then. */
export function describeFrozen(by: LimitReason, info: Pick<SessionInfo, 'limits' | 'timing'>): string {
  return describeExpiry(by, info, null, by === 'idle_timeout' ? info.timing.idleMs / 1_000 : null);
}

/** Which limit ended a session, as a sentence; null: none did. */
export function expirySentence(info: SessionInfo, end: SessionEnd): string | null {
  if (end.expired === null) return null;
  const words = describeExpiry(end.expired, info, end.limitSeconds, end.elapsedSeconds);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** What a limit is called where it stands as a reason: “Frozen by its idle timeout”. */
export const EXPIRY_NAMES: Readonly<Record<LimitReason, string>> = {
  idle_timeout: 'idle timeout',
  max_duration: 'maximum duration',
  command_limit: 'command limit',
};

/** What a credential's state is called. */
export const CREDENTIAL_STATE_LABELS: Readonly<Record<CredentialState['state'], string>> = {
  ready: 'Ready',
  missing: 'Missing',
  stale: 'Not renewed',
};

/** What it means for the session; its own message says why. */
export const CREDENTIAL_NOTES: Readonly<Record<CredentialState['state'], string | null>> = {
  ready: null,
  missing: 'The session runs without it.',
  stale: 'The session still uses the old value.',
};

/** What is wrong with a session's credentials, in a few words; null: nothing. Missing credentials come before stale ones. */
export function credentialWarning(credentials: readonly CredentialState[]): string | null {
  const missing = credentials.filter(({ state }) => state === 'missing');
  const stale = credentials.filter(({ state }) => state === 'stale');
  const all = missing.length + stale.length;
  const [first] = [...missing, ...stale];
  if (first === undefined) return null;
  if (all === 1) return `${first.env} ${first.state === 'missing' ? 'is missing' : 'was not renewed'}`;
  if (stale.length === 0) return `${all} credentials are missing`;
  if (missing.length === 0) return `${all} credentials were not renewed`;
  return `${all} credentials are not ready`;
}

/** The progress of a start that has not reported any yet. */
export const NO_PROGRESS: StartProgress = { stage: 'spawn', message: 'Starting…', detail: '', fraction: null };

/**
 * Changes whenever there is something worth saying aloud: another step, and each quarter of a long one. Layers and
 * bytes change far too often for that.
 */
export function milestone({ stage, message, fraction }: StartProgress): string {
  return JSON.stringify([stage, message, fraction === null ? null : Math.floor(fraction * 4)]);
}

/** What is said aloud at a milestone: “Pulling debian:bookworm-slim, 50 percent”. */
export function spoken({ message, fraction }: StartProgress): string {
  const quarters = fraction === null ? 0 : Math.floor(fraction * 4);
  return quarters === 0 ? message : `${message}, ${quarters * 25} percent`;
}

/** A part of a sentence; what is a program's name is set apart. */
export interface Phrase {
  readonly text: string;
  readonly isName: boolean;
}

/** The most programs that are named one by one. */
const MAX_NAMED = 4;

/** “sleep is still running, and node and tmux in the background.”, in parts. */
export function runningPhrases({ foreground, background }: Running): Phrase[] {
  const inBackground = names(background);
  if (foreground === null) {
    const verb = background.length === 1 ? 'is' : 'are';
    return [...inBackground, text(` ${verb} still running in the background.`)];
  }
  if (background.length === 0) return [name(foreground), text(' is still running.')];
  return [name(foreground), text(' is still running, and '), ...inBackground, text(' in the background.')];
}

/** How many programs are meant, in words: “it and everything it started” or “them and everything they started”. */
export function runningObject({ foreground, background }: Running): string {
  const count = background.length + (foreground === null ? 0 : 1);
  return count === 1 ? 'it and everything it started' : 'them and everything they started';
}

/** “a, b and c”; “a, b, c, d and 3 more”. */
function names(all: readonly string[]): Phrase[] {
  const shown = all.slice(0, MAX_NAMED);
  const more = all.length - shown.length;
  const parts = [...shown.map(name), ...(more > 0 ? [text(`${more} more`)] : [])];
  return parts.flatMap((part, index) => {
    if (index === 0) return [part];
    return [text(index === parts.length - 1 ? ' and ' : ', '), part];
  });
}

function name(value: string): Phrase {
  return { text: value, isName: true };
}

function text(value: string): Phrase {
  return { text: value, isName: false };
}
