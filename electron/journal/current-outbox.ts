import type { Outbox } from './deliveries.ts';

/**
 * An outbox that stays the same while the journal behind it is reopened.
 *
 * @param current gives the outbox of the open journal; throws if none is open
 * @param onError called with whatever the outbox throws, before it is thrown on
 */
export function currentOutbox(current: () => Outbox, onError: (error: unknown) => void): Outbox {
  const ask = <T>(question: (outbox: Outbox) => T): T => {
    try {
      return question(current());
    } catch (error) {
      onError(error);
      throw error;
    }
  };
  return {
    due: (...args) => ask((outbox) => outbox.due(...args)),
    nextDueAt: (...args) => ask((outbox) => outbox.nextDueAt(...args)),
    complete: (...args) => ask((outbox) => outbox.complete(...args)),
    enqueue: (...args) => ask((outbox) => outbox.enqueue(...args)),
    requeue: (...args) => ask((outbox) => outbox.requeue(...args)),
    drop: (...args) => ask((outbox) => outbox.drop(...args)),
    retryBy: (...args) => ask((outbox) => outbox.retryBy(...args)),
    pendingHooks: () => ask((outbox) => outbox.pendingHooks()),
    list: (...args) => ask((outbox) => outbox.list(...args)),
    counts: (...args) => ask((outbox) => outbox.counts(...args)),
    flag: (...args) => ask((outbox) => outbox.flag(...args)),
    flags: () => ask((outbox) => outbox.flags()),
  };
}
