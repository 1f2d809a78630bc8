import * as z from 'zod';
import { type HookEvent, hookNameSchema } from './hooks.ts';
import { ON_EXPIRY } from './limits.ts';
import { BACKENDS } from './profile.ts';
import { END_REASONS, LIMIT_REASONS, START_STAGES, sessionIdSchema, WARNING_CAUSES } from './session.ts';

/**
 * The version of what hooks are sent. Within a version, fields and values of lists are added only; nothing is taken away or
 * gets another meaning.
 */
export const EVENT_VERSION = 1;

/** The CloudEvents `type` of an event, `org.sandglass.session.start`: what it is in the whole world. */
type EventTypeName<E extends HookEvent = HookEvent> = E extends `${infer Group}:${infer Name}`
  ? `org.sandglass.${Group}.${Name}`
  : never;

const TYPE_NAMES: { readonly [E in HookEvent]: EventTypeName<E> } = {
  'session:start': 'org.sandglass.session.start',
  'session:warning': 'org.sandglass.session.warning',
  'session:extended': 'org.sandglass.session.extended',
  'session:frozen': 'org.sandglass.session.frozen',
  'session:thawed': 'org.sandglass.session.thawed',
  'session:reinstated': 'org.sandglass.session.reinstated',
  'session:limit': 'org.sandglass.session.limit',
  'session:reattached': 'org.sandglass.session.reattached',
  'session:end': 'org.sandglass.session.end',
  'hook:test': 'org.sandglass.hook.test',
};

/** The CloudEvents `type` of an event. */
export function eventTypeName<E extends HookEvent>(event: E): (typeof TYPE_NAMES)[E] {
  return TYPE_NAMES[event];
}

/** What names the schema of the whole event, its `$id`: `urn:sandglass:event:session.start:1`. */
export function eventSchemaId(event: HookEvent): string {
  return `urn:sandglass:event:${event.replace(':', '.')}:${EVENT_VERSION}`;
}

/** What names the schema of its `data`; it is the event's `dataschema`. */
export function dataSchemaId(event: HookEvent): string {
  return `urn:sandglass:event-data:${event.replace(':', '.')}:${EVENT_VERSION}`;
}

/** RFC 3339, in UTC with milliseconds. */
const time = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .meta({ format: 'date-time' });
/** A time with what it is the time of. */
const timeThat = (description: string) => time.meta({ format: 'date-time', description });
const seconds = z.number().min(0);
const expiry = z.enum(LIMIT_REASONS);

/** What every event of a session tells. */
const session = {
  sessionId: sessionIdSchema.describe('The session: a ULID. Ids sort by the time they were made.'),
  previousId: sessionIdSchema
    .nullable()
    .describe(
      'The session that this one replaced: after a reset, or when a tab was opened again. Null for a first one.',
    ),
  profile: z.object({ id: z.string(), name: z.string() }).describe('The recipe it was made from.'),
  backend: z.enum(BACKENDS).describe('What runs its shell: a local terminal, a bubblewrap sandbox, or a container.'),
  title: z.string().describe('What its tab is called.'),
  container: z
    .object({
      id: z.string(),
      name: z.string(),
      image: z.string(),
      digest: z.string().nullable().describe('The image by its content, name@sha256:…; null where it has none.'),
    })
    .nullable()
    .describe('The container that runs it. Null for other backends, and before it is there.'),
  limits: z
    .object({
      idleTimeoutSeconds: seconds.describe('0: none.'),
      maxDurationSeconds: seconds.describe('0: none.'),
      maxCommands: z.int().min(0).describe('0: no bound.'),
      onExpiry: z.enum(ON_EXPIRY),
    })
    .describe('The limits in force, without extensions.'),
  host: z.object({ name: z.string(), platform: z.string() }).describe('The machine that Sandglass runs on.'),
  app: z.object({ name: z.string(), version: z.string() }).describe('The Sandglass that ran it.'),
  startedAt: timeThat('When it was started.'),
} as const;

/** What is not known before the end. */
const unended = {
  reason: z.null().describe('Known with the end.'),
  endedAt: z.null().describe('Known with the end.'),
  durationSeconds: z.null().describe('Known with the end.'),
  recording: z.null().describe('Known with the end.'),
} as const;

const ended = {
  reason: z.enum(END_REASONS).describe('Why it ended.'),
  endedAt: timeThat('When it ended; after a crash, at its last sign of life.'),
  durationSeconds: seconds.describe(
    'How long it ran, on its own clock: a jump of the machine’s clock changes nothing.',
  ),
  recording: z
    .object({
      file: z.string().nullable().describe('Its full path on the machine that Sandglass runs on.'),
      format: z.literal('asciicast-v3'),
      bytes: z.number().min(0),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .nullable()
        .describe('Of the whole file; null when it could not be written to its end.'),
      truncated: z.boolean().describe('Whether something is missing.'),
    })
    .nullable()
    .describe('What was recorded; null where nothing was.'),
  summary: z.string().describe('Why it ended, as one sentence for people, without a full stop. Words may change.'),
  end: z
    .object({
      exitCode: z.int().nullable().describe('The shell’s; null where it has none.'),
      signal: z.string().nullable().describe('The signal that ended the shell; null where none did.'),
      expired: expiry.nullable().describe('Which limit ran out; null where none did.'),
      limitSeconds: z.number().nullable().describe('That limit as it stood at the end, extensions included.'),
      elapsedSeconds: z
        .number()
        .nullable()
        .optional()
        .describe(
          'How long it had really been without activity, or open, when the limit ran out: more than the limit where that was lowered, or the machine slept.',
        ),
      failure: z
        .object({ stage: z.enum(START_STAGES), message: z.string(), hint: z.string() })
        .nullable()
        .describe('Why it did not start; null when it did.'),
      detail: z.string().nullable().describe('More of why, in words; null where the reason says it all.'),
      survivors: z.int().min(0).describe('Processes that could not be ended.'),
    })
    .describe('How it ended.'),
  counters: z
    .object({
      bytesOut: z.number().min(0).describe('Bytes that its programs wrote.'),
      bytesIn: z.number().min(0).describe('Bytes that were typed, pasted or sent.'),
      warnings: z.int().min(0),
      extensions: z.int().min(0),
    })
    .describe('What was counted.'),
} as const;

/** The `data` of each event. */
export const eventDataSchemas = {
  'session:start': z
    .object({ event: z.literal('session:start'), ...session, ...unended })
    .describe('A session has begun. Exactly one session:end follows, on every path.'),
  'session:warning': z
    .object({
      event: z.literal('session:warning'),
      ...session,
      ...unended,
      warning: z.object({
        deadline: z
          .enum(WARNING_CAUSES)
          .describe(
            'What it is warned of: its idle timeout, its maximum duration, or that the policy no longer allows it.',
          ),
        beforeSeconds: seconds.describe('Seconds until it runs out, from the event’s time on.'),
        stage: z.int().min(0).describe('0 for the first warning of this deadline.'),
        last: z.boolean(),
      }),
    })
    .describe('A session’s time is nearly up.'),
  'session:extended': z
    .object({
      event: z.literal('session:extended'),
      ...session,
      ...unended,
      extension: z.object({
        by: z.enum(['user', 'keep_open']).describe('Extended, or kept open: the idle time starts anew.'),
        seconds: seconds.describe('What was added.'),
        used: z.int().min(0).describe('Extensions used so far.'),
        count: z.int().min(0).describe('Extensions that there are.'),
      }),
    })
    .describe('A session got more time.'),
  'session:frozen': z
    .object({
      event: z.literal('session:frozen'),
      ...session,
      ...unended,
      frozen: z.object({
        by: expiry.nullable().describe('The limit that ran out; null: the user.'),
        thawWindowSeconds: seconds
          .nullable()
          .describe('Seconds after which it closes unless it is thawed; null: none.'),
      }),
    })
    .describe('A session’s programs were stopped where they stand.'),
  'session:thawed': z
    .object({
      event: z.literal('session:thawed'),
      ...session,
      ...unended,
      thawed: z.object({ frozenSeconds: seconds.describe('How long it was frozen.') }),
    })
    .describe('A frozen session goes on.'),
  'session:reinstated': z
    .object({ event: z.literal('session:reinstated'), ...session, ...unended })
    .describe('The policy allows a session again that it had revoked, before its time was over: it stays open.'),
  'session:reattached': z
    .object({
      event: z.literal('session:reattached'),
      ...session,
      ...unended,
      reattached: z.object({ awaySeconds: seconds.describe('How long nobody watched it.') }),
    })
    .describe('Sandglass had crashed, found the session’s container running, and is attached to it again.'),
  'session:limit': z
    .object({
      event: z.literal('session:limit'),
      sessionId: sessionIdSchema.describe('The id that the session would have had.'),
      profile: z.object({ id: z.string() }),
      backend: z.enum(BACKENDS),
      limit: z.object({
        running: z.int().min(0).describe('Sessions that were running.'),
        max: z.int().min(0).describe('Sessions that may run at once.'),
      }),
    })
    .describe('A session was refused because as many as may be were running. It has no start and no end.'),
  'session:end': z
    .object({ event: z.literal('session:end'), ...session, ...ended })
    .describe('A session has ended. Told once for each session:start, after a crash too.'),
  'hook:test': z
    .object({
      event: z.literal('hook:test'),
      hook: hookNameSchema.describe('The hook that is tested.'),
      message: z.string(),
    })
    .describe('What “Send a test event” sends.'),
} as const satisfies Record<HookEvent, z.ZodType>;

export type EventData<E extends HookEvent = HookEvent> = z.infer<(typeof eventDataSchemas)[E]>;

/** The context attributes that all events have (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). */
const attributes = {
  specversion: z.literal('1.0'),
  id: z
    .string()
    .min(1)
    .describe('The event’s id: the same each time it is delivered. Together with the source it is unique.'),
  source: z
    .string()
    .regex(/^urn:sandglass:[0-9A-HJKMNP-TV-Z]{26}$/)
    .describe('The installation that it comes from.'),
  time: timeThat('When it happened.'),
  datacontenttype: z.literal('application/json'),
} as const;

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/sequence.md, per session. */
const sequence = z
  .string()
  .regex(/^\d{10}$/)
  .describe(
    'The event’s place among those of its subject, from 0000000001 on: in the order of the strings, without gaps.',
  );

function envelope<E extends Exclude<HookEvent, 'hook:test'>, D extends z.ZodType>(event: E, data: D) {
  return z.object({
    ...attributes,
    type: z.literal(eventTypeName(event)),
    subject: sessionIdSchema.describe('The session’s id.'),
    dataschema: z.literal(dataSchemaId(event)),
    sequence,
    data,
  });
}

/** Each event as it is sent: CloudEvents 1.0 in JSON. Receivers are to let fields pass that they do not know. */
export const eventSchemas = {
  'session:start': envelope('session:start', eventDataSchemas['session:start']),
  'session:warning': envelope('session:warning', eventDataSchemas['session:warning']),
  'session:extended': envelope('session:extended', eventDataSchemas['session:extended']),
  'session:frozen': envelope('session:frozen', eventDataSchemas['session:frozen']),
  'session:thawed': envelope('session:thawed', eventDataSchemas['session:thawed']),
  'session:limit': envelope('session:limit', eventDataSchemas['session:limit']),
  'session:reinstated': envelope('session:reinstated', eventDataSchemas['session:reinstated']),
  'session:reattached': envelope('session:reattached', eventDataSchemas['session:reattached']),
  'session:end': envelope('session:end', eventDataSchemas['session:end']),
  'hook:test': z.object({
    ...attributes,
    type: z.literal(eventTypeName('hook:test')),
    dataschema: z.literal(dataSchemaId('hook:test')),
    data: eventDataSchemas['hook:test'],
  }),
} as const satisfies Record<HookEvent, z.ZodType>;

export type EventOf<E extends HookEvent = HookEvent> = z.infer<(typeof eventSchemas)[E]>;
