import { type RefObject, useEffect } from 'react';

/** Scrolls a tab into view when it becomes active, and again whenever it or the strip gets another size. */
export function useKeepInView(tab: RefObject<HTMLElement | null>, active: boolean): void {
  useEffect(() => {
    const element = tab.current;
    const strip = element?.closest('.strip-tabs') ?? null;
    if (!active || element === null || strip === null) return;
    // Its first report comes at once.
    const observer = new ResizeObserver(() => element.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
    observer.observe(element);
    observer.observe(strip);
    return () => observer.disconnect();
  }, [tab, active]);
}
