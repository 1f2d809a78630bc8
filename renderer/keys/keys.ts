import type { WindowCommand } from '../../shared/contract.ts';
import type { Platform } from './platform.ts';

/** What a key can do beyond what the desktop's menu can. */
export type Command =
  | WindowCommand
  | 'nextArea'
  | 'copy'
  | 'paste'
  | 'shortcuts'
  | 'selectTab1'
  | 'selectTab2'
  | 'selectTab3'
  | 'selectTab4'
  | 'selectTab5'
  | 'selectTab6'
  | 'selectTab7'
  | 'selectTab8'
  | 'selectTab9';

export type { Platform };
export type Host = 'desktop' | 'web';

/** Shortcuts of one command, the first of each list shown in menus. `Mod` is Cmd on macOS and Ctrl elsewhere. */
export interface Binding {
  command: Command;
  label: string;
  keys: readonly string[];
  /** On macOS instead of `keys`. */
  mac?: readonly string[];
  /** In a browser, before the others: there the browser keeps some keys to itself. */
  web?: readonly string[];
  /** In a browser on macOS instead of `web`: there Option prints characters. */
  macWeb?: readonly string[];
  /** In a browser `web` alone: the others mean something else there, by which a session could be lost. */
  webOnly?: true;
  /** Left to a program that uses the whole screen, as vim, less or mc do. */
  yieldsToPrograms?: true;
}

const TAB_NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** The one table of shortcuts: the key handler, menus, tooltips and the list of shortcuts read it. */
export const BINDINGS: readonly Binding[] = [
  {
    command: 'newTab',
    label: 'New tab',
    keys: ['Ctrl+Shift+T'],
    mac: ['Cmd+T'],
    web: ['Alt+Shift+T'],
    macWeb: ['Ctrl+Shift+T'],
  },
  {
    command: 'newTabMenu',
    label: 'New tab with a profile',
    keys: ['Ctrl+Shift+O'],
    mac: ['Cmd+Shift+O'],
    web: ['Alt+Shift+O'],
    macWeb: ['Cmd+Shift+O'],
  },
  {
    command: 'closeTab',
    label: 'Close tab',
    keys: ['Ctrl+Shift+W'],
    mac: ['Cmd+W'],
    web: ['Alt+Shift+W'],
    macWeb: ['Ctrl+Shift+W'],
  },
  {
    command: 'nextTab',
    label: 'Next tab',
    keys: ['Ctrl+Tab'],
    web: ['Alt+Shift+ArrowRight'],
    macWeb: ['Ctrl+Shift+ArrowRight'],
  },
  {
    command: 'previousTab',
    label: 'Previous tab',
    keys: ['Ctrl+Shift+Tab'],
    web: ['Alt+Shift+ArrowLeft'],
    macWeb: ['Ctrl+Shift+ArrowLeft'],
  },
  {
    command: 'moveTabLeft',
    label: 'Move tab left',
    keys: ['Ctrl+Shift+PageUp'],
    mac: ['Cmd+Shift+PageUp', 'Ctrl+Shift+PageUp'],
    web: ['Alt+Shift+PageUp'],
    macWeb: ['Cmd+Shift+PageUp'],
  },
  {
    command: 'moveTabRight',
    label: 'Move tab right',
    keys: ['Ctrl+Shift+PageDown'],
    mac: ['Cmd+Shift+PageDown', 'Ctrl+Shift+PageDown'],
    web: ['Alt+Shift+PageDown'],
    macWeb: ['Cmd+Shift+PageDown'],
  },
  ...TAB_NUMBERS.map(
    (number): Binding => ({
      command: `selectTab${number}`,
      label: number === 9 ? 'Last tab' : `Tab ${number}`,
      keys: [`Alt+${number}`],
      mac: [`Cmd+${number}`],
    }),
  ),
  { command: 'renameTab', label: 'Rename tab', keys: ['F2'], yieldsToPrograms: true },
  { command: 'keepOpen', label: 'Keep open', keys: ['Ctrl+Shift+K'], mac: ['Cmd+Shift+K'] },
  { command: 'extend', label: 'Extend', keys: ['Ctrl+Shift+E'], mac: ['Cmd+Shift+E'] },
  { command: 'freeze', label: 'Freeze or thaw session', keys: ['Ctrl+Shift+Z'], mac: ['Cmd+Shift+F'] },
  {
    command: 'restart',
    label: 'Restart session',
    keys: ['Ctrl+Shift+R'],
    mac: ['Cmd+Shift+R'],
    web: ['Alt+Shift+R'],
    macWeb: ['Ctrl+Shift+R'],
    webOnly: true,
  },
  { command: 'export', label: 'Export', keys: ['Ctrl+Shift+S'], mac: ['Cmd+Shift+S'] },
  {
    command: 'sessionPanel',
    label: 'Session panel',
    keys: ['Ctrl+Shift+P'],
    mac: ['Cmd+Shift+P'],
    web: ['Alt+Shift+P'],
    macWeb: ['Ctrl+Shift+P'],
  },
  { command: 'settings', label: 'Settings', keys: ['Ctrl+,'], mac: ['Cmd+,'] },
  { command: 'find', label: 'Find', keys: ['Ctrl+Shift+F'], mac: ['Cmd+F'] },
  { command: 'copy', label: 'Copy', keys: ['Ctrl+Shift+C'], mac: ['Cmd+C'] },
  { command: 'paste', label: 'Paste', keys: ['Ctrl+Shift+V', 'Shift+Insert'], mac: ['Cmd+V'] },
  { command: 'nextArea', label: 'Next area of the window', keys: ['F6'], yieldsToPrograms: true },
  { command: 'shortcuts', label: 'Keyboard shortcuts', keys: ['F1'], yieldsToPrograms: true },
];

/** A key press, as much of it as matters here; `KeyboardEvent` is one. */
export interface KeyPress {
  key: string;
  code: string;
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  getModifierState(name: 'AltGraph'): boolean;
}

/** All shortcuts of a binding where the window runs, the one to show first. */
export function shortcutsOf(binding: Binding, platform: Platform, host: Host): readonly string[] {
  const native = platform === 'mac' ? (binding.mac ?? binding.keys) : binding.keys;
  const web = platform === 'mac' ? (binding.macWeb ?? binding.web) : binding.web;
  if (host !== 'web' || web === undefined) return native;
  return binding.webOnly === true ? web : [...new Set([...web, ...native])];
}

/** Whether a key press prints a character with the help of AltGr, or of Option on macOS. */
export function printsWithAlt(press: Omit<KeyPress, 'code' | 'shiftKey'>, platform: Platform): boolean {
  if ([...press.key].length !== 1) return false;
  if (press.getModifierState('AltGraph')) return true;
  return platform === 'mac' && press.altKey && !press.ctrlKey && !press.metaKey;
}

/** The binding of a key press; null: it belongs to the program in the terminal, as all that prints does. */
export function bindingOf(press: KeyPress, platform: Platform, host: Host): Binding | null {
  if (printsWithAlt(press, platform)) return null;
  return (
    BINDINGS.find((binding) => shortcutsOf(binding, platform, host).some((shortcut) => matches(press, shortcut))) ??
    null
  );
}

function matches(press: KeyPress, shortcut: string): boolean {
  const parts = shortcut.split('+');
  const key = parts.at(-1) ?? '';
  return (
    press.ctrlKey === parts.includes('Ctrl') &&
    press.shiftKey === parts.includes('Shift') &&
    press.altKey === parts.includes('Alt') &&
    press.metaKey === parts.includes('Cmd') &&
    keyMatches(press, key)
  );
}

/** Letters and digits by what they print, else by their place: with Shift, Alt or another layout `key` differs. */
function keyMatches(press: KeyPress, key: string): boolean {
  if (press.key.toUpperCase() === key.toUpperCase()) return true;
  if (/^[A-Z]$/.test(key)) return !/^[A-Za-z]$/.test(press.key) && press.code === `Key${key}`;
  if (/^[0-9]$/.test(key)) return press.code === `Digit${key}`;
  return false;
}

const SYMBOLS: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'Page Up',
  PageDown: 'Page Down',
};
const MAC_SYMBOLS: Readonly<Record<string, string>> = { Cmd: '⌘', Shift: '⇧', Alt: '⌥', Ctrl: '⌃' };

/** A shortcut as people read it, key by key: `['Ctrl', 'Shift', 'T']`. */
export function keyCaps(shortcut: string, platform: Platform): readonly string[] {
  return shortcut.split('+').map((key) => (platform === 'mac' ? MAC_SYMBOLS[key] : undefined) ?? SYMBOLS[key] ?? key);
}

/** The shortcut to show beside a command; null: it has none. */
export function shortcutText(command: Command, platform: Platform, host: Host): string | null {
  const binding = BINDINGS.find((candidate) => candidate.command === command);
  const shortcut = binding === undefined ? undefined : shortcutsOf(binding, platform, host)[0];
  return shortcut === undefined ? null : keyCaps(shortcut, platform).join(platform === 'mac' ? '' : '+');
}
