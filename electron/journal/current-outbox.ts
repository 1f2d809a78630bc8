import type { DeliveryLedger } from './deliveries.ts';

/**
 * A ledger that stays while the journal behind it is opened anew.
 *
 * @param current gives the ledger of the journal as it is now; throws when there is none
 * @param onError called with whatever the ledger throws, before it is thrown on
 */
export function currentLedger(current: () => DeliveryLedger, onError: (error: unknown) => void): DeliveryLedger {
  const ask = <T>(question: (ledger: DeliveryLedger) => T): T => {
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
    settle: (...args) => ask((ledger) => ledger.settle(...args)),
    owe: (...args) => ask((ledger) => ledger.owe(...args)),
    oweAgain: (...args) => ask((ledger) => ledger.oweAgain(...args)),
    drop: (...args) => ask((ledger) => ledger.drop(...args)),
    hasten: (...args) => ask((ledger) => ledger.hasten(...args)),
    owing: () => ask((ledger) => ledger.owing()),
    list: (...args) => ask((ledger) => ledger.list(...args)),
    counts: (...args) => ask((ledger) => ledger.counts(...args)),
    flag: (...args) => ask((ledger) => ledger.flag(...args)),
    flags: () => ask((ledger) => ledger.flags()),
  };
}
