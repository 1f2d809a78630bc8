import { messageOf } from '../../shared/error-message.ts';
import type { HistoryEntry } from '../../shared/history.ts';
import type { SessionId } from '../../shared/session.ts';
import { isNarrow } from '../components/narrow.ts';
import { call } from '../connection/core.ts';
import { setApp } from '../store/store.ts';
import { activate, openTab } from '../tabs/actions.ts';
import { continued, refreshed, useRecent } from './state.ts';

/** Sessions that are fetched at a time; and the most that one request may ask for. */
export const RECENT_PAGE = 20;
const MOST_AT_ONCE = 200;

const get = useRecent.getState;
const set = useRecent.setState;

/** Whether something has changed since the request that is under way was made. */
let outdated = false;

/** Fetches the latest sessions again; older ones that were fetched stay. */
export async function refreshRecent(): Promise<void> {
  if (get().loading) {
    outdated = true;
    return;
  }
  const limit = Math.min(MOST_AT_ONCE, Math.max(RECENT_PAGE, get().entries?.length ?? 0));
  await load(async () => refreshed(get(), await call('history.list', { limit }), limit));
}

/** Fetches the sessions before the last one that is known. */
export async function moreRecent(): Promise<void> {
  const before = get().entries?.at(-1)?.id;
  if (before === undefined || get().loading) return;
  await load(async () => continued(get(), await call('history.list', { before, limit: RECENT_PAGE }), RECENT_PAGE));
}

async function load(request: () => Promise<ReturnType<typeof refreshed>>): Promise<void> {
  set({ loading: true });
  outdated = false;
  try {
    set({ ...(await request()), failure: null });
  } catch (error) {
    set({ failure: messageOf(error) });
  } finally {
    set({ loading: false });
  }
  if (outdated) await refreshRecent();
}

/** Opens a session like one of the past, which it names as the one before it. */
export function openLike({ id, profileId }: HistoryEntry): Promise<void> {
  leaveNarrowPanel();
  return openTab({ profileId, previousId: id });
}

/** Shows the tab of a session that still has one. */
export function showTab(id: SessionId): void {
  leaveNarrowPanel();
  activate(id);
}

/** Where the panel takes the whole width, the tab would stay behind it. */
function leaveNarrowPanel(): void {
  if (isNarrow()) setApp({ panel: null });
}

/** Shows the recent sessions in the panel at the right. */
export function showRecent(): void {
  setApp({ panel: { view: 'recent' } });
}
