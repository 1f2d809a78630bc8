import type { Problem } from '../../shared/settings.ts';

/** What a recovery came to, as far as the window shows it. */
export interface CrashFacts {
  /** When each session that the crash has ended did so, in milliseconds since the Unix epoch. */
  readonly crashedAt: readonly number[];
  /** How many sessions have outlived the crash. */
  readonly reattached: number;
  /** What could not be written, for a person. */
  readonly troubles: readonly string[];
  readonly now: number;
}

/** What the window says after a crash; null where nothing was open. */
export function crashProblem({ crashedAt, reattached, troubles, now }: CrashFacts): Problem | null {
  const count = crashedAt.length;
  if (count === 0 && reattached === 0 && troubles.length === 0) return null;
  const when =
    count === 0
      ? ''
      : ` ${dayAndTime(
          crashedAt.reduce((latest, at) => Math.max(latest, at)),
          now,
        )}`;
  const sentences = [`Sandglass stopped unexpectedly${when}.`];
  if (count === 1) {
    sentences.push('A session that was open has ended; its tab shows what was left, and Reopen starts it again.');
  } else if (count > 1) {
    sentences.push(
      `${count} sessions that were open have ended; their tabs show what was left, and Reopen starts them again.`,
    );
  }
  if (reattached === 1) sentences.push('A session in a container went on; its tab is attached to it again.');
  else if (reattached > 1)
    sentences.push(`${reattached} sessions in containers went on; their tabs are attached to them again.`);
  const [first] = troubles;
  if (first !== undefined) {
    const more = troubles.length - 1;
    const others = more === 0 ? '' : ` The same holds for ${more} more; the log names them.`;
    sentences.push(
      `Not all of what was left could be put right: ${first}${others} It is tried again at the next start.`,
    );
  }
  return {
    id: 'app-crash',
    severity: troubles.length > 0 ? 'error' : 'warning',
    title: 'Sandglass stopped unexpectedly',
    message: sentences.join(' '),
  };
}

/** “at 14:03”, or with the day when that was not today, in the time of this place. */
function dayAndTime(at: number, now: number): string {
  const then = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `at ${two(then.getHours())}:${two(then.getMinutes())}`;
  if (then.toDateString() === new Date(now).toDateString()) return time;
  return `on ${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())} ${time}`;
}
