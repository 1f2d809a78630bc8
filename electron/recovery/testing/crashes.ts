import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RECORDING_FILE } from '../../../shared/recording.ts';
import type { SessionEvent, SessionId } from '../../../shared/session.ts';
import type { Journal, JournalEntry, SessionRecord, UnfinishedSession } from '../../journal/journal.ts';
import { encodeHeader } from '../../recording/encoder.ts';
import { sessionFolder } from '../../recording/folders.ts';
import { HEADER, METADATA, STARTED_AT } from '../../recording/testing/recordings.ts';
import { type RecoveryOptions, type RecoveryReport, recoverSessions } from '../recover.ts';

/** A journal in memory that outlives the app, with its one rule: a session has one end. */
class MemoryJournal implements Pick<Journal, 'append'> {
  readonly entries: JournalEntry[] = [];
  /** Called before an entry is kept; a throw is the app's death. */
  onAppend: (entry: JournalEntry) => void = () => {};

  async append(entry: JournalEntry): Promise<void> {
    this.onAppend(entry);
    const { event } = entry;
    const isKnown = this.entries.some(({ event: { id } }) => id === event.id);
    if (isKnown || (event.type === 'session:end' && this.endOf(event.sessionId) !== undefined)) return;
    this.entries.push(entry);
  }

  endOf(id: SessionId): JournalEntry | undefined {
    return this.entries.find(({ event }) => event.type === 'session:end' && event.sessionId === id);
  }
}

/** The id of the nth session, made when {@link STARTED_AT} says. */
export function idOf(index: number): SessionId {
  return `01M7ZBN260ABCDEFGH${String(index).padStart(8, '0')}`;
}

/** A session that a crash left without an end. */
export function crashedSession(index: number, changes: Partial<UnfinishedSession> = {}): UnfinishedSession {
  const { events, endedAt, durationSeconds, end, recording, ...record } = METADATA;
  const id = idOf(index);
  const whole: SessionRecord = { ...record, id, title: `session ${index}` };
  const start: SessionEvent = {
    id: `start-${index}`,
    sessionId: id,
    at: STARTED_AT,
    type: 'session:start',
    profileId: 'local',
    backend: 'pty',
    previousId: null,
  };
  return { record: whole, events: [start], heartbeatMs: 5_000, lastActivityMs: 4_000, ...changes };
}

/** A data folder after a crash, and what recovers it; its clock stands ten minutes after the sessions' start. */
export class CrashedFolder {
  readonly journal = new MemoryJournal();
  readonly folder: string;
  readonly complaints: string[] = [];
  wall = STARTED_AT + 600_000;
  #eventIds = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  folderOf(id: SessionId): string {
    return sessionFolder(this.folder, id);
  }

  fileOf(id: SessionId, name: string = RECORDING_FILE): string {
    return join(this.folderOf(id), name);
  }

  /** Puts a recording there that was not closed. */
  async record(id: SessionId, lines: string): Promise<void> {
    await mkdir(this.folderOf(id), { recursive: true });
    await writeFile(this.fileOf(id), `${encodeHeader(HEADER)}${lines}`);
  }

  recover(unfinished: readonly UnfinishedSession[], options: Partial<RecoveryOptions> = {}): Promise<RecoveryReport> {
    const complain = (_details: object, message: string): void => void this.complaints.push(message);
    return recoverSessions({
      journal: this.journal,
      unfinished,
      restored: [],
      recorders: { folderOf: (id) => this.folderOf(id) },
      wall: () => this.wall,
      newEventId: () => `event-${++this.#eventIds}`,
      logger: { debug: () => {}, info: () => {}, warn: complain, error: complain },
      ...options,
    });
  }
}
