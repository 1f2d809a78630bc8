import type { MenuItemConstructorOptions } from 'electron';
import type { WindowCommand } from '../../../shared/contract.ts';

interface MenuActions {
  /** Asks the window to do something. */
  readonly command: (command: WindowCommand) => void;
  readonly openLogs: () => void;
  readonly openRecordings: () => void;
  readonly quit: () => void;
}

export interface MenuOptions {
  readonly platform: NodeJS.Platform;
  readonly appName: string;
  /** Whether developer tools are offered: never in a packaged app. */
  readonly development: boolean;
  readonly actions: MenuActions;
}

/**
 * The application menu.
 *
 * The page handles its keys itself and sees them first, so that here they are only shown (`registerAccelerator: false`). On Linux
 * and Windows every key a menu would take with Ctrl alone belongs to the shell (Ctrl+C, Ctrl+W, Ctrl+R, Ctrl+Q, Ctrl+M …):
 * roles whose default is one of these are given another, or none.
 */
export function menuTemplate({ platform, appName, development, actions }: MenuOptions): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  /** An item of the window's own: `[key on macOS, key elsewhere]`. */
  const windowItem = (
    label: string,
    command: WindowCommand,
    [macKey, otherKey]: readonly [string, string],
  ): MenuItemConstructorOptions => ({
    id: command,
    label,
    accelerator: mac ? macKey : otherKey,
    registerAccelerator: false,
    click: () => actions.command(command),
  });
  /** An editing role. Elsewhere than on macOS text fields know their keys without a menu, and terminals have their own. */
  const edit = (
    role: 'undo' | 'redo' | 'cut' | 'copy' | 'paste' | 'selectAll',
    otherKey?: string,
  ): MenuItemConstructorOptions => {
    if (mac) return { role };
    return { role, registerAccelerator: false, ...(otherKey === undefined ? {} : { accelerator: otherKey }) };
  };

  const settings = windowItem('Settings…', 'settings', ['Cmd+,', 'Ctrl+,']);
  const hooks: MenuItemConstructorOptions = { id: 'hooks', label: 'Hooks…', click: () => actions.command('hooks') };
  const quit: MenuItemConstructorOptions = mac
    ? { role: 'quit' }
    : { id: 'quit', label: 'Quit', accelerator: 'Ctrl+Shift+Q', click: () => actions.quit() };

  const file: MenuItemConstructorOptions[] = [
    windowItem('New tab', 'newTab', ['Cmd+T', 'Ctrl+Shift+T']),
    windowItem('New tab with a profile', 'newTabMenu', ['Cmd+Shift+O', 'Ctrl+Shift+O']),
    windowItem('Close tab', 'closeTab', ['Cmd+W', 'Ctrl+Shift+W']),
    windowItem('Rename tab', 'renameTab', ['F2', 'F2']),
    separator,
    windowItem('Keep open', 'keepOpen', ['Cmd+Shift+K', 'Ctrl+Shift+K']),
    windowItem('Extend', 'extend', ['Cmd+Shift+E', 'Ctrl+Shift+E']),
    windowItem('Freeze or thaw session', 'freeze', ['Cmd+Shift+F', 'Ctrl+Shift+Z']),
    windowItem('Restart session', 'restart', ['Cmd+Shift+R', 'Ctrl+Shift+R']),
    windowItem('Export…', 'export', ['Cmd+Shift+S', 'Ctrl+Shift+S']),
    ...(mac ? [] : [separator, settings, hooks, separator, quit]),
  ];
  const editing: MenuItemConstructorOptions[] = [
    edit('undo'),
    edit('redo'),
    separator,
    edit('cut'),
    edit('copy', 'Ctrl+Shift+C'),
    edit('paste', 'Ctrl+Shift+V'),
    edit('selectAll'),
    separator,
    windowItem('Find', 'find', ['Cmd+F', 'Ctrl+Shift+F']),
  ];
  const view: MenuItemConstructorOptions[] = [
    windowItem('Session panel', 'sessionPanel', ['Cmd+Shift+P', 'Ctrl+Shift+P']),
    { id: 'aboutSessions', label: 'All sessions', click: () => actions.command('aboutSessions') },
    separator,
    // As terminals on Linux have them: these keys mean nothing to a shell.
    { role: 'resetZoom', accelerator: 'CmdOrCtrl+0' },
    { role: 'zoomIn', accelerator: 'CmdOrCtrl+Plus' },
    { role: 'zoomOut', accelerator: 'CmdOrCtrl+-' },
    separator,
    { role: 'togglefullscreen' },
    ...(development
      ? [
          separator,
          { role: 'toggleDevTools', accelerator: mac ? 'Alt+Cmd+I' : 'F12' } satisfies MenuItemConstructorOptions,
        ]
      : []),
  ];
  const tabs: MenuItemConstructorOptions[] = [
    windowItem('Next tab', 'nextTab', ['Ctrl+Tab', 'Ctrl+Tab']),
    windowItem('Previous tab', 'previousTab', ['Ctrl+Shift+Tab', 'Ctrl+Shift+Tab']),
    windowItem('Move tab left', 'moveTabLeft', ['Cmd+Shift+PageUp', 'Ctrl+Shift+PageUp']),
    windowItem('Move tab right', 'moveTabRight', ['Cmd+Shift+PageDown', 'Ctrl+Shift+PageDown']),
    ...(mac ? ([separator, { role: 'minimize' }, { role: 'zoom' }, { role: 'front' }] as const) : []),
  ];
  const help: MenuItemConstructorOptions[] = [
    { id: 'openLogs', label: 'Open log folder', click: () => actions.openLogs() },
    { id: 'openRecordings', label: 'Open recordings folder', click: () => actions.openRecordings() },
    ...(mac ? [] : [separator, { role: 'about' } satisfies MenuItemConstructorOptions]),
  ];
  const macApp: MenuItemConstructorOptions = {
    label: appName,
    submenu: [
      { role: 'about' },
      separator,
      settings,
      hooks,
      separator,
      { role: 'services' },
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      separator,
      quit,
    ],
  };
  return [
    ...(mac ? [macApp] : []),
    { label: 'File', submenu: file },
    { label: 'Edit', submenu: editing },
    { label: 'View', submenu: view },
    { label: mac ? 'Window' : 'Tabs', submenu: tabs },
    { label: 'Help', role: 'help', submenu: help },
  ];
}
