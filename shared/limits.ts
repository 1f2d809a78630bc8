import * as z from 'zod';

/** The longest limit that can be set, in seconds: one week. */
export const MAX_LIMIT_SECONDS = 604_800;

/**
 * What may count as activity for the idle timeout: `input` is what the user does; `busy`, that the command in the
 * foreground uses the processor, prints or moves bytes; `output`, anything printed; `foreground`, that a command runs,
 * whether it does anything or not; `cpu`, that anything in the session uses the processor.
 */
export const ACTIVITY_KINDS = ['input', 'busy', 'output', 'foreground', 'cpu'] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

/**
 * What happens when a session's time is up: it closes; it closes and the next key press opens a new one; or it is
 * frozen, and closes unless it is thawed within the thaw window.
 */
export const ON_EXPIRY = ['close', 'reset', 'freeze'] as const;
export type OnExpiry = (typeof ON_EXPIRY)[number];

/** A timeout in whole seconds; 0 switches it off where the policy allows that. */
const timeoutSeconds = z.int().min(0).max(MAX_LIMIT_SECONDS);

/** How often a session may be extended, and by how much each time. */
export const extensionsSchema = z.strictObject({
  count: z.int().min(0).max(100),
  seconds: z.int().min(1).max(86_400),
});

/** All limits of one session. */
export const limitsSchema = z.strictObject({
  /** Seconds without activity after which the session ends; 0 = off. */
  idleTimeoutSeconds: timeoutSeconds,
  /** Seconds of real time, suspended time included, after which the session ends; 0 = off. */
  maxDurationSeconds: timeoutSeconds,
  /** What counts as activity. */
  activity: z.array(z.enum(ACTIVITY_KINDS)).min(1).max(ACTIVITY_KINDS.length),
  /** Seconds before a deadline at which to warn, longest first; those not shorter than the timeout do not apply. */
  warnBeforeSeconds: z.array(z.int().min(1).max(86_400)).max(8),
  /** The budget of extensions; they lengthen both deadlines, never past the policy. */
  extensions: extensionsSchema,
  /** Seconds between SIGHUP and SIGKILL when a session is closed. */
  closeGraceSeconds: z.number().min(0).max(60),
  /** Commands after which the session ends, as soon as the last of them is done; 0 = off. */
  maxCommands: z.int().min(0).max(1_000_000),
  onExpiry: z.enum(ON_EXPIRY),
  /** Seconds that a session frozen by its expiry waits to be thawed before it closes. */
  thawWindowSeconds: z.int().min(1).max(86_400),
});
export type Limits = z.infer<typeof limitsSchema>;
export type LimitName = keyof Limits;
export const LIMIT_NAMES = [
  'idleTimeoutSeconds',
  'maxDurationSeconds',
  'activity',
  'warnBeforeSeconds',
  'extensions',
  'closeGraceSeconds',
  'maxCommands',
  'onExpiry',
  'thawWindowSeconds',
] as const satisfies readonly LimitName[];

/** Limits named by a profile or a tab; what is missing comes from the next level. */
export const partialLimitsSchema = limitsSchema.partial();
export type PartialLimits = z.infer<typeof partialLimitsSchema>;

/** Where an effective limit came from. `default` is built in, `settings` the user's own, `policy` the administrator's. */
export const LIMIT_ORIGINS = ['default', 'settings', 'environment', 'profile', 'tab', 'policy'] as const;
export type LimitOrigin = (typeof LIMIT_ORIGINS)[number];

const originSchema = z.enum(LIMIT_ORIGINS);

/** The limits in force for one session, and which level set each. */
export const effectiveLimitsSchema = z.strictObject({
  values: limitsSchema,
  origins: z.record(z.enum(LIMIT_NAMES), originSchema),
  /** What the policy does not let an extension pass, in seconds; 0 = no cap. */
  caps: z.strictObject({ idleTimeoutSeconds: timeoutSeconds, maxDurationSeconds: timeoutSeconds }),
});
export type EffectiveLimits = z.infer<typeof effectiveLimitsSchema>;

/** The same as it stands in metadata, which may come from a version that knew fewer limits. */
export const recordedLimitsSchema = z.strictObject({
  values: limitsSchema.extend({
    maxCommands: limitsSchema.shape.maxCommands.default(0),
    onExpiry: limitsSchema.shape.onExpiry.default('close'),
    thawWindowSeconds: limitsSchema.shape.thawWindowSeconds.default(600),
  }),
  origins: z.partialRecord(z.enum(LIMIT_NAMES), originSchema),
  caps: effectiveLimitsSchema.shape.caps,
});
