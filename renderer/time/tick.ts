import { useSyncExternalStore } from 'react';

/** One timer for everything that counts: it runs only while something on screen counts and the window is shown. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let current = performance.now();

function tick(): void {
  current = performance.now();
  for (const listener of listeners) listener();
}

function run(): void {
  const wanted = listeners.size > 0 && !document.hidden;
  if (wanted && timer === undefined) timer = setInterval(tick, 500);
  if (!wanted && timer !== undefined) {
    clearInterval(timer);
    timer = undefined;
  }
}

document.addEventListener('visibilitychange', () => {
  run();
  if (!document.hidden) tick();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  run();
  return () => {
    listeners.delete(listener);
    run();
  };
}

/** The local time (`performance.now()`) as of the last tick; the component is drawn again at each, twice a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => current);
}
