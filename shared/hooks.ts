import * as z from 'zod';
import { sessionIdSchema } from './session.ts';

/** A hook's name, which is its folder's: 1 to 64 letters, digits, dots, dashes and underscores, no dot in front. */
export const hookNameSchema = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/);

/**
 * The events that are sent to hooks. `session:state`, which follows each command, is for windows alone; `hook:test` is what
 * *Send a test event* sends.
 */
export const HOOK_EVENTS = [
  'session:start',
  'session:warning',
  'session:extended',
  'session:frozen',
  'session:thawed',
  'session:reinstated',
  'session:limit',
  'session:reattached',
  'session:end',
  'hook:test',
] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

/**
 * `ready`: gets its events. `broken`: its `hook.yaml` cannot be used. `disabled`: by its own `enabled: false`. `gone`: its
 * receiver has answered 410, and it gets nothing until it is switched on again.
 */
const HOOK_STATES = ['ready', 'broken', 'disabled', 'gone'] as const;
export type HookState = (typeof HOOK_STATES)[number];

/**
 * `pending`: not delivered yet. `dead-letter`: failed at the last attempt, or refused for good; kept, and can be sent again.
 * `dropped`: its hook was removed before it was delivered.
 */
const DELIVERY_STATES = ['pending', 'delivered', 'dead-letter', 'dropped'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Milliseconds since the Unix epoch. */
const timestampMs = z.number().min(0);

/** One event on its way to one hook, or there. */
export const deliverySchema = z.strictObject({
  id: z.int().min(1),
  hook: hookNameSchema,
  /** The same at each attempt: receivers recognise repetitions by it. */
  eventId: z.string(),
  event: z.enum(HOOK_EVENTS),
  sessionId: sessionIdSchema.nullable(),
  createdAt: timestampMs,
  state: z.enum(DELIVERY_STATES),
  /** Attempts so far. */
  attempts: z.int().min(0),
  /** When the last attempt ended; null before the first. */
  lastAt: timestampMs.nullable(),
  /** When the next attempt begins; null if there will be none. */
  nextAt: timestampMs.nullable(),
  /** How the last attempt went, for a person: “204 No Content in 0.1 s”, “timed out after 10 s”; null before the first. */
  outcome: z.string().nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** A hook as the Hooks screen shows it. */
const hookInfoSchema = z.strictObject({
  name: hookNameSchema,
  kind: z.enum(['run', 'webhook']).nullable(),
  /** The executable's name, or the webhook's origin and path; never its query, which may hold a secret. */
  target: z.string(),
  /** The patterns of its `events`. */
  events: z.array(z.string()),
  state: z.enum(HOOK_STATES),
  /** What is wrong and what to do; null when nothing is. */
  message: z.string().nullable(),
  /** Deliveries that are pending. */
  pending: z.int().min(0),
  /** Deliveries that failed for good and can be sent again. */
  deadLetters: z.int().min(0),
  /** The delivery of the last attempt; null before the first. */
  last: deliverySchema.nullable(),
});
export type HookInfo = z.infer<typeof hookInfoSchema>;

/** All hooks, by name, and the folder they are in. */
export const hooksViewSchema = z.strictObject({ folder: z.string(), hooks: z.array(hookInfoSchema) });
export type HooksView = z.infer<typeof hooksViewSchema>;
