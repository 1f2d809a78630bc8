import { SETTINGS_TAB } from '../store/state.ts';
import { getApp, useApp } from '../store/store.ts';
import { findField, focusTerminal } from '../terminal/focus-terminal.ts';

/** What surrounds the terminal: someone who clicks there in passing continues to type into the program. */
const CHROME = '.strip, .status, .panel, .link-banner, .find-bar, [data-sonner-toast]';

/** What takes the keyboard when it is clicked: fields, tabs, and what opens a menu. */
const TAKES_KEYBOARD = 'input, textarea, select, [contenteditable], [role="tab"], [aria-haspopup]';

/** A text that was selected by mouse keeps the focus where it is, so that it can be copied. */
function isLost(): boolean {
  const focused = document.activeElement;
  return (focused === null || focused === document.body) && window.getSelection()?.isCollapsed !== false;
}

/**
 * Where the keyboard goes when a menu closes. For one that was opened by mouse that is the terminal, since what is typed
 * next would be lost on its button.
 */
export function focusAfterMenu(openedByMouse: boolean): HTMLElement | boolean {
  const { active, finding, renaming, question, shortcutsOpen } = getApp();
  // What was chosen has the keyboard already.
  if (renaming !== null || question !== null || shortcutsOpen) return false;
  if (finding) return findField() ?? true;
  if (!openedByMouse) return true;
  const terminal = document.querySelector<HTMLElement>(`[id="panel-${active ?? ''}"] .xterm-helper-textarea`);
  // A page that was chosen, such as the settings, has put the keyboard where it belongs there.
  return terminal ?? active !== SETTINGS_TAB;
}

/** Keeps the keyboard in the terminal while the window is used by mouse. Gives the function that ends it. */
export function keepTerminalFocus(): () => void {
  const abort = new AbortController();
  const options = { capture: true, signal: abort.signal };
  const down = (event: MouseEvent): void => {
    const { target } = event;
    const inTerminal = document.activeElement?.closest('.terminal-host, .find-bar') ?? null;
    if (event.button !== 0 || inTerminal === null || !(target instanceof Element)) return;
    const button = target.closest('button');
    // A button that is pressed does its work without the focus.
    if (button?.closest(CHROME) != null && button.closest(TAKES_KEYBOARD) === null) event.preventDefault();
  };
  const clicked = (): void => void requestAnimationFrame(() => (isLost() ? focusTerminal() : undefined));
  window.addEventListener('mousedown', down, options);
  window.addEventListener('click', clicked, options);
  // What had the keyboard is gone with the panel.
  const stop = useApp.subscribe((state, before) => {
    if (before.panel !== null && state.panel === null) clicked();
  });
  return () => {
    abort.abort();
    stop();
  };
}
