import * as z from 'zod';
import { ACTIVITY_KINDS, extensionsSchema, LIMIT_ORIGINS, limitsSchema } from './limits.ts';
import { BACKENDS, loginShellSchema, PRESETS, profileSchema } from './profile.ts';

/** The version of the settings file; raised with each migration. */
export const SETTINGS_VERSION = 2;

const timeoutsSchema = z.strictObject({
  idleTimeoutSeconds: limitsSchema.shape.idleTimeoutSeconds,
  maxDurationSeconds: limitsSchema.shape.maxDurationSeconds,
});

/** What a person may change in the settings screen. */
export const preferencesSchema = z.strictObject({
  limits: z.strictObject({
    /** For sessions on a local shell. */
    local: timeoutsSchema,
    /** For sessions in a sandbox or a container. */
    sandboxed: timeoutsSchema,
    activity: limitsSchema.shape.activity,
    warnBeforeSeconds: limitsSchema.shape.warnBeforeSeconds,
    extensions: extensionsSchema,
    closeGraceSeconds: limitsSchema.shape.closeGraceSeconds,
    maxCommands: limitsSchema.shape.maxCommands,
    onExpiry: limitsSchema.shape.onExpiry,
    thawWindowSeconds: limitsSchema.shape.thawWindowSeconds,
  }),
  sessions: z.strictObject({
    maxConcurrentSessions: z.int().min(1).max(10_000),
    /** Seconds between two sweeps that find what timers missed. */
    cleanupIntervalSeconds: z.int().min(1).max(86_400),
  }),
  /** What is kept of ended sessions, with their recordings; the oldest go first. 0: no such bound. */
  history: z.strictObject({
    keepDays: z.int().min(0).max(36_500),
    keepSessions: z.int().min(0).max(1_000_000),
    /** Megabytes (1,000,000 bytes) of recordings and journal together. */
    keepMegabytes: z.int().min(0).max(100_000_000),
  }),
  terminal: z.strictObject({
    fontSize: z.int().min(8).max(32),
    /** Lines kept above the screen. */
    scrollbackLines: z.int().min(0).max(100_000),
    /** `auto` uses the GPU where it is real. */
    renderer: z.enum(['auto', 'webgl', 'dom']),
    cursorBlink: z.boolean(),
    /** Whether shells of this machine are login shells. */
    loginShell: loginShellSchema,
    /** The contrast that text has at least, as WCAG 2 measures it; 1: colours stay as programs send them. */
    minimumContrastRatio: z.number().min(1).max(21),
    /** Whether Alt (Cmd on macOS) with a digit selects a tab where there are several; else it is the program's. */
    digitsSelectTabs: z.boolean(),
    /** Whether output is offered to screen readers; `automatic` where the system says that one is running. */
    screenReader: z.enum(['automatic', 'on', 'off']),
  }),
  appearance: z.strictObject({ theme: z.enum(['system', 'light', 'dark']) }),
});
export type Preferences = z.infer<typeof preferencesSchema>;

/** The settings file. */
export const settingsSchema = preferencesSchema.extend({
  version: z.literal(SETTINGS_VERSION),
  profiles: z.array(profileSchema).min(1).max(200),
});
export type Settings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  version: SETTINGS_VERSION,
  limits: {
    local: { idleTimeoutSeconds: 3_600, maxDurationSeconds: 28_800 },
    sandboxed: { idleTimeoutSeconds: 900, maxDurationSeconds: 3_600 },
    activity: ['input', 'busy'],
    warnBeforeSeconds: [300, 60, 10],
    extensions: { count: 2, seconds: 1_800 },
    closeGraceSeconds: 2,
    maxCommands: 0,
    onExpiry: 'close',
    thawWindowSeconds: 600,
  },
  sessions: { maxConcurrentSessions: 100, cleanupIntervalSeconds: 300 },
  history: { keepDays: 365, keepSessions: 10_000, keepMegabytes: 10_000 },
  terminal: {
    fontSize: 13,
    scrollbackLines: 10_000,
    renderer: 'auto',
    cursorBlink: false,
    loginShell: 'automatic',
    minimumContrastRatio: 1,
    digitsSelectTabs: true,
    screenReader: 'automatic',
  },
  appearance: { theme: 'system' },
  profiles: [...PRESETS],
};

/**
 * The policy: a file of the administrator, read from a place only they can write to, or, where there is none, one of the
 * user's own. It caps what may be set; every field is optional.
 */
export const policySchema = z.strictObject({
  /** The shortest timeout that may be set, in seconds. */
  minimumTimeoutSeconds: z.int().min(1).max(604_800).default(60),
  /** The longest idle timeout, in seconds. It also forbids switching it off. */
  maxIdleTimeoutSeconds: z.int().min(1).max(604_800).optional(),
  /** The longest duration, in seconds, extensions included. It also forbids switching it off. */
  maxMaxDurationSeconds: z.int().min(1).max(604_800).optional(),
  maxConcurrentSessions: z.int().min(1).max(10_000).optional(),
  /** The largest number of commands of a session. It also forbids switching that limit off. */
  maxMaxCommands: z.int().min(1).max(1_000_000).optional(),
  /** The largest number of extensions; 0 forbids them. */
  maxExtensions: z.int().min(0).max(100).optional(),
  /** What may count as activity at most. */
  allowedActivity: z.array(z.enum(ACTIVITY_KINDS)).min(1).optional(),
  /** Which kinds of session may run; without it, all. */
  allowedBackends: z.array(z.enum(BACKENDS)).min(1).optional(),
  /** Every session must be recorded to the end. */
  requireRecording: z.boolean().optional(),
});
export type Policy = z.infer<typeof policySchema>;

/** A setting's address for people and programs, e.g. `limits.local.idleTimeoutSeconds`. */
export const SETTING_PATHS = [
  'limits.local.idleTimeoutSeconds',
  'limits.local.maxDurationSeconds',
  'limits.sandboxed.idleTimeoutSeconds',
  'limits.sandboxed.maxDurationSeconds',
  'limits.activity',
  'limits.warnBeforeSeconds',
  'limits.extensions.count',
  'limits.extensions.seconds',
  'limits.closeGraceSeconds',
  'limits.maxCommands',
  'limits.onExpiry',
  'limits.thawWindowSeconds',
  'sessions.maxConcurrentSessions',
  'sessions.cleanupIntervalSeconds',
  'history.keepDays',
  'history.keepSessions',
  'history.keepMegabytes',
  'terminal.fontSize',
  'terminal.scrollbackLines',
  'terminal.renderer',
  'terminal.cursorBlink',
  'terminal.loginShell',
  'terminal.minimumContrastRatio',
  'terminal.digitsSelectTabs',
  'terminal.screenReader',
  'appearance.theme',
] as const;
export type SettingPath = (typeof SETTING_PATHS)[number];

/** Something the user should know that happened outside a session: what, and what to do. */
export const problemSchema = z.strictObject({
  id: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  title: z.string(),
  message: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;

/** The settings as a window shows them. */
export const settingsViewSchema = z.strictObject({
  /** What the user has set (or the defaults). */
  preferences: preferencesSchema,
  /** What is in force now, after environment and policy. */
  effective: preferencesSchema,
  /** Which level each value in force comes from. */
  origins: z.record(z.enum(SETTING_PATHS), z.enum(LIMIT_ORIGINS)),
  defaults: preferencesSchema,
  policy: policySchema,
  /** The policy file in force; null when there is none. */
  policyFile: z.string().nullable(),
  /** Whether that file is the user's own, which `SANDGLASS_POLICY_FILE` names, and not an administrator's. */
  policyIsOwn: z.boolean(),
  /** What is wrong with the policy file now, and what is in force meanwhile; null or absent: nothing. */
  policyProblem: z.string().nullable().optional(),
  profiles: z.array(profileSchema),
  /** What is wrong with the settings file now; null or absent: nothing. */
  file: z
    .strictObject({
      path: z.string(),
      title: z.string(),
      /** A line for each thing that is wrong, and what to do. */
      message: z.string(),
      /** Nothing of the file is in force, and nothing is saved until it is corrected or replaced. */
      isUnused: z.boolean(),
    })
    .nullable()
    .optional(),
});
export type SettingsView = z.infer<typeof settingsViewSchema>;

/** One change: a setting's address and its new value; a null value puts the default back. */
export const settingChangeSchema = z.strictObject({ path: z.enum(SETTING_PATHS), value: z.unknown() });
export type SettingChange = z.infer<typeof settingChangeSchema>;
