import type { HookEvent, HooksView } from '../../shared/hooks.ts';
import type { SessionEvent } from '../../shared/session.ts';
import type { Problem } from '../../shared/settings.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Outbox } from './deliveries.ts';
import type { RecordedFile, SessionRecord } from './journal.ts';

/** What runs hooks: reads their folder, follows its changes, and delivers what is pending in the outbox. In the journal's thread. */
export interface HookService {
  /** The hooks that want this kind of event now, by name. Asked within the transaction that keeps the event. */
  subscribers(event: HookEvent): readonly string[];
  /** Something may have been enqueued. Cheap; called after each transaction. */
  wake(): void;
  view(): HooksView;
  /** @throws RequestError for a hook that is not there or cannot be used. */
  test(hook: string): ReturnType<Outbox['enqueue']>;
  /** @throws RequestError */
  sendAgain(hook: string, delivery: number | null): number;
  /** @throws RequestError */
  enable(hook: string): void;
  /** Ends what runs, and stops watching. Resolves within a second. Deliveries that were under way stay pending. */
  close(): Promise<void>;
}

/** Tracks processes of hooks, so that they are ended even if the app is killed. */
export interface HookTracker {
  /** Called before the hook's program runs; resolves when the run is tracked outside of the app. */
  started(run: string, pid: number, cgroups: readonly string[]): Promise<void>;
  ended(run: string): void;
}

/** What the service of hooks is made with: `createHookService(options)` in service.ts. */
export interface HookServiceOptions {
  /** Where the folders of hooks are, absolute: `<config>/hooks`. Made if missing. */
  readonly folder: string;
  readonly outbox: Outbox;
  /** The CloudEvents `source` of test events: the same as that of this machine's session events. */
  readonly source: string;
  readonly logger: Logger;
  /** The app's own environment: secrets named by `secretEnv` are in it, and a few variables are passed to executables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tracker: HookTracker;
  /** `wall()` goes into the outbox; `now()` shows whether the wall clock was set. */
  readonly clock: Clock;
  /** Uniform in [0, 1): the jitter of the backoff. */
  random(): number;
  /** Called when something that `view()` shows has changed, at most every 200 ms. */
  onChange(view: HooksView): void;
  /** Something the user should know that no hook's own message can say. */
  onProblem(problem: Problem): void;
  /** Certificates in PEM that are trusted besides those of the system: for tests. */
  readonly extraCertificates?: readonly string[];
}

/** A session's event that hooks get. */
export type TellableEvent = Exclude<SessionEvent, { type: 'session:state' }>;

/** What an event is made of. */
export interface EventFacts {
  readonly event: TellableEvent;
  /** What is known of the session; null for `session:limit`, which has none. */
  readonly record: SessionRecord | null;
  /** With `session:end`: what was recorded; null where nothing was. */
  readonly recording: RecordedFile | null;
  /** The recording's full path; null where it is not known. */
  readonly recordingFile: string | null;
  /** The installation's, the CloudEvents `source`. */
  readonly source: string;
  /** The place of the event among the tellable ones of its session, from 1 on and without gaps. */
  readonly sequence: number;
}
