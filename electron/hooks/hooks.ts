import type { HookEvent, HooksView } from '../../shared/hooks.ts';
import type { DeliveryLedger } from '../journal/deliveries.ts';

/** What runs hooks: reads their folder, follows its changes, and delivers what the ledger owes. In the journal's thread. */
export interface HookService {
  /** The hooks that want this kind of event now, by name. Asked within the transaction that keeps the event. */
  wanting(event: HookEvent): readonly string[];
  /** Something new is owed. Cheap; called after each transaction. */
  wake(): void;
  view(): HooksView;
  /** @throws RequestError for a hook that is not there or cannot be used. */
  test(hook: string): ReturnType<DeliveryLedger['owe']>;
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
