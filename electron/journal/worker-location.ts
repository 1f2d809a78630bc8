import { Worker } from 'node:worker_threads';
import { type BirpcReturn, createBirpc } from 'birpc';
import type { JournalClientMethods, JournalServerMethods, JournalWorkerData } from './journal-protocol.ts';

/** The thread's entry lies beside this module, as source or, in the packaged app, as its own bundle. */
export function journalWorkerUrl(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? 'journal-worker.ts' : 'journal-worker.js', here);
}

/** A thread that serves the journal, and the way to ask it. */
export interface JournalWorker {
  /** Rejects when the thread is lost. */
  readonly server: BirpcReturn<JournalServerMethods, JournalClientMethods>;
  /** Ends the thread at once; pending requests reject. */
  terminate(): Promise<void>;
}

/**
 * Starts the journal's thread.
 *
 * @param onLost called once, when the thread ends that was not terminated; `error` is null where it left none
 */
export function startJournalWorker(
  url: URL,
  data: JournalWorkerData,
  home: JournalClientMethods,
  onLost: (error: Error | null) => void,
): JournalWorker {
  const worker = new Worker(url, {
    name: 'sandglass-journal',
    workerData: data,
    // Hooks' pipes are opened as files and closed as sockets. When the thread ends, Node would close their numbers a second
    // time, and by then they may belong to the main thread: a session's terminal, or the pipe for libuv's signals.
    trackUnmanagedFds: false,
    // No bound on its memory: a thread that comes upon it can end the whole process instead of itself.
  });
  const remote = createBirpc<JournalServerMethods, JournalClientMethods>(home, {
    bind: 'functions',
    post: (message) => worker.postMessage(message),
    on: (listener) => worker.on('message', listener),
    off: (listener) => worker.off('message', listener),
    // A disk may take its time. A thread that is lost rejects all that it was asked.
    timeout: -1,
  });
  let isOver = false;
  const lose = (error: Error | null): void => {
    if (isOver) return;
    isOver = true;
    remote.$close(new Error('The thread of the journal ended', { cause: error }));
    onLost(error);
  };
  worker.on('error', (error) => lose(error instanceof Error ? error : new Error(String(error))));
  worker.on('messageerror', (error) => lose(error));
  worker.on('exit', () => lose(null));
  return {
    server: remote,
    async terminate() {
      if (!isOver) {
        isOver = true;
        remote.$close(new Error('The thread of the journal was ended'));
      }
      await worker.terminate();
    },
  };
}
