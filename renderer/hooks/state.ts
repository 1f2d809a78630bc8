import { create } from 'zustand';
import type { Delivery, DeliveryState, HookInfo, HooksView } from '../../shared/hooks.ts';

/** Which deliveries are shown: those of one state, or all. */
export type DeliveryFilter = DeliveryState | 'all';

/** What was asked for of a hook: which deliveries, and how many at most. */
export interface DeliveryQuery {
  readonly hook: string;
  readonly filter: DeliveryFilter;
  readonly limit: number;
}

/** The deliveries of the open hook; the old ones stay while they are fetched again. */
export interface DeliveryList {
  readonly query: DeliveryQuery;
  /** Null until the first answer. */
  readonly deliveries: readonly Delivery[] | null;
  /** Why the last request failed; null when it did not. */
  readonly failure: string | null;
}

/** What is under way for one hook. */
export type HookAction = 'test' | 'enable' | `again:${number | 'all'}`;

export interface HooksState {
  /** Null until the core has answered. */
  view: HooksView | null;
  /** Why there is no list; null while none was asked for, and once there is one. */
  failure: string | null;
  /** The hook whose deliveries are shown; null: none was chosen, the first is shown where there is room. */
  selected: string | null;
  filter: DeliveryFilter;
  list: DeliveryList | null;
  /** Requests under way, as `hook/action`. */
  busy: ReadonlySet<string>;
}

const INITIAL_STATE: HooksState = {
  view: null,
  failure: null,
  selected: null,
  filter: 'all',
  list: null,
  busy: new Set(),
};

export const useHooks = create<HooksState>()(() => INITIAL_STATE);

/** The hook to show: the chosen one while it is there, else the first. */
export function shownHook({ view, selected }: Pick<HooksState, 'view' | 'selected'>): HookInfo | null {
  return view?.hooks.find(({ name }) => name === selected) ?? view?.hooks[0] ?? null;
}

/** The list for a query: what is known of the same hook and state is kept until there is an answer. */
export function asked(list: DeliveryList | null, query: DeliveryQuery): DeliveryList {
  const same = list !== null && list.query.hook === query.hook && list.query.filter === query.filter;
  return { query, deliveries: same ? list.deliveries : null, failure: null };
}

/** The list with an answer, unless something else was asked for in the meantime. */
export function answered(
  list: DeliveryList | null,
  query: DeliveryQuery,
  answer: { deliveries: readonly Delivery[] } | { failure: string },
): DeliveryList | null {
  return list !== null && list.query === query ? { ...list, failure: null, ...answer } : list;
}

/** The key of a request under way. */
export function busyKey(hook: string, action: HookAction): string {
  return `${hook}/${action}`;
}

/** How many hooks need attention: those that receive nothing although they should, and those with failed deliveries. */
export function attention(view: HooksView | null): number {
  return (
    view?.hooks.filter(({ state, deadLetters }) => state === 'broken' || state === 'gone' || deadLetters > 0).length ??
    0
  );
}
