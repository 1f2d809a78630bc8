import type { EffectiveLimits } from '../../shared/limits.ts';
import type { Profile } from '../../shared/profile.ts';
import type { SessionMetadata } from '../../shared/recording.ts';
import type {
  Expiry,
  SessionEndEvent,
  SessionEvent,
  SessionId,
  SessionState,
  StartFailure,
} from '../../shared/session.ts';
import type { Backend, ExitStatus } from '../backends/backend.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { CredentialBroker } from '../credentials/broker.ts';
import type { ClosedRecording, RecorderFactory } from '../recording/recorder.ts';
import type { Checkpoints } from '../terminal/checkpoints.ts';
import type { InputSource } from './input/input-queue.ts';
import type { EarlierTime } from './limits/deadline-keeper.ts';
import type { Session } from './session.ts';

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
  /** Writes the metadata document; called once, after the recording is closed and before `event` is told. */
  writeMetadata(session: Session, event: SessionEndEvent, recording: ClosedRecording | null): Promise<void>;
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
  /** What somebody has named it; without it, it is named after its shell or its profile. */
  readonly title?: string;
  /** What it brings along, where an earlier run of the app had opened it. */
  readonly earlier?: EarlierSession;
}

/** What is known of a session that an earlier run of the app had opened, and that goes on in this one. */
export interface EarlierSession {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly events: readonly SessionEvent[];
  /** The state that was told last. */
  readonly state: Exclude<SessionState, 'starting' | 'closing' | 'ended'>;
  readonly time: EarlierTime;
  readonly counters: SessionMetadata['counters'];
  /** Since the last sign of life that it gave then. */
  readonly awaySeconds: number;
}

/** What a session tells its manager; called synchronously, in order. */
export interface SessionListener {
  /** A lifecycle event happened. */
  onEvent(session: Session, event: SessionEvent): void;
  /** Something that `info()` shows is different, but for the timing. */
  onChange(session: Session): void;
  /** Activity: the timing is different. Called often. */
  onActivity(session: Session): void;
  /** A deadline fired, this late. */
  onLateness(ms: number): void;
  /** Bytes went out of the program, or into it. Called often. */
  onBytes(out: number, into: number): void;
}

/** How an end came about, besides its reason. */
export interface EndDetails {
  /** The limit that ran out, where the reason does not name it. */
  readonly expired?: Expiry;
  readonly exit?: ExitStatus;
  readonly failure?: StartFailure;
  /** More of why, as a sentence without a full stop, where the shell's exit does not say it. */
  readonly detail?: string;
}

/** Whether something could be done; if not, why, for a person. */
export type ActionResult = { ok: true } | { ok: false; message: string };

/** Where input comes from. */
export interface InputOrigin {
  /** The user's doing; else the terminal answers by itself. */
  readonly user: boolean;
  /** A piece of a bracketed paste. */
  readonly isPaste?: boolean;
  /** Who hears what becomes of it; without one, nobody does. */
  readonly source?: InputSource;
}

/**
 * What became of input: `written` is on its way; `refused` is more than its source may have on its way, `command_limit` would
 * have begun a command beyond the last, and `not_running` reaches no program: nothing of these is taken.
 */
export type WriteResult = 'written' | 'refused' | 'command_limit' | 'not_running';
