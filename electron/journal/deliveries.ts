import type { Delivery, DeliveryState, HookEvent } from '../../shared/hooks.ts';
import type { SessionId } from '../../shared/session.ts';

/** A delivery that may be tried now: the first that its lane still owes. */
export interface DueDelivery {
  readonly id: number;
  readonly hook: string;
  /** Deliveries of one hook in one lane go one after the other: a session and those that it follows by `previousId`. */
  readonly orderingKey: string;
  readonly attempts: number;
  readonly event: HookEvent;
  readonly eventId: string;
  readonly sessionId: SessionId | null;
  /** Milliseconds since the epoch: when it was first owed. */
  readonly createdAt: number;
  /** The CloudEvents envelope as it was made when the event was kept: each try sends the same bytes. */
  readonly body: string;
}

/** How a try went. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly outcome: string }
  /** To be tried again at `nextAt`, in milliseconds since the epoch. */
  | { readonly kind: 'retry'; readonly outcome: string; readonly nextAt: number }
  | { readonly kind: 'dead'; readonly outcome: string };

/**
 * What hooks are owed, as the journal keeps it. Synchronous; runs in the journal's thread. Methods throw what the database
 * throws: the courier logs it and tries again.
 */
export interface Outbox {
  /** The first delivery of each lane of these hooks that is owed, whose time has come; the oldest first. */
  due(hooks: readonly string[], nowMs: number, limit: number): readonly DueDelivery[];
  /** When the next one of these hooks becomes due, in milliseconds since the epoch; null: none is owed. */
  nextDueAt(hooks: readonly string[]): number | null;
  complete(id: number, outcome: DeliveryOutcome, nowMs: number): void;
  /** Owes an event that concerns no session, such as a test, to one hook, in a lane of its own. */
  enqueue(hook: string, event: { id: string; type: HookEvent; body: string }, nowMs: number): Delivery;
  /** Owes dead ones again, to be tried at once; all of the hook's with null. Gives how many. */
  requeue(hook: string, id: number | null, nowMs: number): number;
  /** Gives up what a hook that was removed, or has answered 410, is still owed. */
  drop(hook: string, outcome: string, nowMs: number): number;
  /**
   * Brings forward to `latestMs` (milliseconds since the epoch) the next tries of what a hook is owed, where they are
   * later: its file was changed, it was switched on again, or the wall clock was set back. Gives how many.
   */
  retryBy(hook: string, latestMs: number): number;
  /** The hooks that are owed something, also those that are not there any more. */
  pendingHooks(): readonly string[];
  list(hook: string, state: DeliveryState | null, limit: number): readonly Delivery[];
  counts(hook: string): { readonly owed: number; readonly dead: number; readonly last: Delivery | null };
  /** Small facts about hooks that outlive a run, such as that a receiver has answered 410. */
  flag(hook: string, name: 'gone', value: boolean): void;
  flags(): ReadonlyMap<string, ReadonlySet<'gone'>>;
}
