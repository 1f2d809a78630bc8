import { openHooks } from '../hooks/actions.ts';
import type { Command } from '../keys/keys.ts';
import {
  canFreeze,
  exportSession,
  extend,
  freeze,
  keepOpen,
  openLogs,
  thaw,
  toggleAbout,
  toggleSessionPanel,
} from '../session/actions.ts';
import { restart } from '../session/replace.ts';
import { moved } from '../store/reduce.ts';
import { SETTINGS_TAB, tabIds } from '../store/state.ts';
import { activeSession, getApp, setApp } from '../store/store.ts';
import {
  activateAt,
  activateNeighbour,
  closeSettings,
  closeTab,
  copySelection,
  moveTab,
  openSettings,
  openTab,
  pasteClipboard,
} from '../tabs/actions.ts';
import { terminals } from '../terminal/window-terminals.ts';
import { focusNextArea } from './areas.ts';

/** Does what a key, a menu or the desktop's menu bar asks for; without a session, what needs one does nothing. */
export function runCommand(command: Command): void {
  const state = getApp();
  const session = activeSession(state);
  const live = session !== null && session.end === null;
  switch (command) {
    case 'newTab':
      void openTab();
      return;
    case 'newTabMenu':
      setApp({ profileMenuOpen: true });
      return;
    case 'closeTab':
      if (state.active !== null) void closeTab(state.active);
      return;
    case 'nextTab':
      activateNeighbour(1);
      return;
    case 'previousTab':
      activateNeighbour(-1);
      return;
    case 'moveTabLeft':
      if (session !== null) moveTab(session.id, -1);
      return;
    case 'moveTabRight':
      if (session !== null) moveTab(session.id, 1);
      return;
    case 'renameTab':
      if (session !== null) setApp({ renaming: session.id });
      return;
    case 'keepOpen':
      if (live) void keepOpen(session.id);
      return;
    case 'extend':
      if (live) void extend(session.id);
      return;
    case 'freeze':
      if (session?.state === 'frozen') void thaw(session.id);
      else if (session !== null && canFreeze(session)) void freeze(session.id);
      return;
    case 'restart':
      if (session !== null) void restart(session.id);
      return;
    case 'nextArea':
      focusNextArea();
      return;
    case 'export':
      if (session !== null) void exportSession(session.id, 'zip');
      return;
    case 'sessionPanel':
      toggleSessionPanel();
      return;
    case 'aboutSessions':
      toggleAbout();
      return;
    case 'settings':
      if (state.active === SETTINGS_TAB) closeSettings();
      else openSettings();
      return;
    case 'hooks':
      openHooks();
      return;
    case 'find':
      if (session !== null) openFind();
      return;
    case 'openLogs':
      void openLogs();
      return;
    case 'copy':
      if (session !== null) void copySelection(session.id);
      return;
    case 'paste':
      if (session !== null) void pasteClipboard(session.id);
      return;
    case 'shortcuts':
      setApp({ shortcutsOpen: true });
      return;
    case 'selectTab9':
      activateAt('last');
      return;
    default:
      activateAt(Number(command.slice('selectTab'.length)) - 1);
  }
}

/** Opens the find bar; in an open one, puts the keyboard back into the query. */
function openFind(): void {
  setApp({ finding: true });
  const field = document.querySelector<HTMLInputElement>('.find-bar input');
  field?.focus();
  field?.select();
}

/** Whether a command would do something now. A key whose command would not is left to the program in the terminal. */
export function canRun(command: Command): boolean {
  const state = getApp();
  const session = activeSession(state);
  const moves = (offset: number): boolean => session !== null && moved(state.order, session.id, offset) !== state.order;
  switch (command) {
    case 'closeTab':
      return state.active !== null;
    case 'nextTab':
    case 'previousTab':
      return tabIds(state).length > 1;
    case 'moveTabLeft':
      return moves(-1);
    case 'moveTabRight':
      return moves(1);
    case 'renameTab':
    case 'restart':
    case 'export':
    case 'find':
    case 'copy':
    case 'paste':
      return session !== null;
    case 'keepOpen':
    case 'extend':
      return session !== null && session.end === null;
    case 'freeze':
      return session !== null && (session.state === 'frozen' || canFreeze(session));
    case 'selectTab1':
    case 'selectTab2':
    case 'selectTab3':
    case 'selectTab4':
    case 'selectTab5':
    case 'selectTab6':
    case 'selectTab7':
    case 'selectTab8':
    case 'selectTab9':
      return canSelect(command);
    default:
      return true;
  }
}

/** With one tab there is nothing to select. The key of the tab that is shown stays ours: it is pressed to be sure. */
function canSelect(command: `selectTab${number}`): boolean {
  const state = getApp();
  const tabs = tabIds(state).length;
  const wanted = command === 'selectTab9' ? tabs : Number(command.slice('selectTab'.length));
  return tabs > 1 && wanted <= tabs && state.settings?.effective.terminal.digitsSelectTabs !== false;
}

/** Whether the program in the active tab uses the whole screen, and so has a claim on the function keys. */
export function programHasScreen(): boolean {
  const { active } = getApp();
  return active !== null && (terminals.get(active)?.fullScreen ?? false);
}
