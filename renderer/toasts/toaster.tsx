import { useEffect, useState } from 'react';
import { Toaster } from 'sonner';

/** The distance to what is above and beside, in CSS pixels. */
const GAP_PX = 8;
/** Below this height of the window, in CSS pixels, there is room for one toast above a session's card. */
const LOW_PX = 480;

/**
 * Messages, one below the other, at the top of the stage: what is said about a session stands at its bottom, and the tabs and
 * the banner of a lost connection above it.
 */
export function Toasts({ theme }: { theme: 'light' | 'dark' }) {
  const { top, isLow } = useStage();
  const offset = { top: top + GAP_PX, right: GAP_PX, left: GAP_PX };
  return (
    <Toaster
      className="toasts"
      theme={theme}
      position="top-center"
      expand
      visibleToasts={isLow ? 1 : 3}
      gap={GAP_PX}
      offset={offset}
      mobileOffset={offset}
      closeButton
      // Alt+T, the default, is a key of the shell. F6 leads to messages.
      hotkey={[]}
    />
  );
}

/** Where the stage begins, in CSS pixels from the window's top. */
function useStage(): { top: number; isLow: boolean } {
  const [stage, setStage] = useState({ top: 0, isLow: false });
  useEffect(() => {
    const main = document.querySelector('.app-main');
    if (main === null) return;
    const measure = (): void =>
      setStage({ top: Math.round(main.getBoundingClientRect().top), isLow: window.innerHeight < LOW_PX });
    // What is above it takes its height from it.
    const observer = new ResizeObserver(measure);
    observer.observe(main);
    return () => observer.disconnect();
  }, []);
  return stage;
}
