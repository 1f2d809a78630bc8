import { type Binding, bindingOf, type Host } from '../keys/keys.ts';
import { keyboardPlatform, type Platform } from '../keys/platform.ts';
import { takeFreshKey } from '../session/fresh-key.ts';
import { getApp } from '../store/store.ts';
import { canRun, programHasScreen, runCommand } from './commands.ts';

/** Where the window runs, for shortcuts. */
export function keyEnvironment(): { platform: Platform; host: Host } {
  return { platform: keyboardPlatform(), host: getApp().info?.host ?? 'web' };
}

/** The shortcut that a key press is now. What would do nothing here is the program's. */
function find(event: KeyboardEvent): Binding | null {
  const { platform, host } = keyEnvironment();
  const binding = bindingOf(event, platform, host);
  if (binding === null || !canRun(binding.command)) return null;
  return binding.yieldsToPrograms === true && programHasScreen() ? null : binding;
}

/** Whether xterm.js may have the key. Pasting is the browser's own: it fires `paste`, which needs no permission. */
export function terminalMayHandle(event: KeyboardEvent): boolean {
  return event.type !== 'keydown' || find(event) === null;
}

/** Runs shortcuts wherever the keyboard is, before the terminal sees them. Gives the function that ends it. */
export function listenForShortcuts(): () => void {
  const listener = (event: KeyboardEvent): void => {
    const binding = find(event);
    const { question, shortcutsOpen, renaming } = getApp();
    if (binding === null && question === null && !shortcutsOpen && renaming === null && takeFreshKey(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
    if (binding === null || binding.command === 'paste') return;
    if (question !== null || shortcutsOpen) return;
    // Copying belongs to the terminal only when the keyboard is there; elsewhere the browser copies.
    if (binding.command === 'copy' && !inTerminal(event)) return;
    // In a text field these keys bring back what was undone.
    if (binding.command === 'freeze' && inField(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat || REPEATABLE.has(binding.command)) runCommand(binding.command);
  };
  window.addEventListener('keydown', listener, { capture: true });
  return () => window.removeEventListener('keydown', listener, { capture: true });
}

/** These repeat while their key is held down. The others do not: one long press would open ten tabs. */
const REPEATABLE: ReadonlySet<string> = new Set(['nextTab', 'previousTab', 'moveTabLeft', 'moveTabRight']);

function inField(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.matches('input, textarea') && !inTerminal(event);
}

function inTerminal(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest('.terminal-host') !== null;
}
