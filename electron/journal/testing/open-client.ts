import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import type { Problem } from '../../../shared/settings.ts';
import { temporaryFolder } from '../../storage/testing/temporary-folder.ts';
import type { Journal } from '../journal.ts';
import { createJournal, type JournalOptions } from '../journal-client.ts';

interface LogRecord {
  readonly level: string;
  readonly details: object;
  readonly message: string;
}

export interface OpenThread {
  readonly folder: string;
  readonly file: string;
  readonly journal: Journal;
  readonly problems: Problem[];
  readonly logged: LogRecord[];
  readonly runs: string[];
}

const STANDIN_WORKER = pathToFileURL(join(import.meta.dirname, 'standin-worker.ts'));

export interface ThreadOptions extends Partial<JournalOptions> {
  readonly folder?: string;
  /** The hooks that want every event, and get none. */
  readonly wanted?: readonly string[];
}

/** A journal with its real thread, and hooks that are never delivered anything. Closed when the test is over. */
export function openThread({
  folder = temporaryFolder(),
  wanted = [],
  environment,
  ...options
}: ThreadOptions = {}): OpenThread {
  const logged: LogRecord[] = [];
  const runs: string[] = [];
  const log = (level: string) => (details: object, message: string) => void logged.push({ level, details, message });
  const journal = createJournal({
    dataFolder: folder,
    sessionsFolder: join(folder, 'sessions'),
    hooksFolder: join(folder, 'hooks'),
    source: 'urn:sandglass:test',
    environment: { WANTED: wanted.join(','), ...environment },
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    tracker: {
      started: async (run) => void runs.push(`${run} started`),
      ended: (run) => void runs.push(`${run} ended`),
    },
    worker: STANDIN_WORKER,
    ...options,
  });
  const problems: Problem[] = [];
  journal.onProblem((problem) => problems.push(problem));
  onTestFinished(() => journal.close());
  return { folder, file: join(folder, 'journal.sqlite'), journal, problems, logged, runs };
}

/** Waits for what no event tells of: what is found in a file, or in a log. */
export async function until(condition: () => unknown): Promise<void> {
  await vi.waitUntil(condition, { timeout: 60_000, interval: 20 });
}
