import * as z from 'zod';
import { type HistoryEntry, historyEntrySchema } from '../../shared/history.ts';
import { type Delivery, type DeliveryState, deliverySchema, HOOK_EVENTS, hookNameSchema } from '../../shared/hooks.ts';
import { BACKENDS } from '../../shared/profile.ts';
import { metadataSchema } from '../../shared/recording.ts';
import {
  endSchema,
  type SessionEnd,
  type SessionEvent,
  sessionEventSchema,
  sessionIdSchema,
} from '../../shared/session.ts';
import type { DueDelivery } from './deliveries.ts';
import type { RecordedFile, SessionRecord } from './journal.ts';
import { leastRecord } from './least-record.ts';

/*
 * Rows as they come back from the file. What is in a file is input like any other: a row that does not fit is told to the
 * caller as null, and the rest goes on without it.
 */

const recordSchema = metadataSchema.omit({
  events: true,
  endedAt: true,
  durationSeconds: true,
  end: true,
  recording: true,
});

const historyRow = z.object({
  id: sessionIdSchema,
  previous_id: sessionIdSchema.nullable(),
  profile_id: z.string(),
  profile_name: z.string(),
  backend: z.enum(BACKENDS),
  title: z.string(),
  started_at: z.number(),
  ending: z.string().nullable(),
  recording_bytes: z.number().nullable(),
});

const liveColumns = z.object({
  age_ms: z.number(),
  last_activity_ms: z.number(),
  bytes_out: z.number(),
  bytes_in: z.number(),
  resizes: z.int(),
  warnings: z.int(),
  extensions: z.int(),
  commands: z.int(),
});

const dueRow = z.object({
  id: z.int(),
  hook: hookNameSchema,
  lane: z.string(),
  attempts: z.int(),
  created_at: z.number(),
  event: z.enum(HOOK_EVENTS),
  event_id: z.string(),
  session_id: sessionIdSchema.nullable(),
  body: z.string(),
});

/** The value of the column for each state; the schema has kept the names of its first version. */
export const STATE_COLUMN = {
  pending: 'owed',
  delivered: 'delivered',
  'dead-letter': 'dead',
  dropped: 'dropped',
} as const satisfies Readonly<Record<DeliveryState, string>>;

const STATES = {
  owed: 'pending',
  delivered: 'delivered',
  dead: 'dead-letter',
  dropped: 'dropped',
} as const satisfies Readonly<Record<(typeof STATE_COLUMN)[DeliveryState], DeliveryState>>;

const deliveryRow = z.object({
  id: z.int(),
  hook: z.string(),
  event_id: z.string(),
  event: z.string(),
  session_id: z.string().nullable(),
  created_at: z.number(),
  state: z.enum(['owed', 'delivered', 'dead', 'dropped']).transform((state) => STATES[state]),
  attempts: z.int(),
  last_at: z.number().nullable(),
  next_at: z.number().nullable(),
  outcome: z.string().nullable(),
});

/** JSON that a schema accepts; null for anything else. */
function parseJson<T>(schema: z.ZodType<T>, text: unknown): T | null {
  if (typeof text !== 'string') return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? parsed.data : null;
}

export function readEnd(text: unknown): SessionEnd | null {
  return parseJson(endSchema, text);
}

export function readEvent(text: unknown): SessionEvent | null {
  return parseJson(sessionEventSchema, text);
}

export function readRecording(text: unknown): RecordedFile | null {
  return parseJson(metadataSchema.shape.recording, text);
}

/** A line of the history. Null also for a session whose end cannot be read: it would seem to run. */
export function readHistoryEntry(row: unknown): HistoryEntry | null {
  const parsed = historyRow.safeParse(row);
  if (!parsed.success) return null;
  const { data } = parsed;
  const end = data.ending === null ? null : readEnd(data.ending);
  if (data.ending !== null && end === null) return null;
  const entry = historyEntrySchema.safeParse({
    id: data.id,
    previousId: data.previous_id,
    profileId: data.profile_id,
    profileName: data.profile_name,
    backend: data.backend,
    title: data.title,
    startedAt: data.started_at,
    end,
    recordingBytes: data.recording_bytes,
  });
  return entry.success ? entry.data : null;
}

/** What is known of a session, and whether it could be read as it was written. */
export interface ReadRecord {
  readonly record: SessionRecord;
  readonly whole: boolean;
}

/**
 * What is known of a session. Where its document cannot be read, what the row's other columns tell: a session whose start
 * was told must get its end, whatever happened to the file. Null when not even that can be read.
 */
export function readRecord(row: Readonly<Record<string, unknown>>): ReadRecord | null {
  const record = parseJson(recordSchema, row.record);
  if (record !== null) return { record, whole: true };
  const parsed = historyRow.safeParse(row);
  if (!parsed.success) return null;
  const { data } = parsed;
  return {
    whole: false,
    record: leastRecord({
      id: data.id,
      previousId: data.previous_id,
      profile: { id: data.profile_id, name: data.profile_name },
      backend: data.backend,
      title: data.title,
      startedAt: data.started_at,
      shell: { command: '', args: [] },
    }),
  };
}

/** How old a session was at its last sign of life, and what it had counted; null when it never gave one. */
export function readHeartbeat(row: unknown): {
  readonly heartbeatMs: number;
  readonly lastActivityMs: number;
  readonly counters: SessionRecord['counters'];
} | null {
  const parsed = liveColumns.safeParse(row);
  if (!parsed.success) return null;
  const { age_ms, last_activity_ms, bytes_out, bytes_in, resizes, warnings, extensions, commands } = parsed.data;
  return {
    heartbeatMs: Math.max(0, age_ms),
    lastActivityMs: Math.max(0, last_activity_ms),
    counters: { bytesOut: bytes_out, bytesIn: bytes_in, resizes, warnings, extensions, commands },
  };
}

export function readDue(row: unknown): DueDelivery | null {
  const parsed = dueRow.safeParse(row);
  if (!parsed.success) return null;
  const { id, hook, lane, attempts, created_at, event, event_id, session_id, body } = parsed.data;
  return {
    id,
    hook,
    orderingKey: lane,
    attempts,
    createdAt: created_at,
    event,
    eventId: event_id,
    sessionId: session_id,
    body,
  };
}

export function readDelivery(row: unknown): Delivery | null {
  const parsed = deliveryRow.safeParse(row);
  if (!parsed.success) return null;
  const { event_id, session_id, created_at, last_at, next_at, ...rest } = parsed.data;
  const delivery = deliverySchema.safeParse({
    ...rest,
    eventId: event_id,
    sessionId: session_id,
    createdAt: created_at,
    lastAt: last_at,
    nextAt: next_at,
  });
  return delivery.success ? delivery.data : null;
}
