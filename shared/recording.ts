import * as z from 'zod';
import { recordedLimitsSchema } from './limits.ts';
import { BACKENDS } from './profile.ts';
import {
  CONTAINMENTS,
  containerInfoSchema,
  endSchema,
  isolationSchema,
  sessionEventSchema,
  sessionIdSchema,
} from './session.ts';

/** The version of `session.json`. */
export const METADATA_VERSION = 1;

/** The files of a session's folder. */
export const RECORDING_FILE = 'recording.cast';
export const METADATA_FILE = 'session.json';

/** `session.json`: everything known of one session but its output. */
export const metadataSchema = z.strictObject({
  version: z.literal(METADATA_VERSION),
  id: sessionIdSchema,
  previousId: sessionIdSchema.nullable(),
  profile: z.strictObject({ id: z.string(), name: z.string() }),
  backend: z.enum(BACKENDS),
  /** What isolation was found. */
  isolation: isolationSchema,
  containment: z.enum(CONTAINMENTS),
  /** The container, with its image's digest; null for other backends and where none came to be. */
  container: containerInfoSchema.nullable(),
  title: z.string(),
  shell: z.strictObject({ command: z.string(), args: z.array(z.string()) }),
  /** Milliseconds since the Unix epoch. */
  startedAt: z.number(),
  endedAt: z.number(),
  durationSeconds: z.number(),
  limits: recordedLimitsSchema,
  events: z.array(sessionEventSchema),
  /** How many events are left out, between the first and the latest; absent where none are. */
  eventsLeftOut: z.int().min(1).optional(),
  counters: z.strictObject({
    bytesOut: z.number(),
    bytesIn: z.number(),
    resizes: z.int(),
    warnings: z.int(),
    extensions: z.int(),
    /** Commands that were begun, as far as they are counted for a limit; 0 in files of before there was one. */
    commands: z.int().default(0),
  }),
  end: endSchema,
  recording: z.strictObject({
    file: z.literal(RECORDING_FILE),
    format: z.literal('asciicast-v3'),
    bytes: z.number(),
    /** SHA-256 of the file as lowercase hex; null when the file could not be written to its end. */
    sha256: z.string().nullable(),
    truncated: z.boolean(),
    /** Why it is truncated; null when it is not. */
    message: z.string().nullable(),
  }),
  host: z.strictObject({ platform: z.string(), release: z.string(), arch: z.string(), hostname: z.string() }),
  app: z.strictObject({ name: z.string(), version: z.string() }),
});
export type SessionMetadata = z.infer<typeof metadataSchema>;

/** What a session can be exported as: asciicast v3 or v2, plain text, metadata, or a zip of all. */
export const EXPORT_FORMATS = ['cast-v3', 'cast-v2', 'text', 'json', 'zip'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What a person reads in the export menu. */
export const EXPORT_LABELS: Readonly<Record<ExportFormat, string>> = {
  'cast-v3': 'Recording (asciicast v3)',
  'cast-v2': 'Recording (asciicast v2)',
  text: 'Plain text',
  json: 'Metadata (JSON)',
  zip: 'Everything (zip)',
};
