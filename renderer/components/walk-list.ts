import type { KeyboardEvent } from 'react';

/** The arrow keys walk the buttons of a list, as its tab stops do. */
export function walkList(event: KeyboardEvent<HTMLElement>): void {
  const offset = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (offset === 0) return;
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('button')];
  const index = items.findIndex((item) => item.matches(':focus'));
  items[index + offset]?.focus();
  event.preventDefault();
}
