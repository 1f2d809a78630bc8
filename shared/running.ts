import * as z from 'zod';

/** What still runs in a session beside its shell, and ends with it. Names for people, such as `vim`. */
export const runningSchema = z.strictObject({
  /** What is in front; null at the shell's prompt. */
  foreground: z.string().nullable(),
  /** Background jobs, and what was detached from the terminal; each name once. */
  background: z.array(z.string()).max(100),
});
export type Running = z.infer<typeof runningSchema>;
