import { type StatsListener, unwatchFile, watchFile } from 'node:fs';

/** How often a watched file is compared with what it was, in milliseconds. Links are followed. */
const WATCH_MS = 2_000;

/**
 * Notifies of changes of a file, which may also appear or disappear. Comparing works on network drives and for files that an
 * editor replaces, which notifications of the system do not. Does not keep the process alive.
 *
 * @returns the function that ends it
 */
export function watchForChanges(path: string, listener: () => void): () => void {
  const changed: StatsListener = (current, previous) => {
    if (
      current.mtimeMs !== previous.mtimeMs ||
      current.ctimeMs !== previous.ctimeMs ||
      current.ino !== previous.ino ||
      current.size !== previous.size
    )
      listener();
  };
  watchFile(path, { interval: WATCH_MS, persistent: false }, changed);
  return () => unwatchFile(path, changed);
}
