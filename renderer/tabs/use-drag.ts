import { type PointerEvent, type RefObject, useCallback, useState } from 'react';
import type { SessionId } from '../../shared/session.ts';
import { getApp, setApp } from '../store/store.ts';
import { activate, reorder } from './actions.ts';

/** A press becomes a drag after this many CSS pixels. */
const DRAG_AFTER_PX = 5;

/** Where a tab dragged to `x` belongs: before the first other tab whose middle is to the right of it. */
function dropIndex(x: number, others: readonly { left: number; width: number }[]): number {
  const index = others.findIndex(({ left, width }) => x < left + width / 2);
  return index < 0 ? others.length : index;
}

/** Pressing a tab shows it; dragging it moves it among the others, and reports the new order to the core when it is dropped. */
export function useTabDrag(strip: RefObject<HTMLElement | null>) {
  const [dragged, setDragged] = useState<SessionId | null>(null);
  const onPointerDown = useCallback(
    (event: PointerEvent, id: SessionId) => {
      if (event.button !== 0) return;
      activate(id);
      const startX = event.clientX;
      const before = getApp().order;
      const abort = new AbortController();
      let moving = false;
      const move = (moved: globalThis.PointerEvent): void => {
        if (!moving && Math.abs(moved.clientX - startX) < DRAG_AFTER_PX) return;
        moving = true;
        setDragged(id);
        const tabs = [...(strip.current?.querySelectorAll<HTMLElement>('[data-session-id]') ?? [])];
        const others = tabs.filter((tab) => tab.dataset.sessionId !== id).map((tab) => tab.getBoundingClientRect());
        const order = getApp().order.filter((other) => other !== id);
        order.splice(dropIndex(moved.clientX, others), 0, id);
        if (order.some((other, index) => other !== getApp().order[index])) setApp({ order });
      };
      const stop = (): void => {
        abort.abort();
        setDragged(null);
        const { order } = getApp();
        if (moving && order.some((other, index) => other !== before[index])) reorder(order);
      };
      window.addEventListener('pointermove', move, { signal: abort.signal });
      window.addEventListener('pointerup', stop, { signal: abort.signal });
      window.addEventListener('pointercancel', stop, { signal: abort.signal });
    },
    [strip],
  );
  return { dragged, onPointerDown };
}
