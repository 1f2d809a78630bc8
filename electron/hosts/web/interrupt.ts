import { describeRunning, type RunningSession } from '../../../shared/running.ts';

/** How long a second Ctrl+C is waited for, in milliseconds. */
const CONFIRM_MS = 5_000;

export interface InterruptOptions {
  readonly liveSessions: () => number;
  /** What still runs in sessions beside their shells. */
  readonly stillRunning: () => Promise<readonly RunningSession[]>;
  readonly now: () => number;
  /** Tells the person at the terminal. */
  readonly say: (line: string) => void;
  readonly quit: () => void;
}

/** What Ctrl+C does: quits at once when nothing runs, else only at a second press within {@link CONFIRM_MS}. */
export function createInterrupt({ liveSessions, stillRunning, now, say, quit }: InterruptOptions): () => void {
  let askedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const count = liveSessions();
    if (count === 0 || now() - askedAt <= CONFIRM_MS) {
      quit();
      return;
    }
    askedAt = now();
    const running = count === 1 ? '1 session is running' : `${count} sessions are running`;
    const them = count === 1 ? 'it' : 'them';
    // Said at once; what is found meanwhile comes after it.
    say(`${running}. Press Ctrl+C again within ${CONFIRM_MS / 1_000} s to end ${them} and quit.`);
    void stillRunning().then((programs) => {
      const words = describeRunning(programs);
      if (words !== null) say(words);
    });
  };
}
