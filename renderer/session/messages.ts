import { describeDuration } from '../../shared/duration.ts';
import type { LimitOrigin } from '../../shared/limits.ts';
import type { Activity, SessionEnd, SessionInfo } from '../../shared/session.ts';
import type { Countdown } from '../time/countdown.ts';

/** A size in bytes, kB or MB (powers of ten). */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(bytes < 100_000_000 ? 1 : 0)} MB`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const CLOCK_SECONDS = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** A moment as a time of day, with its date when that is not today's. */
export function formatMoment(at: number, now: number, seconds = false): string {
  const time = (seconds ? CLOCK_SECONDS : CLOCK).format(at);
  return new Date(at).toDateString() === new Date(now).toDateString() ? time : `${DAY.format(at)}, ${time}`;
}

/** Where a limit's value comes from. */
export function describeOrigin(origin: LimitOrigin, profileName: string, policyIsOwn: boolean): string {
  switch (origin) {
    case 'default':
      return 'built-in default';
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
      return 'a command at work';
    case 'output':
      return 'output';
    case 'foreground':
      return 'a running command';
    case 'cpu':
      return 'processor use';
    case 'start':
      return 'the start';
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

/** What an extension would do, or why there is none to be had. */
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

/** What to know or do about an end that nobody wanted; null: the reason says it all. */
export function endAdvice({ backend }: SessionInfo, end: SessionEnd): string | null {
  switch (end.reason) {
    case 'backend_lost':
      return backend === 'docker'
        ? 'What it showed is kept. Its container is removed as soon as the engine is back.'
        : 'What it showed is kept.';
    case 'out_of_memory':
      return backend === 'pty'
        ? 'The system had no memory left for it.'
        : 'If that is to be expected, raise the memory limit in its profile.';
    case 'app_crash':
      return 'What it showed is kept, up to its last sign of life.';
    default:
      return null;
  }
}

/** Words from the engine as a sentence of their own. */
export function asSentence(words: string): string {
  const text = words.trim();
  return text === '' || /[.?!…]$/.test(text) ? text : `${text}.`;
}

/** How the shell ended; null when it never told. */
export function describeExit({ exitCode, signal }: SessionEnd): string | null {
  if (signal !== null) return signal;
  return exitCode === null ? null : String(exitCode);
}
