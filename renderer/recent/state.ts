import { create } from 'zustand';
import type { HistoryEntry } from '../../shared/history.ts';

export interface RecentState {
  /** The latest first; null until the core has answered. */
  entries: readonly HistoryEntry[] | null;
  /** Whether there are older ones that were not fetched yet. */
  more: boolean;
  /** Whether a request is under way. */
  loading: boolean;
  /** Why the last request failed; null when it did not. */
  failure: string | null;
}

const INITIAL_STATE: RecentState = { entries: null, more: false, loading: false, failure: null };

/** The sessions that the journal knows, as far as they were asked for. */
export const useRecent = create<RecentState>()(() => INITIAL_STATE);

/** The list after the latest sessions were fetched again, `limit` of them: older ones stay behind them. */
export function refreshed(
  { entries, more }: Pick<RecentState, 'entries' | 'more'>,
  latest: readonly HistoryEntry[],
  limit: number,
): Pick<RecentState, 'entries' | 'more'> {
  const last = latest.at(-1);
  if (latest.length < limit || last === undefined) return { entries: latest, more: false };
  // Ids sort by the time that they were made.
  const older = (entries ?? []).filter(({ id }) => id < last.id);
  return { entries: [...latest, ...older], more: older.length === 0 || more };
}

/** What is known after a page of older ones was fetched, up to `limit` of them. */
export function continued(
  { entries }: Pick<RecentState, 'entries'>,
  older: readonly HistoryEntry[],
  limit: number,
): Pick<RecentState, 'entries' | 'more'> {
  const known = new Set((entries ?? []).map(({ id }) => id));
  return { entries: [...(entries ?? []), ...older.filter(({ id }) => !known.has(id))], more: older.length >= limit };
}
