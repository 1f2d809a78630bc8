import { getApp } from '../store/store.ts';
import { terminals } from './window-terminals.ts';

/** Puts the keyboard into the active tab's terminal, or on what an ended one offers, once React has drawn it. */
export function focusTerminal(): void {
  requestAnimationFrame(() => {
    const { active, question, shortcutsOpen, renaming } = getApp();
    if (active === null || question !== null || shortcutsOpen || renaming !== null) return;
    const ended = (getApp().sessions[active]?.end ?? null) !== null;
    const next = ended ? document.querySelector<HTMLElement>(`#panel-${active} [data-primary]`) : null;
    if (next === null) terminals.get(active)?.focus();
    else next.focus({ preventScroll: true });
  });
}

/** After the terminal's own menu: the terminal, or the find bar if that was opened or is open. */
export function focusAfterTerminalMenu(): void {
  requestAnimationFrame(() => {
    if (getApp().finding) findField()?.focus();
    else focusTerminal();
  });
}

/** The text field of the find bar, or null if the bar is closed. */
export function findField(): HTMLElement | null {
  return document.querySelector<HTMLElement>('.find-bar input');
}
