/** That many crashes of the window within that time, in milliseconds, are not answered by loading it once more. */
const MAX_CRASHES = 3;
const WITHIN_MS = 60_000;

/** Decides after each crash of the window whether to load it again at once; false: it keeps crashing, ask the user. */
export function createCrashGuard(now: () => number): () => boolean {
  let crashes: number[] = [];
  return () => {
    const time = now();
    crashes = [...crashes.filter((earlier) => time - earlier < WITHIN_MS), time];
    if (crashes.length < MAX_CRASHES) return true;
    crashes = [];
    return false;
  };
}
