import * as z from 'zod';
import { describeDuration } from './duration.ts';
import { sessionIdSchema } from './session.ts';

/** A session that a change of limits brings near to its end. */
export const endingSoonSchema = z.strictObject({
  id: sessionIdSchema,
  title: z.string(),
  /** Until then, in seconds, rounded up; null: once its next command is done. */
  seconds: z.number().min(0).nullable(),
  outcome: z.enum(['close', 'freeze']),
});
export type EndingSoon = z.infer<typeof endingSoonSchema>;

/** So many of them are named. */
const MAX_NAMES = 3;

/** How many sessions a change of limits ends, and when, for a person: “3 sessions will close in 10 seconds: “zsh”, …”. */
export function describeEndings(endings: readonly EndingSoon[]): string | null {
  const groups = [
    endings.filter(({ outcome, seconds }) => outcome === 'close' && seconds !== null),
    endings.filter(({ outcome, seconds }) => outcome === 'freeze' && seconds !== null),
    endings.filter(({ seconds }) => seconds === null),
  ].filter((group) => group.length > 0);
  return groups.length === 0 ? null : groups.map(describeGroup).join(' ');
}

function describeGroup(group: readonly EndingSoon[]): string {
  const count = group.length === 1 ? '1 session' : `${group.length} sessions`;
  const verb = group[0]?.outcome === 'freeze' ? 'be frozen' : 'close';
  const named = group.slice(0, MAX_NAMES).map(({ title }) => `“${title}”`);
  const more = group.length - named.length;
  return `${count} will ${verb}${describeWhen(group)}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

function describeWhen(group: readonly EndingSoon[]): string {
  const seconds = group.flatMap(({ seconds }) => seconds ?? []);
  const first = Math.min(...seconds);
  if (seconds.length === 0) return ` after ${group.length === 1 ? 'its' : 'their'} next command`;
  if (seconds.every((each) => each === first)) return ` in ${describeDuration(first)}`;
  return `, the first in ${describeDuration(first)}`;
}
