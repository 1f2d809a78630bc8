import type { HookEvent } from '../../shared/hooks.ts';
import type { Logger } from '../base/logger.ts';
import type { HookTracker } from '../journal/hook-service.ts';

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
