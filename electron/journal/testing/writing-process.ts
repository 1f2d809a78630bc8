import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createJournal } from '../journal-client.ts';
import { endEntry, extendedEntry, record, sessionId, startEntry, stateEntry } from './entries.ts';

/**
 * A process that writes sessions into the journal of the folder in its first argument until it is killed, and prints the id
 * of each event once the journal has said that it is kept. Three tabs at a time, each restarted again and again.
 */
const folder = process.argv[2] ?? '';
const silent = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (_: object, message: string) => writeSync(2, message),
};
const journal = createJournal({
  dataFolder: folder,
  sessionsFolder: join(folder, 'sessions'),
  hooksFolder: join(folder, 'hooks'),
  source: 'urn:sandglass:test',
  environment: { WANTED: 'a,b' },
  logger: silent,
  tracker: { started: async () => {}, ended: () => {} },
  worker: pathToFileURL(join(import.meta.dirname, 'standin-worker.ts')),
});
const { unfinished } = await journal.opening;
// As the app does at its launch: whatever has no end gets one.
await Promise.all(unfinished.map((session) => say(endEntry(session.record, { reason: 'app_crash' }))));
writeSync(1, 'ready\n');
await Promise.all([1, 2, 3].map(() => tab()));

async function tab(): Promise<void> {
  for (let previousId: string | null = null; ; ) {
    const known = record(sessionId(Date.now()), { previousId });
    await say(startEntry(known));
    journal.heartbeat([{ sessionId: known.id, ageMs: 1, lastActivityMs: 1, counters: known.counters }]);
    await Promise.all([say(stateEntry(known)), say(extendedEntry(known)), say(endEntry(known))]);
    previousId = known.id;
  }
}

async function say(entry: ReturnType<typeof startEntry>): Promise<void> {
  await journal.append(entry);
  writeSync(1, `${entry.event.id}\n`);
}
