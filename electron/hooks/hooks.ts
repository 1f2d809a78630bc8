import type { HookEvent, HooksView } from '../../shared/hooks.ts';
import type { Problem } from '../../shared/settings.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Outbox } from '../journal/deliveries.ts';

/** What runs hooks: reads their folder, follows its changes, and delivers what the ledger owes. In the journal's thread. */
export interface HookService {
  /** The hooks that want this kind of event now, by name. Asked within the transaction that keeps the event. */
  subscribers(event: HookEvent): readonly string[];
  /** Something new is owed. Cheap; called after each transaction. */
  wake(): void;
  view(): HooksView;
  /** @throws RequestError for a hook that is not there or cannot be used. */
  test(hook: string): ReturnType<Outbox['enqueue']>;
  /** @throws RequestError */
  sendAgain(hook: string, delivery: number | null): number;
  /** @throws RequestError */
  enable(hook: string): void;
  /** Ends what runs, and stops watching. Resolves within a second. Deliveries that were under way stay owed. */
  close(): Promise<void>;
}

/** Who is told of processes of hooks, so that they go also when the app is killed. */
export interface HookTracker {
  /** Called before the hook's program runs; resolves when somebody outside knows of it. */
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
  /** The app's own environment: secrets named by `secretEnv` are in it, and a few variables go on to executables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tracker: HookTracker;
  /** `wall()` goes into the ledger, `now()` tells when the wall clock was set. */
  readonly clock: Clock;
  /** Uniform in [0, 1): the jitter of pauses. */
  random(): number;
  /** Called when something that `view()` shows has changed, at most every 200 ms. */
  onChange(view: HooksView): void;
  /** Something the user should know that no hook's own message can say. */
  onProblem(problem: Problem): void;
  /** Certificates in PEM that are trusted besides those of the system: for tests. */
  readonly extraCertificates?: readonly string[];
}

/** One run of a hook's executable. */
export interface RunHookRequest {
  /** The hook's name. */
  readonly hook: string;
  /** The hook's folder, absolute; also the working directory. */
  readonly folder: string;
  /** The executable's name in that folder; it was checked just before. */
  readonly file: string;
  readonly args: readonly string[];
  /** The CloudEvents envelope, for the standard input. */
  readonly body: string;
  /** What the program is told besides a few variables of the host; a reason and a session where the event has them. */
  readonly environment: {
    readonly SANDGLASS_EVENT: HookEvent;
    readonly SANDGLASS_SESSION_ID?: string;
    readonly SANDGLASS_REASON?: string;
  };
  readonly timeoutMs: number;
  /** Unique to this run: what the tracker and the log know it by. 1 to 64 letters, digits, dashes and underscores. */
  readonly runId: string;
}

/** What a run needs from outside. */
export interface RunHookDependencies {
  readonly tracker: HookTracker;
  readonly logger: Logger;
  readonly hostEnvironment: Readonly<Record<string, string | undefined>>;
}

/** How a run went. `words`, for a person, without what the program wrote: “exited with 0 after 0.1 s”. */
export type RunHookResult =
  | { readonly kind: 'ok'; readonly words: string }
  | { readonly kind: 'failed'; readonly words: string };

/**
 * Runs a hook's executable once: `runHook` of run/run-hook.ts. Resolves when nothing of it is left; never rejects. An abort
 * of the signal ends it at once, and it has then failed.
 */
export type RunHook = (
  request: RunHookRequest,
  dependencies: RunHookDependencies,
  signal: AbortSignal,
) => Promise<RunHookResult>;
