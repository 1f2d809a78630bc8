import type { EffectiveLimits } from '../../shared/limits.ts';
import type { Profile } from '../../shared/profile.ts';
import type { SessionMetadata } from '../../shared/recording.ts';
import type { LimitReason, SessionEvent, SessionId, SessionState, StartFailure } from '../../shared/session.ts';
import type { Backend, ExitStatus } from '../backends/backend.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { CredentialBroker } from '../credentials/broker.ts';
import type { RecordedFile } from '../journal/journal.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import type { Checkpoints } from '../terminal/checkpoints.ts';
import type { InputSource } from './input/input-queue.ts';
import type { RestoredTime } from './limits/deadline-state.ts';

/** What a session needs from outside. */
export interface SessionDependencies {
  readonly clock: Clock;
  readonly backend: Backend;
  readonly recorders: RecorderFactory;
  /** What fetches credentials; without it, no session that needs some starts. */
  readonly credentials?: CredentialBroker | undefined;
  readonly logger: Logger;
  /** What makes checkpoints of terminals; without it, a window that comes late is shown only the last output. */
  readonly checkpoints?: Checkpoints | undefined;
  /** Which app runs the session, for its metadata. */
  readonly app: SessionMetadata['app'];
  /** Writes the metadata document of a session that was recorded, before its end is emitted. */
  writeMetadata(metadata: SessionMetadata): Promise<void>;
  /** A unique id for an event. */
  newEventId(): string;
}

/** What a session is opened with. */
export interface SessionOptions {
  readonly id: SessionId;
  readonly previousId: SessionId | null;
  readonly profile: Profile;
  readonly limits: EffectiveLimits;
  readonly cols: number;
  readonly rows: number;
  /** The name that the user gave it; without one, it is named after its shell or its profile. */
  readonly title?: string;
  /** What it brings along from an earlier run of the app, if one opened it. */
  readonly restored?: RestoredState;
}

/** What is known of a session that an earlier run of the app opened, and that continues in this one. */
export interface RestoredState {
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly events: readonly SessionEvent[];
  /** The last state that was emitted. */
  readonly state: Exclude<SessionState, 'starting' | 'closing' | 'ended'>;
  readonly time: RestoredTime;
  readonly counters: SessionMetadata['counters'];
  /** How long no app ran it, in seconds. */
  readonly awaySeconds: number;
}

/** Called by a session, synchronously and in order. */
export interface SessionListener {
  /** A lifecycle event. `recording`: with `session:end`, what was recorded; null where nothing was. */
  onEvent(event: SessionEvent, recording: RecordedFile | null): void;
  /** Something that `info()` shows is different, except for the timing. */
  onChange(): void;
  /** There was activity, so the timing is different. Called often. */
  onActivity(): void;
  /** A deadline's timer was this late. */
  onLateness(ms: number): void;
  /** Bytes went out of the program, or into it. Called often. */
  onBytes(out: number, into: number): void;
}

/** How an end came about, besides its reason. */
export interface EndDetails {
  /** The limit that ran out, where the reason does not name it. */
  readonly expired?: LimitReason;
  readonly exit?: ExitStatus;
  readonly failure?: StartFailure;
  /** More of why, as a sentence without a full stop, where the shell's exit does not say it. */
  readonly detail?: string;
}

/** Whether something could be done; if not, why, for the user. */
export type ActionResult = { ok: true } | { ok: false; message: string };

/** Where input comes from. */
export interface InputOrigin {
  /** The user's doing; otherwise the terminal answers by itself. */
  readonly user: boolean;
  /** A piece of a bracketed paste. */
  readonly isPaste?: boolean;
  /** Is notified of what becomes of the input. */
  readonly source?: InputSource;
}

/**
 * What became of input: `written` is on its way; `refused` is more than its source may have on its way, `command_limit` would
 * have begun a command beyond the last, and `not_running` reaches no program: nothing of these is taken.
 */
export type WriteResult = 'written' | 'refused' | 'command_limit' | 'not_running';
