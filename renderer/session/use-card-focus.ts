import { type RefObject, useEffect } from 'react';
import type { SessionId } from '../../shared/session.ts';
import { useApp } from '../store/store.ts';

/** Puts the keyboard on what an ended session offers first. Not while the user is typing elsewhere. */
export function useCardFocus(id: SessionId, primary: RefObject<HTMLButtonElement | null>): void {
  const active = useApp((state) => state.active === id);
  useEffect(() => {
    // The terminal no longer takes keys, and a start's own button is gone.
    const focused = document.activeElement;
    if (active && (focused === null || focused === document.body || focused.closest('.terminal-host') !== null)) {
      primary.current?.focus({ preventScroll: true });
    }
  }, [active, primary]);
}
