import { getApp } from '../store/store.ts';

/** The window's areas in the order they are walked, each by what takes the keyboard there. */
function areas(): HTMLElement[] {
  const { active } = getApp();
  const pane = active === null ? null : document.getElementById(`panel-${active}`);
  const found = [
    document.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]'),
    pane?.querySelector<HTMLElement>('.xterm-helper-textarea, input, [tabindex="0"]') ?? null,
    pane?.querySelector<HTMLElement>('.banner button:enabled, .starting-card button, [data-primary]') ?? null,
    document.querySelector<HTMLElement>('.panel-body'),
    document.querySelector<HTMLElement>('.status button'),
    document.querySelector<HTMLElement>('[data-sonner-toast] button'),
  ];
  return found.filter((element) => element !== null);
}

const AREA = '.strip, .terminal-area, .banner, .starting-card, .ended-card, .panel, .status, [data-sonner-toaster]';

/** Puts the keyboard into the next area: out of the terminal, which takes Tab for its program. */
export function focusNextArea(): void {
  const all = areas();
  const here = document.activeElement?.closest(AREA) ?? null;
  const index = here === null ? -1 : all.findIndex((element) => element.closest(AREA) === here);
  all[(index + 1) % all.length]?.focus();
}
