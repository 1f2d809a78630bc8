import * as z from 'zod';
import { describeDuration } from './duration.ts';
import { ACTIVITY_KINDS, effectiveLimitsSchema } from './limits.ts';
import { BACKENDS, titleSchema } from './profile.ts';

/** A session's id: a ULID (https://github.com/ulid/spec), so that ids sort by the time they were made. */
export const sessionIdSchema = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);
export type SessionId = string;

export const SESSION_STATES = ['starting', 'waiting', 'running', 'interrupted', 'frozen', 'closing', 'ended'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** The one table of transitions; whatever is not in it is a bug. */
export const TRANSITIONS: Readonly<Record<SessionState, readonly SessionState[]>> = {
  starting: ['waiting', 'closing'],
  waiting: ['running', 'frozen', 'closing'],
  running: ['waiting', 'interrupted', 'frozen', 'closing'],
  interrupted: ['waiting', 'frozen', 'closing'],
  frozen: ['waiting', 'running', 'closing'],
  closing: ['ended'],
  ended: [],
};

/** The limits of time: their deadlines close a session, or freeze it first. */
export const DEADLINES = ['idle_timeout', 'max_duration'] as const;
export type Deadline = (typeof DEADLINES)[number];

/** The limits that can run out. */
export const LIMIT_REASONS = [...DEADLINES, 'command_limit'] as const;
export type LimitReason = (typeof LIMIT_REASONS)[number];

/** Why a session ended. A limit that ran out is its own reason, unless the session restarts for it (`auto_reset`). */
export const END_REASONS = [
  'exited',
  'closed',
  ...LIMIT_REASONS,
  'auto_reset',
  'reset',
  'start_failed',
  'backend_lost',
  'out_of_memory',
  'recording_failed',
  'revoked',
  'app_quit',
  'app_crash',
] as const;
export type EndReason = (typeof END_REASONS)[number];

/** The steps of a start that can fail, each with its own message. */
export const START_STAGES = [
  'profile',
  'folder',
  'shell',
  'recording',
  /** A required credential could not be fetched. */
  'credentials',
  'spawn',
  /** What this machine offers was not enough for the isolation that was asked for. */
  'sandbox',
  /** The container engine could not be reached. */
  'engine',
  /** The image is not there and may not be pulled, or does not suit. */
  'image',
  'pull',
  'create',
  'start',
  'attach',
  'aborted',
] as const;
export type StartStage = (typeof START_STAGES)[number];

/** Why a start failed, for a person: what happened, and what to do. */
const startFailureSchema = z.strictObject({
  stage: z.enum(START_STAGES),
  message: z.string(),
  hint: z.string(),
});
export type StartFailure = z.infer<typeof startFailureSchema>;

/** How far a start has come, while it takes a while. */
const startProgressSchema = z.strictObject({
  stage: z.enum(START_STAGES),
  /** What is being done, for a person: “Pulling debian:bookworm-slim”. */
  message: z.string(),
  /** More of it, such as “3 of 5 layers · 12 of 48 MB”; empty where there is no more to say. */
  detail: z.string(),
  /** Between 0 and 1; null if it is not known. */
  fraction: z.number().min(0).max(1).nullable(),
});
export type StartProgress = z.infer<typeof startProgressSchema>;

/**
 * One thing that was found of a session's isolation, in the words of its badge: “no network”, “uid 1000”, “512 MB”.
 * `open`: it loosens what the sandbox would be by default.
 */
const isolationItemSchema = z.strictObject({ text: z.string(), open: z.boolean() });
export type IsolationItem = z.infer<typeof isolationItemSchema>;
/** What was found, the kind of sandbox first; empty for a plain local shell. */
export const isolationSchema = z.array(isolationItemSchema);
export type Isolation = readonly IsolationItem[];

/**
 * How everything that a session started is found when it ends: by its own cgroup, by walking the process tree, by its
 * PID namespace, or by removing its container.
 */
export const CONTAINMENTS = ['cgroup', 'tree', 'namespace', 'container'] as const;
export type Containment = (typeof CONTAINMENTS)[number];

/** The container that ran a session, as its engine names it. */
export const containerInfoSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  image: z.string(),
  /** The image's own id, a digest of its content. */
  imageId: z.string(),
  /** Where it can be pulled from by content, `name@sha256:…`; null for an image that never came from a registry. */
  digest: z.string().nullable(),
  /** “Docker 28.2.2” or “Podman 5.1.0”. */
  engine: z.string(),
  /** Whether it had been started ahead. */
  pooled: z.boolean(),
});
export type ContainerInfo = z.infer<typeof containerInfoSchema>;

/** Milliseconds since the Unix epoch. */
const timestampMs = z.number().min(0);

/** A process of the session that was still there after the whole ladder. */
const survivorSchema = z.strictObject({ pid: z.int().min(1), command: z.string() });
export type Survivor = z.infer<typeof survivorSchema>;

/** How a session ended. Exit code and signal are those of the shell; both null if they are not known. */
export const endSchema = z.strictObject({
  reason: z.enum(END_REASONS),
  at: timestampMs,
  durationSeconds: z.number().min(0),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** The limit that ran out, in seconds as it stood at the end (extensions included); null for other reasons. */
  limitSeconds: z.number().nullable(),
  /**
   * How long the session had really gone without activity, or had been open, when that limit ran out, in seconds: more than
   * `limitSeconds` where the limit was lowered meanwhile or the machine slept. Null where no such limit ran out, and in
   * what earlier versions wrote.
   */
  elapsedSeconds: z.number().min(0).nullable().default(null),
  /** Which limit ran out, also where the reason is `auto_reset`; null where none did. */
  expired: z.enum(LIMIT_REASONS).nullable().default(null),
  failure: startFailureSchema.nullable(),
  /** More of why, in words: what killed the shell, which engine was lost. Null where the reason says it all. */
  detail: z.string().nullable().default(null),
  survivors: z.array(survivorSchema),
});
export type SessionEnd = z.infer<typeof endSchema>;

/** What warnings, and the files and hooks that carry them, call the deadlines. */
const WARNING_DEADLINES = ['idle', 'max'] as const;
export type WarningDeadline = (typeof WARNING_DEADLINES)[number];

/** What a session can be warned of: one of its deadlines, or that the policy no longer allows it. */
export const WARNING_CAUSES = [...WARNING_DEADLINES, 'policy'] as const;

const activitySchema = z.strictObject({ kind: z.enum([...ACTIVITY_KINDS, 'start', 'keep_open']), at: timestampMs });
/** The last activity: its kind, and when it was. */
export type Activity = z.infer<typeof activitySchema>;

/**
 * The session's time, as durations from the moment of sampling, so that a receiver can count down on its own clock
 * and a jump of the wall clock changes nothing. Null: no such deadline.
 */
export const timingSchema = z.strictObject({
  id: sessionIdSchema,
  ageMs: z.number().min(0),
  idleMs: z.number().min(0),
  idleRemainingMs: z.number().nullable(),
  maxRemainingMs: z.number().nullable(),
  /** Until a session that its expiry has frozen closes; null where none has. */
  thawRemainingMs: z.number().nullable(),
  /** Until a session closes that the policy no longer allows; null where it does. */
  revokedRemainingMs: z.number().nullable(),
  lastActivity: activitySchema,
});
export type SessionTiming = z.infer<typeof timingSchema>;

/** The warning in force. `stage` counts from 0; `last` is the final one of its deadline. */
const warningSchema = z.strictObject({
  deadline: z.enum(WARNING_CAUSES),
  beforeSeconds: z.number().min(0),
  stage: z.int().min(0),
  last: z.boolean(),
});
export type SessionWarning = z.infer<typeof warningSchema>;

/** `truncated`: writing failed and the session continues without it, `message` says why. */
const recordingStateSchema = z.strictObject({
  state: z.enum(['recording', 'truncated', 'closed', 'none']),
  bytes: z.number().min(0),
  message: z.string().nullable(),
});
export type RecordingState = z.infer<typeof recordingStateSchema>;

/** One credential of a session. `missing`: there is none; `stale`: it could not be fetched again, and the old one is in place. */
const credentialStateSchema = z.strictObject({
  env: z.string(),
  state: z.enum(['ready', 'missing', 'stale']),
  /** Why, for a person, without its value; null where it is ready. */
  message: z.string().nullable(),
});
export type CredentialState = z.infer<typeof credentialStateSchema>;

/** Everything a window shows of one session. */
export const sessionInfoSchema = z.strictObject({
  id: sessionIdSchema,
  previousId: sessionIdSchema.nullable(),
  profileId: z.string(),
  profileName: z.string(),
  backend: z.enum(BACKENDS),
  title: titleSchema,
  state: z.enum(SESSION_STATES),
  createdAt: timestampMs,
  cols: z.int(),
  rows: z.int(),
  pid: z.int().nullable(),
  /** The command in the foreground, when one runs. */
  foreground: z.string().nullable(),
  limits: effectiveLimitsSchema,
  timing: timingSchema,
  warning: warningSchema.nullable(),
  /**
   * Why the policy no longer allows it, as a sentence without a full stop: “Your own policy (/home/ada/policy.json) no longer
   * allows local shells”. Null while it does.
   */
  revocation: z.string().nullable(),
  extensions: z.strictObject({ used: z.int(), count: z.int(), seconds: z.int() }),
  /** Commands begun so far. `marks`: counted by shell integration; `lines`: by submitted lines. */
  commands: z.strictObject({ used: z.int().min(0), source: z.enum(['marks', 'lines']) }),
  /** Which limit has frozen it; null where none has. */
  frozenBy: z.enum(LIMIT_REASONS).nullable(),
  credentials: z.array(credentialStateSchema),
  /** Whether the session belongs to an earlier run of the app: its output comes from its recording. */
  restored: z.boolean(),
  recording: recordingStateSchema,
  isolation: isolationSchema,
  containment: z.enum(CONTAINMENTS),
  container: containerInfoSchema.nullable(),
  /** While it starts and that takes a while: how far it has come. */
  progress: startProgressSchema.nullable(),
  end: endSchema.nullable(),
});
export type SessionInfo = z.infer<typeof sessionInfoSchema>;

const eventBase = { id: z.string(), sessionId: sessionIdSchema, at: timestampMs } as const;

/** Lifecycle events. Exactly one `session:end` follows each `session:start`, on every path. */
export const sessionEventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...eventBase,
    type: z.literal('session:start'),
    profileId: z.string(),
    backend: z.enum(BACKENDS),
    previousId: sessionIdSchema.nullable(),
  }),
  z.strictObject({ ...eventBase, type: z.literal('session:warning'), warning: warningSchema }),
  z.strictObject({
    ...eventBase,
    type: z.literal('session:extended'),
    by: z.enum(['user', 'keep_open']),
    seconds: z.number().min(0),
    used: z.int(),
    count: z.int(),
  }),
  z.strictObject({
    ...eventBase,
    type: z.literal('session:state'),
    from: z.enum(SESSION_STATES),
    to: z.enum(SESSION_STATES),
  }),
  /** `by`: the limit that ran out; null: the user. */
  z.strictObject({
    ...eventBase,
    type: z.literal('session:frozen'),
    by: z.enum(LIMIT_REASONS).nullable().default(null),
  }),
  z.strictObject({ ...eventBase, type: z.literal('session:thawed'), frozenSeconds: z.number().min(0) }),
  /** A session was refused because as many as may be were running. It has no start and no end. */
  z.strictObject({
    ...eventBase,
    type: z.literal('session:limit'),
    profileId: z.string(),
    backend: z.enum(BACKENDS),
    running: z.int().min(0),
    max: z.int().min(0),
  }),
  /** The policy allows again what it was warned of, before its time was over: it stays open. */
  z.strictObject({ ...eventBase, type: z.literal('session:reinstated') }),
  /** The app had crashed and found the session running: it is attached to again. */
  z.strictObject({ ...eventBase, type: z.literal('session:reattached'), awaySeconds: z.number().min(0) }),
  z.strictObject({ ...eventBase, type: z.literal('session:end'), end: endSchema }),
]);
export type SessionEvent = z.infer<typeof sessionEventSchema>;
export type SessionEventType = SessionEvent['type'];
export type SessionEndEvent = Extract<SessionEvent, { type: 'session:end' }>;

/** From here on it is worth saying that a limit ran out later than it says, in seconds. */
const NOTABLE_SECONDS = 2;

/**
 * What is to be said of a limit that ran out: how long the session had really gone (`length`), and the limit, where it was
 * a shorter one. `limit` is null where both are the same.
 */
export function elapsedAndLimit({
  limitSeconds,
  elapsedSeconds,
}: Pick<SessionEnd, 'limitSeconds' | 'elapsedSeconds'>): {
  readonly length: string;
  readonly limit: string | null;
} {
  if (limitSeconds === null) return { length: '', limit: null };
  const limit = describeDuration(limitSeconds);
  if (elapsedSeconds === null || elapsedSeconds < limitSeconds + NOTABLE_SECONDS) return { length: limit, limit: null };
  return { length: describeDuration(elapsedSeconds), limit };
}

/** Why a session ended, as one sentence without a full stop: “Closed after 15 minutes without input”. */
export function describeEnd(end: SessionEnd): string {
  const { length, limit } = elapsedAndLimit(end);
  switch (end.reason) {
    case 'exited':
      if (end.signal !== null) return `The shell was ended by ${end.signal}`;
      return end.exitCode === 0 || end.exitCode === null ? 'The shell exited' : `The shell exited with ${end.exitCode}`;
    case 'closed':
      return 'Closed by you';
    case 'idle_timeout':
      return `Closed after ${length} without activity${limit === null ? '' : `; its idle timeout was ${limit}`}`;
    case 'max_duration':
      return limit === null
        ? `Closed after its maximum duration of ${length}`
        : `Closed after ${length}; its maximum duration was ${limit}`;
    case 'command_limit':
      return 'Closed after its last allowed command';
    case 'auto_reset':
      return `${end.expired === 'command_limit' ? 'Its last allowed command is done' : 'Its time was up'}; any key starts a new session`;
    case 'reset':
      return 'Restarted by you';
    case 'start_failed':
      return end.failure === null ? 'Did not start' : end.failure.message;
    case 'backend_lost':
      return 'The backend that ran it was lost';
    case 'out_of_memory':
      return 'Ended because it ran out of memory';
    case 'recording_failed':
      return 'Closed because it could no longer be recorded';
    case 'revoked':
      return 'Closed because the policy no longer allows it';
    case 'app_quit':
      return 'Closed because Sandglass was quit';
    case 'app_crash':
      return 'Ended when Sandglass stopped unexpectedly';
  }
}
