import type { HookEvent } from '../../shared/hooks.ts';
import type { RetryPolicy } from './backoff.ts';

/** What a hook does with an event. */
export type HookAction = RunAction | WebhookAction;

/** Runs an executable. */
export interface RunAction {
  readonly kind: 'run';
  /** Its name in the hook's folder. */
  readonly file: string;
  readonly args: readonly string[];
}

/** Sends it to a receiver. */
export interface WebhookAction {
  readonly kind: 'webhook';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** At least one, each `whsec_…`; each request is signed with all of them. */
  readonly secrets: readonly string[];
}

/** A hook that can be used, as its folder says. */
export interface Hook {
  readonly name: string;
  /** Its folder, absolute and without links. */
  readonly folder: string;
  /** The patterns of its `events`, as written. */
  readonly patterns: readonly string[];
  /** The events that they match. */
  readonly events: ReadonlySet<HookEvent>;
  readonly enabled: boolean;
  /** For one attempt, in milliseconds. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly action: HookAction;
  /** Another one when its executable is another one. */
  readonly revision: string;
  /** What should be different, though it works; null when nothing. */
  readonly warning: string | null;
}

/** What a folder of a hook came to. Of a broken one, what could be read. */
export type HookEntry =
  | { readonly state: 'good'; readonly name: string; readonly hook: Hook }
  | {
      readonly state: 'broken';
      readonly name: string;
      /** What is wrong and what to do, for a person. */
      readonly message: string;
      readonly kind: HookAction['kind'] | null;
      readonly target: string;
      readonly patterns: readonly string[];
    };
