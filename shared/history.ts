import * as z from 'zod';
import { BACKENDS } from './profile.ts';
import { endSchema, sessionIdSchema } from './session.ts';

/** A session as the journal knows it, running or long gone. */
export const historyEntrySchema = z.strictObject({
  id: sessionIdSchema,
  previousId: sessionIdSchema.nullable(),
  profileId: z.string(),
  profileName: z.string(),
  backend: z.enum(BACKENDS),
  title: z.string(),
  /** Milliseconds since the Unix epoch. */
  startedAt: z.number(),
  /** Null while it runs. */
  end: endSchema.nullable(),
  /** Bytes of its recording; null where none is known. */
  recordingBytes: z.number().nullable(),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;
