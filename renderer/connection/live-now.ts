import { useApp } from '../store/store.ts';
import { useNow } from '../time/tick.ts';
import type { LostLink } from './core-link.ts';

/** The lost connection; null while there is one, or none was made yet. */
export function useLostLink(): LostLink | null {
  return useApp((state) => (state.link.state === 'lost' ? state.link : null));
}

/** When the connection was lost, a time of `performance.now()`; null while there is one. */
export function useLostSince(): number | null {
  return useApp((state) => (state.link.state === 'lost' ? state.link.since : null));
}

/**
 * The local time (`performance.now()`) that a session's clocks stand at: without a connection the moment it was lost, since what
 * became of the session from then on is not known.
 */
export function useLiveNow(): number {
  const since = useLostSince();
  const now = useNow();
  return since ?? now;
}
