import { useEffect, useState } from 'react';

/** Narrower than this, in CSS pixels, the panel takes the window's whole width instead of sharing it. */
const QUERY = '(width < 640px)';

/** Whether the window is too narrow for two columns now. */
export function isNarrow(): boolean {
  return window.matchMedia(QUERY).matches;
}

/** Whether the window is too narrow for two columns; follows its size. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(isNarrow);
  useEffect(() => {
    const query = window.matchMedia(QUERY);
    const update = (): void => setNarrow(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  return narrow;
}
