import { flushSync } from 'react-dom';
import type { SessionId, SessionInfo } from '../../shared/session.ts';
import { call, report } from '../connection/core.ts';
import { placedAt, removed, replacing, successorOf } from '../store/reduce.ts';
import { getApp, setApp } from '../store/store.ts';
import { openAgain, reorder } from '../tabs/actions.ts';
import { adopt } from '../tabs/adopt.ts';
import { focusTerminal } from '../terminal/focus-terminal.ts';
import { paneArea } from '../terminal/pane-area.ts';
import { terminals } from '../terminal/window-terminals.ts';

/** At most this much is typed ahead into a session that is about to be opened, in UTF-16 code units. */
const MAX_TYPED_AHEAD = 1_024;

/** What was typed into each tab since its session is being replaced. */
const typed = new Map<SessionId, string>();

/** Whether the profile of a session is still there. */
function hasProfile({ profileId }: Pick<SessionInfo, 'profileId'>): boolean {
  return getApp().settings?.profiles.some(({ id }) => id === profileId) ?? false;
}

/** Whether the next key press opens a new session in the place of this one. */
export function awaitsKey(id: SessionId): boolean {
  const info = getApp().sessions[id];
  return info?.end?.reason === 'auto_reset' && hasProfile(info);
}

/** Replaces an ended session by a new one of the same profile; once, however often it is called. */
export async function openFresh(id: SessionId): Promise<void> {
  const info = getApp().sessions[id];
  if (info === undefined || getApp().replacing.has(id)) return;
  // Another window was faster.
  const successor = successorOf(getApp(), id);
  if (info.end?.reason === 'auto_reset' && successor !== null) {
    takePlace(id, successor, '');
    return;
  }
  await replace(id, () =>
    call('sessions.open', { profileId: info.profileId, previousId: id, ...terminals.sizeFor(paneArea()) }),
  );
}

/** Ends a session and opens a new one in its place; asks first if a command is running. */
export async function restart(id: SessionId, force = false): Promise<void> {
  const state = getApp();
  const info = state.sessions[id];
  if (info === undefined || state.replacing.has(id)) return;
  if (state.lost.has(id)) return openAgain(id);
  if (info.end !== null) return openFresh(id);
  await replace(id, async () => {
    const result = await call('sessions.restart', { id, force });
    if (result.outcome === 'restarted') return result.session;
    setApp({ question: { kind: 'restart', id, title: info.title, running: result.running } });
    return null;
  });
}

/** Keeps what is typed into a tab whose session is being replaced; returns false if it is not. */
export function typeAhead(id: SessionId, text: string): boolean {
  const before = typed.get(id);
  if (before === undefined) return false;
  typed.set(id, (before + text).slice(0, MAX_TYPED_AHEAD));
  return true;
}

async function replace(id: SessionId, open: () => Promise<SessionInfo | null>): Promise<void> {
  typed.set(id, '');
  setApp((state) => replacing(state, id, true));
  try {
    const next = await open();
    if (next !== null) takePlace(id, next, typed.get(id) ?? '');
  } catch (error) {
    report(error);
  } finally {
    typed.delete(id);
    setApp((state) => replacing(state, id, false));
  }
}

/** `next` is shown where `id` was, with the keyboard in it; `id` itself is left to the list of recent sessions. */
function takePlace(id: SessionId, next: SessionInfo, text: string): void {
  // The notification may have come first, with more; the answer must not undo it.
  if (getApp().sessions[next.id] === undefined) adopt(next);
  const wasActive = getApp().active === id;
  // At once, so that no key falls between the old terminal and the new one.
  flushSync(() => {
    setApp((state) => ({ order: placedAt(state.order, id, next.id) }));
    setApp((state) => ({ ...removed(state, id), ...(wasActive ? { active: next.id, finding: false } : {}) }));
  });
  terminals.remove(id);
  const terminal = terminals.get(next.id);
  if (text !== '') terminal?.type(text);
  if (wasActive) {
    terminal?.focus();
    focusTerminal();
  }
  reorder(getApp().order);
  // Where another window has forgotten it already, that is all right.
  void call('sessions.dismiss', { id }).catch(() => {});
}
