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
    due: (...args) => ask((ledger) => ledger.due(...args)),
    nextDueAt: (...args) => ask((ledger) => ledger.nextDueAt(...args)),
    complete: (...args) => ask((ledger) => ledger.complete(...args)),
    enqueue: (...args) => ask((ledger) => ledger.enqueue(...args)),
    requeue: (...args) => ask((ledger) => ledger.requeue(...args)),
    drop: (...args) => ask((ledger) => ledger.drop(...args)),
    retryBy: (...args) => ask((ledger) => ledger.retryBy(...args)),
    pendingHooks: () => ask((ledger) => ledger.pendingHooks()),
    list: (...args) => ask((ledger) => ledger.list(...args)),
    counts: (...args) => ask((ledger) => ledger.counts(...args)),
    flag: (...args) => ask((ledger) => ledger.flag(...args)),
    flags: () => ask((ledger) => ledger.flags()),
  };
}
