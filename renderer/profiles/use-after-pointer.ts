import { useCallback, useEffect, useRef } from 'react';

/**
 * Gives a function that runs something at once, or, while a mouse button or a finger is down, when it is up again and has
 * clicked: what is drawn in between could push the button from under the pointer, and the click would be lost.
 */
export function useAfterPointer(): (run: () => void) => void {
  const down = useRef(false);
  const waiting = useRef<(() => void)[]>([]);
  useEffect(() => {
    const ended = new AbortController();
    const { signal } = ended;
    let frame = 0;
    const release = (): void => {
      down.current = false;
      frame = requestAnimationFrame(() => {
        for (const run of waiting.current.splice(0)) run();
      });
    };
    const press = (): void => {
      down.current = true;
    };
    document.addEventListener('pointerdown', press, { capture: true, signal });
    document.addEventListener('pointerup', release, { capture: true, signal });
    document.addEventListener('pointercancel', release, { capture: true, signal });
    return () => {
      ended.abort();
      cancelAnimationFrame(frame);
    };
  }, []);
  return useCallback((run) => {
    if (down.current) waiting.current.push(run);
    else run();
  }, []);
}
