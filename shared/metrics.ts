import * as z from 'zod';
import { END_REASONS } from './session.ts';

/** Upper bounds of the duration histogram's buckets, in seconds; a last bucket takes what is longer. */
export const DURATION_BUCKETS_SECONDS = [10, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400] as const;

/** What the manager counts, from its start on. Ages are seconds, null without an active session. */
export const metricsSchema = z.strictObject({
  startedAt: z.number(),
  total: z.int(),
  active: z.int(),
  oldestAgeSeconds: z.number().nullable(),
  newestAgeSeconds: z.number().nullable(),
  averageAgeSeconds: z.number().nullable(),
  endedByReason: z.partialRecord(z.enum(END_REASONS), z.int()),
  /** Ended sessions by duration; `upToSeconds` null is the last, open bucket. Counts are not cumulative. */
  durations: z.array(z.strictObject({ upToSeconds: z.number().nullable(), count: z.int() })),
  /** Limits that ran out: sessions that one of their limits has ended or frozen. A session that is frozen and then closes counts once. */
  expired: z.int(),
  /** How late the timers of deadlines fired, in milliseconds. */
  lateness: z.strictObject({ count: z.int(), maxMs: z.number() }),
  bytesOut: z.number(),
  bytesIn: z.number(),
  /** Sessions that the sweep had to end because their timer did not. */
  swept: z.int(),
  /** Sessions that were refused because as many as may be were running. */
  refused: z.int(),
});
export type Metrics = z.infer<typeof metricsSchema>;
