import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { HookEvent } from '../../../shared/hooks.ts';
import { temporaryFolder } from '../../storage/testing/temporary-folder.ts';
import { Connection } from '../connection.ts';
import { openJournal } from '../open-journal.ts';
import { JournalStore, type StoreOptions } from '../store.ts';
import { STARTED_AT } from './entries.ts';

export interface OpenStore extends Disposable {
  readonly store: JournalStore;
  readonly connection: Connection;
  readonly logged: { readonly details: object; readonly message: string }[];
  /** Milliseconds since the epoch; may be set. */
  now: number;
  /** Which hooks want an event; may be set. */
  wanting: (event: HookEvent) => readonly string[];
}

/** A store on the journal of a folder, or in memory. */
export function openStore(folder: string | null, options: Partial<StoreOptions> = {}): OpenStore {
  const opened = openJournal(folder === null ? ':memory:' : join(folder, 'journal.sqlite'));
  if (opened.outcome !== 'open') throw new Error(`The journal was not opened: ${opened.outcome}`);
  const { connection } = opened;
  const logged: { details: object; message: string }[] = [];
  const store = new JournalStore(connection, {
    subscribers: (event) => open.wanting(event),
    envelope: (entry, sequence) => JSON.stringify({ type: entry.event.type, id: entry.event.id, sequence }),
    now: () => open.now,
    logger: { error: (details, message) => logged.push({ details, message }) },
    ...options,
  });
  const open: OpenStore = {
    store,
    connection,
    logged,
    now: STARTED_AT,
    wanting: () => [],
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
  store.opening();
  return open;
}

/** What is on the disk of a journal, with its log, now: the app that has it open lets nobody else in. */
export function lookAt(file: string): Connection {
  const copy = join(temporaryFolder(), 'copy.sqlite');
  for (const part of ['', '-wal']) if (existsSync(file + part)) copyFileSync(file + part, copy + part);
  return new Connection(new DatabaseSync(copy));
}
