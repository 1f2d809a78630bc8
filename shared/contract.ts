import * as z from 'zod';
import { backendStatusSchema, engineOffersSchema } from './backends.ts';
import { endingSoonSchema } from './ending-soon.ts';
import { wireErrorSchema } from './errors.ts';
import { historyEntrySchema } from './history.ts';
import { deliverySchema, hookNameSchema, hooksViewSchema } from './hooks.ts';
import { metricsSchema } from './metrics.ts';
import { profileIdSchema, profileSchema, storedNameSchema, titleSchema } from './profile.ts';
import { EXPORT_FORMATS } from './recording.ts';
import { runningSchema } from './running.ts';
import { sessionEventSchema, sessionIdSchema, sessionInfoSchema, timingSchema } from './session.ts';
import { problemSchema, settingChangeSchema, settingsViewSchema } from './settings.ts';

/** A terminal's size in cells; what a PTY can have (unsigned 16 bit), bounded to what a screen can show. */
const columns = z.int().min(2).max(1_000);
const rows = z.int().min(1).max(1_000);
const none = z.strictObject({});
const bySession = z.strictObject({ id: sessionIdSchema });
const done = z.strictObject({});

const appInfoSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  host: z.enum(['desktop', 'web']),
  platform: z.string(),
  /** Whether the system says that a screen reader is running; null: this host cannot know. */
  screenReader: z.boolean().nullable(),
  /** The folders of log files and of recordings, to show. */
  logFolder: z.string(),
  recordingFolder: z.string(),
  problems: z.array(problemSchema),
});
export type AppInfo = z.infer<typeof appInfoSchema>;

/** What a close asks about first: what still runs. */
const closeResult = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('closed') }),
  z.strictObject({ outcome: z.literal('confirm'), running: runningSchema }),
]);

/** Desktop saves through its dialog; the browser downloads from a one-time path on the same origin. */
const exportResult = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('saved'), file: z.string() }),
  z.strictObject({ outcome: z.literal('cancelled') }),
  z.strictObject({ outcome: z.literal('download'), path: z.string().regex(/^\/[A-Za-z0-9/_.-]+$/), name: z.string() }),
]);
export type ExportResult = z.infer<typeof exportResult>;

/** Addresses this window's frames of one terminal. */
const channelSchema = z.int().min(1).max(0xffff_ffff);

const method = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output });

/** Every request a window may make. The one argument is an object; anything else is refused. */
export const METHODS = {
  'app.info': method(none, appInfoSchema),
  /** Opens the folder of log files on the desktop; for a browser, only returns its path. */
  'app.openLogs': method(none, z.strictObject({ opened: z.boolean(), folder: z.string() })),
  'sessions.list': method(none, z.array(sessionInfoSchema)),
  /** Opens a session and answers at once, in state `starting`; a failed start shows as its end. */
  'sessions.open': method(
    z.strictObject({
      profileId: z.string().max(64).optional(),
      previousId: sessionIdSchema.optional(),
      cols: columns,
      rows,
    }),
    sessionInfoSchema,
  ),
  /**
   * Shows the session on a channel that the window chooses: a number above all that it has chosen before on this
   * connection, so that late frames of a closed channel are never another's. Frames may come before the answer.
   */
  'sessions.attach': method(z.strictObject({ id: sessionIdSchema, channel: channelSchema }), done),
  'sessions.detach': method(z.strictObject({ channel: channelSchema }), done),
  /**
   * What fits into this window. The window that was used last (attached, resized, typed in) sets the size; every window
   * is notified in the order of the output.
   */
  'sessions.resize': method(z.strictObject({ id: sessionIdSchema, cols: columns, rows }), done),
  'sessions.rename': method(z.strictObject({ id: sessionIdSchema, title: titleSchema }), done),
  /** The tabs' order, as ids from left to right; ids it does not know are ignored. */
  'sessions.reorder': method(z.strictObject({ ids: z.array(sessionIdSchema).max(10_000) }), done),
  /** Ends the session and forgets its tab. Without `force`, what still runs in it is asked about first. */
  'sessions.close': method(z.strictObject({ id: sessionIdSchema, force: z.boolean() }), closeResult),
  /** Forgets an ended session's tab. Its recording stays. */
  'sessions.dismiss': method(bySession, done),
  /**
   * Ends the session, if it has not, with `reset`, and then opens a new one of its profile that names it in
   * `previousId`. Without `force`, what still runs in it is asked about first.
   */
  'sessions.restart': method(
    z.strictObject({ id: sessionIdSchema, force: z.boolean() }),
    z.discriminatedUnion('outcome', [
      z.strictObject({ outcome: z.literal('restarted'), session: sessionInfoSchema }),
      z.strictObject({ outcome: z.literal('confirm'), running: runningSchema }),
    ]),
  ),
  'sessions.keepOpen': method(bySession, done),
  'sessions.extend': method(bySession, done),
  /** Stops everything in the session where it stands; it keeps its memory, and its idle timeout rests. */
  'sessions.freeze': method(bySession, done),
  'sessions.thaw': method(bySession, done),
  /** Oldest first. `leftOut`: how many between the first and the latest are not kept. */
  'sessions.events': method(
    bySession,
    z.strictObject({ events: z.array(sessionEventSchema), leftOut: z.int().min(0) }),
  ),
  'sessions.export': method(z.strictObject({ id: sessionIdSchema, format: z.enum(EXPORT_FORMATS) }), exportResult),
  'sessions.metrics': method(none, metricsSchema),
  /** Sessions of this and earlier runs, the latest first; `before` is the last one that is known. */
  'history.list': method(
    z.strictObject({ before: sessionIdSchema.optional(), limit: z.int().min(1).max(200) }),
    z.array(historyEntrySchema),
  ),
  'hooks.list': method(none, hooksViewSchema),
  /** The latest deliveries of a hook, the latest first; only those of one state where that is named. */
  'hooks.deliveries': method(
    z.strictObject({
      hook: hookNameSchema,
      state: deliverySchema.shape.state.optional(),
      limit: z.int().min(1).max(200),
    }),
    z.array(deliverySchema),
  ),
  /** Sends a test event to one hook, through the same queue; answers at once. */
  'hooks.test': method(z.strictObject({ hook: hookNameSchema }), deliverySchema),
  /** Makes dead letters pending again: one, or with null all of the hook's. Gives how many. */
  'hooks.sendAgain': method(
    z.strictObject({ hook: hookNameSchema, delivery: z.int().min(1).nullable() }),
    z.strictObject({ count: z.int().min(0) }),
  ),
  /** Switches a hook on again whose receiver had answered 410. */
  'hooks.enable': method(z.strictObject({ hook: hookNameSchema }), done),
  /** Opens the folder of hooks on the desktop; for a browser, only returns its path. */
  'hooks.openFolder': method(none, z.strictObject({ opened: z.boolean(), folder: z.string() })),
  /** The names of stored secrets, never their values. `unavailable` says why none can be stored here. */
  'credentials.list': method(
    none,
    z.strictObject({
      unavailable: z.string().nullable(),
      stored: z.array(z.strictObject({ name: storedNameSchema, storedAt: z.number() })),
    }),
  ),
  'credentials.store': method(z.strictObject({ name: storedNameSchema, value: z.string().min(1).max(65_536) }), done),
  'credentials.remove': method(z.strictObject({ name: storedNameSchema }), done),
  'settings.get': method(none, settingsViewSchema),
  /**
   * All changes or none: the first that is not valid refuses the lot, with `invalid_setting`. `endings`: the sessions that the
   * change brings near to their end.
   */
  'settings.change': method(
    z.strictObject({ changes: z.array(settingChangeSchema).min(1).max(64) }),
    z.strictObject({ view: settingsViewSchema, endings: z.array(endingSoonSchema) }),
  ),
  /** Writes the settings in force over a settings file that is not used; gives the path of the copy that is kept of it. */
  'settings.replaceFile': method(none, z.strictObject({ copy: z.string(), settings: settingsViewSchema })),
  /** Adds a profile, or replaces the one with its id. Refused with `invalid_setting`, naming the field. */
  'profiles.save': method(
    /** `before`: the profile it is put before; null: at the end; without it, it stays where it is. */
    z.strictObject({ profile: profileSchema, before: profileIdSchema.nullable().optional() }),
    settingsViewSchema,
  ),
  'profiles.delete': method(z.strictObject({ id: profileIdSchema }), settingsViewSchema),
  /** Resets a profile that comes with the app to its defaults, even if it was deleted. */
  'profiles.reset': method(z.strictObject({ id: profileIdSchema }), settingsViewSchema),
  /** Desktop: the system's folder dialog. `unavailable`: this host has none, the path is typed. */
  'profiles.chooseFolder': method(
    none,
    z.discriminatedUnion('outcome', [
      z.strictObject({ outcome: z.literal('chosen'), folder: z.string() }),
      z.strictObject({ outcome: z.literal('cancelled') }),
      z.strictObject({ outcome: z.literal('unavailable') }),
    ]),
  ),
  'backends.status': method(none, z.array(backendStatusSchema)),
  /** Probes again now: after something was installed or switched on. */
  'backends.check': method(none, z.array(backendStatusSchema)),
  /** What the container engine has to offer; empty lists while it cannot be reached. */
  'backends.offers': method(none, engineOffersSchema),
} as const;
export type MethodName = keyof typeof METHODS;
export type MethodInput<M extends MethodName> = z.input<(typeof METHODS)[M]['input']>;
export type MethodOutput<M extends MethodName> = z.output<(typeof METHODS)[M]['output']>;

/** What a menu or an accelerator of the desktop asks the window to do. */
const WINDOW_COMMANDS = [
  'newTab',
  'newTabMenu',
  'closeTab',
  'nextTab',
  'previousTab',
  'moveTabLeft',
  'moveTabRight',
  'renameTab',
  'keepOpen',
  'extend',
  'freeze',
  'restart',
  'export',
  'sessionPanel',
  'aboutSessions',
  'settings',
  'hooks',
  'find',
  'openLogs',
] as const;
export type WindowCommand = (typeof WINDOW_COMMANDS)[number];

/** Every notification the core sends to its windows; none is answered. */
export const NOTIFICATIONS = {
  /** A session is new or anything of it but its timing changed. */
  sessionChanged: sessionInfoSchema,
  /** Its tab is to go: dismissed, or closed by the user in some window. */
  sessionRemoved: z.strictObject({ id: sessionIdSchema }),
  /** The core keeps nothing of it any more; a tab that shows it stays. */
  sessionEvicted: z.strictObject({ id: sessionIdSchema }),
  sessionsReordered: z.strictObject({ ids: z.array(sessionIdSchema) }),
  sessionEvent: sessionEventSchema,
  /** New timing of sessions that had activity; at most one per second. */
  timing: z.array(timingSchema),
  settingsChanged: settingsViewSchema,
  backendsChanged: z.array(backendStatusSchema),
  hooksChanged: hooksViewSchema,
  /** A screen reader was started or stopped. */
  screenReaderChanged: z.strictObject({ running: z.boolean() }),
  problem: problemSchema,
  /** Everything sent for this channel so far is all there will be. `cut_off`: this window was too slow; attach again. */
  channelClosed: z.strictObject({ channel: z.int().min(1), reason: z.enum(['ended', 'cut_off', 'detached']) }),
  command: z.strictObject({ command: z.enum(WINDOW_COMMANDS) }),
} as const;
export type NotificationName = keyof typeof NOTIFICATIONS;
export type NotificationPayload<N extends NotificationName> = z.output<(typeof NOTIFICATIONS)[N]>;

/** birpc's messages (https://github.com/antfu-collective/birpc), as this contract lets them pass. */
export const rpcMessageSchema = z.union([
  z.strictObject({
    t: z.literal('q'),
    m: z.string().max(64),
    a: z.array(z.unknown()).max(1),
    i: z.string().max(64).optional(),
    o: z.boolean().optional(),
  }),
  z.strictObject({
    t: z.literal('s'),
    i: z.string().max(64),
    r: z.unknown().optional(),
    e: wireErrorSchema.optional(),
  }),
]);
