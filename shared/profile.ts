import * as z from 'zod';
import { partialLimitsSchema } from './limits.ts';

/** What can run a session's shell. */
export const BACKENDS = ['pty'] as const;
export type BackendKind = (typeof BACKENDS)[number];

/** A profile's or a session's name for people: 1 to 80 characters, no control characters. */
export const titleSchema = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters');

/** An environment variable's name, as POSIX and Windows both take it. */
const environmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/);

/** A named recipe for a tab. */
export const profileSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  name: titleSchema,
  backend: z.enum(BACKENDS),
  /** The shell to run; without it the user's login shell. */
  shell: z.string().min(1).max(4_096).optional(),
  args: z.array(z.string().max(4_096)).max(64).default([]),
  /** Where the shell starts; without it the home folder. */
  folder: z.string().min(1).max(4_096).optional(),
  environment: z.record(environmentName, z.string().max(32_768)).default({}),
  limits: partialLimitsSchema.default({}),
  /** `required`: the session ends when it can no longer be recorded. */
  recording: z.enum(['on', 'required']).default('on'),
});
export type Profile = z.infer<typeof profileSchema>;

/** The profile that is always there. */
export const LOCAL_PROFILE_ID = 'local';
