import * as z from 'zod';

/** What the bench asks a host process. */
export const askSchema = z.object({ id: z.number(), ask: z.enum(['link', 'startDelay', 'stopDelay', 'memory']) });
export type Ask = z.infer<typeof askSchema>['ask'];

/** Times in milliseconds, memory in bytes. */
export const answerSchema = z.object({
  id: z.number(),
  link: z.string().optional(),
  /** 99th percentile of the event loop's delay since `startDelay`. */
  delayP99Ms: z.number().optional(),
  delayMaxMs: z.number().optional(),
  residentBytes: z.number().optional(),
});
export type Answer = z.infer<typeof answerSchema>;
