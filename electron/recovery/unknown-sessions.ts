import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeTime } from 'ulid';
import type { Profile } from '../../shared/profile.ts';
import { METADATA_FILE, RECORDING_FILE, type SessionMetadata } from '../../shared/recording.ts';
import type { SessionId } from '../../shared/session.ts';
import type { Logger } from '../base/logger.ts';
import type { Journal, RestoredSession, UnfinishedSession } from '../journal/journal.ts';
import { leastRecord } from '../journal/least-record.ts';
import { errorCode } from '../recording/failure.ts';
import { sessionFolder } from '../recording/folders.ts';
import { readHeader } from '../recording/last-output.ts';
import { readMetadata } from '../recording/metadata.ts';

/** A session's id whose time there can be (https://github.com/ulid/spec): the first letter has three bits. */
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
/** How many sessions the journal takes over at once. */
const AT_ONCE = 50;

export interface UnknownSessionsOptions {
  /** The folder of all sessions. */
  readonly root: string;
  readonly journal: Pick<Journal, 'unknown' | 'adopt'>;
  /** Whose sessions they may have been: where nothing else is known, a session is called by its profile. */
  readonly profiles: readonly Pick<Profile, 'id' | 'name' | 'backend'>[];
  /** Milliseconds since the Unix epoch: sessions that were opened later are this run's. */
  readonly before: number;
  readonly logger: Logger;
}

/** Sessions that have a folder, and that the journal does not know: a previous journal did, and was damaged or is gone. */
export interface UnknownSessions {
  /** Those that ended while no app ran, with what their recordings say of them. */
  readonly unfinished: readonly UnfinishedSession[];
  /** Has the journal take over the others, by what stands in their metadata. Rejects for nothing but a bug. */
  adopt(signal: AbortSignal): Promise<void>;
}

/**
 * Looks which sessions the journal does not know, though their recordings are there. What is in their folders is checked as
 * any other input; what cannot be read is left alone. Never rejects.
 */
export async function findUnknownSessions(options: UnknownSessionsOptions): Promise<UnknownSessions> {
  const ended: SessionId[] = [];
  const unfinished: UnfinishedSession[] = [];
  try {
    for await (const ids of idsByMonth(options)) {
      for (const id of await options.journal.unknown(ids)) {
        const folder = sessionFolder(options.root, id);
        const names = await files(folder);
        if (names.includes(METADATA_FILE)) ended.push(id);
        else if (names.includes(RECORDING_FILE)) unfinished.push(...(await unfinishedOf(folder, id, options)));
      }
    }
  } catch (error) {
    options.logger.error({ err: error }, 'Sessions that the journal does not know could not be searched for');
  }
  if (unfinished.length > 0 || ended.length > 0) {
    const found = { unfinished: unfinished.length, ended: ended.length };
    options.logger.warn(found, 'There are sessions that the journal does not know; they are read back');
  }
  return { unfinished: unfinished.reverse(), adopt: (signal) => adopt(ended, options, signal) };
}

/** The ids of folders that are those of sessions, month by month; the latest first. */
async function* idsByMonth({ root, before }: UnknownSessionsOptions): AsyncGenerator<SessionId[], void, undefined> {
  for (const year of await folders(root, /^\d{4}$/)) {
    for (const month of await folders(join(root, year), /^\d{2}$/)) {
      const names = await folders(join(root, year, month), ULID);
      yield names.filter(
        (name) => decodeTime(name) < before && sessionFolder(root, name) === join(root, year, month, name),
      );
    }
  }
}

/** The folders in a folder whose names are like this, the last first; no links. */
async function folders(parent: string, pattern: RegExp): Promise<string[]> {
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory() && pattern.test(entry.name)).map(({ name }) => name);
    return names.sort().reverse();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The files in a folder; no links. One that cannot be read seems empty, and keeps no other back. */
async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** What the recording says of its session; empty where it says nothing. */
async function unfinishedOf(
  folder: string,
  id: SessionId,
  { profiles }: UnknownSessionsOptions,
): Promise<UnfinishedSession[]> {
  const header = await readHeader(join(folder, RECORDING_FILE));
  if (header === null) return [];
  const { title = '', command = '', tags = [] } = header;
  const backend = tags.includes('container') ? 'docker' : tags.includes('bubblewrap') ? 'bubblewrap' : 'pty';
  const profile = profiles.find((each) => each.name === title && each.backend === backend);
  const record = leastRecord({
    id,
    previousId: null,
    profile: { id: profile?.id ?? 'unknown', name: profile?.name ?? 'Unknown profile' },
    backend,
    title: title === '' ? 'Session' : title,
    startedAt: decodeTime(id),
    shell: { command, args: [] },
  });
  return [{ record, events: [], heartbeatMs: 0, lastActivityMs: 0 }];
}

async function adopt(
  ids: readonly SessionId[],
  { root, journal, logger }: UnknownSessionsOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const sessions: RestoredSession[] = [];
    for (const id of ids.slice(from, from + AT_ONCE)) {
      const read = await readMetadata(sessionFolder(root, id));
      if (read.ok && read.metadata.id === id) sessions.push(endedSession(read.metadata));
      else logger.warn({ session: id }, 'The metadata of a session that the journal does not know cannot be used');
    }
    // What is not taken over now is at the next launch.
    if (signal.aborted || !(await journal.adopt(sessions))) return;
  }
}

function endedSession(metadata: SessionMetadata): RestoredSession {
  const { events, endedAt, durationSeconds, end, recording, ...record } = metadata;
  return { record, events, end, recording };
}
