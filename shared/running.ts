import * as z from 'zod';

/** What still runs in a session beside its shell, and ends with it. Names for people, such as `vim`. */
export const runningSchema = z.strictObject({
  /** What is in front; null at the shell's prompt. */
  foreground: z.string().nullable(),
  /** Background jobs, and what was detached from the terminal; each name once. */
  background: z.array(z.string()).max(100),
});
export type Running = z.infer<typeof runningSchema>;

/** What still runs in one session. */
export interface RunningSession {
  /** Of its tab. */
  readonly title: string;
  readonly running: Running;
}

/** The most sessions that are named one by one. */
const MAX_NAMED = 5;

/** “Still running: vim in “src”; node in the background of “api”.”; null when nothing is. */
export function describeRunning(sessions: readonly RunningSession[]): string | null {
  if (sessions.length === 0) return null;
  const named = sessions.slice(0, MAX_NAMED).map(({ title, running: { foreground, background } }) => {
    const behind = background.length === 0 ? null : background.join(', ');
    if (foreground === null) return `${behind ?? 'a program'} in the background of “${title}”`;
    return `${foreground}${behind === null ? '' : ` (in the background: ${behind})`} in “${title}”`;
  });
  const more = sessions.length - named.length;
  if (more > 0) named.push(`programs in ${more} more`);
  return `Still running: ${named.join('; ')}.`;
}
