import type { SessionId } from '../../shared/session.ts';
import { call, report } from '../connection/core.ts';
import { moved, neighbour, removed } from '../store/reduce.ts';
import { SETTINGS_TAB, type TabId, tabIds } from '../store/state.ts';
import { getApp, setApp } from '../store/store.ts';
import { focusTerminal } from '../terminal/focus-terminal.ts';
import { paneArea } from '../terminal/pane-area.ts';
import { terminals } from '../terminal/window-terminals.ts';
import { showProblem } from '../toasts/toasts.ts';
import { adopt } from './adopt.ts';

export function activate(tab: TabId): void {
  setApp((state) => {
    const unseen = new Set(state.unseen);
    unseen.delete(tab);
    return { active: tab, unseen, finding: false, hoveredLink: null };
  });
  focusTerminal();
}

/** Opens a session and shows it. With `after`, it takes the place behind that tab. */
export async function openTab(options: { profileId?: string; previousId?: SessionId; after?: SessionId } = {}) {
  const { after, ...request } = options;
  try {
    const info = await call('sessions.open', { ...request, ...terminals.sizeFor(paneArea()) });
    // The notification may have come first, with more; the answer must not undo it.
    if (getApp().sessions[info.id] === undefined) adopt(info);
    activate(info.id);
    if (after !== undefined) placeAfter(info.id, after);
  } catch (error) {
    report(error);
  }
}

function placeAfter(id: SessionId, after: SessionId): void {
  const rest = getApp().order.filter((other) => other !== id);
  const index = rest.indexOf(after);
  if (index < 0 || index === rest.length - 1) return;
  reorder([...rest.slice(0, index + 1), id, ...rest.slice(index + 1)]);
}

/** Opens a new session of the same profile beside an ended one; a failed start is replaced. */
export async function openAgain(id: SessionId): Promise<void> {
  const info = getApp().sessions[id];
  if (info === undefined) return;
  const failed = info.end?.reason === 'start_failed';
  await openTab({ profileId: info.profileId, previousId: id, after: id });
  if (failed && getApp().active !== id) await dismiss(id);
}

/** Closes the tab: asks first when something still runs in it, forgets it at once when it has ended. */
export async function closeTab(tab: TabId): Promise<void> {
  if (tab === SETTINGS_TAB) {
    closeSettings();
    return;
  }
  const state = getApp();
  const info = state.sessions[tab];
  if (info === undefined) return;
  if (info.end !== null || state.lost.has(tab)) {
    await dismiss(tab);
    return;
  }
  try {
    const result = await call('sessions.close', { id: tab, force: false });
    if (result.outcome === 'confirm') {
      setApp({ question: { kind: 'close', id: tab, title: info.title, running: result.running } });
    }
  } catch (error) {
    report(error);
  }
}

export async function forceClose(id: SessionId): Promise<void> {
  try {
    await call('sessions.close', { id, force: true });
  } catch (error) {
    report(error);
  }
}

async function dismiss(id: SessionId): Promise<void> {
  try {
    await call('sessions.dismiss', { id });
  } catch {
    // The core keeps nothing of it, or is not there: the tab is this window's alone.
  }
  setApp((state) => removed(state, id));
  terminals.remove(id);
  focusTerminal();
}

export async function renameTab(id: SessionId, title: string): Promise<void> {
  setApp({ renaming: null });
  focusTerminal();
  const wanted = title.trim();
  if (wanted === '' || wanted === getApp().sessions[id]?.title) return;
  try {
    await call('sessions.rename', { id, title: wanted });
  } catch (error) {
    report(error);
  }
}

/** Shows the new order at once and reports it to the core. */
export function reorder(order: readonly SessionId[]): void {
  setApp({ order });
  void call('sessions.reorder', { ids: [...order] }).catch(report);
}

export function moveTab(id: SessionId, offset: number): void {
  const { order } = getApp();
  const next = moved(order, id, offset);
  if (next !== order) reorder(next);
}

export function activateNeighbour(offset: number): void {
  const tab = neighbour(getApp(), offset);
  if (tab !== null) activate(tab);
}

/** The tab at this place, from 0; the last one for `last`. */
export function activateAt(index: number | 'last'): void {
  const tabs = tabIds(getApp());
  const tab = index === 'last' ? tabs.at(-1) : tabs[index];
  if (tab !== undefined) activate(tab);
}

export function openSettings(): void {
  setApp({ settingsOpen: true, active: SETTINGS_TAB });
}

export function closeSettings(): void {
  setApp((state) => ({
    settingsOpen: false,
    active: state.active === SETTINGS_TAB ? (state.order.at(-1) ?? null) : state.active,
  }));
  focusTerminal();
}

export async function copySelection(id: SessionId): Promise<void> {
  const selection = terminals.get(id)?.selection ?? '';
  if (selection === '') return;
  try {
    await navigator.clipboard.writeText(selection);
  } catch {
    showProblem({
      id: 'copy',
      severity: 'warning',
      title: 'Nothing was copied',
      message: 'The browser does not let this page write to the clipboard. Select the text and press Ctrl+C.',
    });
  }
}

export async function pasteClipboard(id: SessionId): Promise<void> {
  try {
    const text = await navigator.clipboard.readText();
    terminals.get(id)?.offerPaste(text);
    focusTerminal();
  } catch {
    showProblem({
      id: 'paste',
      severity: 'warning',
      title: 'Nothing was pasted',
      message: 'The browser does not let this page read the clipboard. Press Ctrl+Shift+V in the terminal.',
    });
  }
}
