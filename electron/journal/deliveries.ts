import type { Delivery, DeliveryState, HookEvent } from '../../shared/hooks.ts';
import type { SessionId } from '../../shared/session.ts';

/** A delivery that may be attempted now: the first pending one with its ordering key. */
export interface DueDelivery {
  readonly id: number;
  readonly hook: string;
  /** Deliveries of one hook with the same key go one after the other: those of a session and of its predecessors by `previousId`. */
  readonly orderingKey: string;
  readonly attempts: number;
  readonly event: HookEvent;
  readonly eventId: string;
  readonly sessionId: SessionId | null;
  /** When it was enqueued, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** The CloudEvents envelope, made when the event was stored: each attempt sends the same bytes. */
  readonly body: string;
}

/** How an attempt went. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly outcome: string }
  /** The next attempt is at `nextAt`, in milliseconds since the epoch. */
  | { readonly kind: 'retry'; readonly outcome: string; readonly nextAt: number }
  | { readonly kind: 'dead-letter'; readonly outcome: string };

/**
 * The outbox of hooks: deliveries as the journal keeps them. Synchronous; runs in the journal's thread. Methods throw what the
 * database throws: the dispatcher logs it and tries again.
 */
export interface Outbox {
  /** The first pending delivery of each ordering key of these hooks, if its time has come; the oldest first. */
  due(hooks: readonly string[], nowMs: number, limit: number): readonly DueDelivery[];
  /** When the next delivery of these hooks becomes due, in milliseconds since the epoch; null: none is pending. */
  nextDueAt(hooks: readonly string[]): number | null;
  /** Records how an attempt went. */
  complete(id: number, outcome: DeliveryOutcome, nowMs: number): void;
  /** Enqueues an event that concerns no session, such as a test, for one hook, with an ordering key of its own. */
  enqueue(hook: string, event: { id: string; type: HookEvent; body: string }, nowMs: number): Delivery;
  /** Makes a dead letter pending again, or with null all of the hook's; they are due at once. Gives how many. */
  requeue(hook: string, id: number | null, nowMs: number): number;
  /** Drops the pending deliveries of a hook that was removed, or whose endpoint answered 410. Gives how many. */
  drop(hook: string, outcome: string, nowMs: number): number;
  /**
   * Brings forward the next attempts of a hook's pending deliveries to `latestMs` (milliseconds since the epoch), if they are
   * later: its file was changed, it was turned on again, or the wall clock was set back. Gives how many.
   */
  retryBy(hook: string, latestMs: number): number;
  /** The hooks with pending deliveries, including those that no longer exist. */
  pendingHooks(): readonly string[];
  list(hook: string, state: DeliveryState | null, limit: number): readonly Delivery[];
  counts(hook: string): { readonly pending: number; readonly deadLetters: number; readonly last: Delivery | null };
  /** Facts about hooks that outlive a run, such as that an endpoint answered 410. */
  flag(hook: string, name: 'gone', value: boolean): void;
  flags(): ReadonlyMap<string, ReadonlySet<'gone'>>;
}
