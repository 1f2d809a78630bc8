import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { cgroupsLeft, containersLeft } from '../e2e/runner/containers.ts';
import type { Home } from '../e2e/runner/home.ts';
import { processesMarked, processesOfSessions } from '../e2e/runner/processes.ts';
import { outputOf, parseRecording } from '../e2e/runner/recordings.ts';
import { METADATA_FILE, metadataSchema, RECORDING_FILE } from '../shared/recording.ts';
import type { Receiver } from './receiver.ts';

const rowsSchema = z.array(
  z.object({
    id: z.string(),
    session_id: z.string(),
    type: z.string(),
    previous_id: z.string().nullable(),
    reason: z.string().nullable(),
  }),
);

/** An event as it stands in the journal, the oldest first. */
export interface Kept {
  readonly id: string;
  readonly sessionId: string;
  readonly type: string;
  /** Of a start: the session before it. */
  readonly previousId: string | null;
  /** Of an end. */
  readonly reason: string | null;
}

/** What was found wrong after the last run: one sentence each; none where all is as promised. */
export type Violations = string[];

const JOURNAL_FILE = 'journal.sqlite';

/** Reads all events that the journal holds. The app must not run. */
export function eventsInJournal(home: Home): Kept[] {
  using journal = new DatabaseSync(join(home.folder, 'data', JOURNAL_FILE), { readOnly: true });
  const rows = rowsSchema.parse(
    journal
      .prepare(
        `SELECT id, session_id, type, body ->> 'previousId' AS previous_id, body -> 'end' ->> 'reason' AS reason
         FROM events ORDER BY seq`,
      )
      .all(),
  );
  return rows.map(({ session_id, previous_id, ...row }) => ({
    ...row,
    sessionId: session_id,
    previousId: previous_id,
  }));
}

/**
 * Whether the journal is a whole database, as it lies there: also right after the app was killed. A copy is looked at, so
 * that the app finds its own as it has left it. The app must not run.
 */
export function checkJournal(home: Home): Violations {
  const file = join(home.folder, 'data', JOURNAL_FILE);
  if (!existsSync(file)) return [];
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-journal-'));
  try {
    const copy = join(folder, JOURNAL_FILE);
    for (const part of ['', '-wal']) if (existsSync(file + part)) copyFileSync(file + part, copy + part);
    using journal = new DatabaseSync(copy);
    const found = journal.prepare('PRAGMA integrity_check').all();
    const strangers = journal.prepare('PRAGMA foreign_key_check').all();
    return [
      ...found.flatMap(({ integrity_check }) => (integrity_check === 'ok' ? [] : [`journal: ${integrity_check}`])),
      ...strangers.map((row) => `journal: a row refers to none: ${JSON.stringify(row)}`),
    ];
  } catch (error) {
    return [`journal: it cannot be read: ${String(error)}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whoever saw a start sees exactly one end, later, and then nothing more; and the end of what went before comes first. */
export function checkOneStory(place: string, events: readonly Omit<Kept, 'id' | 'reason'>[]): Violations {
  const wrong: Violations = [];
  const started = new Set<string>();
  const ended = new Set<string>();
  for (const { type, sessionId, previousId } of events) {
    // Of a session that was refused.
    if (type === 'session:limit') continue;
    if (type === 'session:start') {
      if (started.has(sessionId)) wrong.push(`${place}: ${sessionId} has started twice`);
      if (previousId !== null && !ended.has(previousId)) {
        wrong.push(`${place}: ${sessionId} has started before ${previousId}, which it follows, has ended`);
      }
      started.add(sessionId);
      continue;
    }
    if (!started.has(sessionId)) wrong.push(`${place}: ${type} of ${sessionId} comes before its start`);
    if (ended.has(sessionId)) wrong.push(`${place}: ${type} of ${sessionId} comes after its end`);
    if (type === 'session:end') ended.add(sessionId);
  }
  for (const id of started) if (!ended.has(id)) wrong.push(`${place}: ${id} has started and not ended`);
  return wrong;
}

/** The journal and the receiver tell the same story, each session's once. */
export function checkEvents(kept: readonly Kept[], receiver: Receiver): Violations {
  const received = receiver.events.map(({ id, event, sessionId, previousId }) => ({
    id,
    type: event,
    sessionId: sessionId ?? '',
    previousId,
  }));
  const wrong: Violations = [
    ...receiver.violations,
    ...checkOneStory('journal', kept),
    ...checkOneStory('receiver', received),
  ];
  const there = new Set(received.map(({ id }) => id));
  for (const { id, type, sessionId } of kept) {
    if (type !== 'session:state' && !there.has(id)) wrong.push(`receiver: ${type} of ${sessionId} never came`);
  }
  const known = new Set(kept.map(({ id }) => id));
  for (const { id, type, sessionId } of received) {
    if (!known.has(id)) wrong.push(`receiver: ${type} of ${sessionId} is not in the journal`);
  }
  return wrong;
}

/**
 * Every recording can be played to its end, is what its metadata says, and holds no credential.
 *
 * @param untold sessions that the journal does not know
 */
export async function checkRecordings(
  home: Home,
  kept: readonly Kept[],
  secrets: readonly string[],
  untold: readonly string[] = [],
): Promise<Violations> {
  const wrong: Violations = [];
  const ends = new Map(kept.filter(({ type }) => type === 'session:end').map(({ id, sessionId }) => [sessionId, id]));
  for (const folder of await home.sessionFolders()) {
    const id = folder.slice(-26);
    const names = readdirSync(folder);
    const others = names.filter((name) => name !== RECORDING_FILE && name !== METADATA_FILE);
    if (others.length > 0) wrong.push(`${id}: left in its folder: ${others.join(', ')}`);
    const isKnown = !untold.includes(id);
    if (isKnown && !ends.has(id)) wrong.push(`${id}: has a folder, and no end in the journal`);
    if (!names.includes(METADATA_FILE)) {
      wrong.push(`${id}: has no metadata`);
      continue;
    }
    const parsed = metadataSchema.safeParse(JSON.parse(readFileSync(join(folder, METADATA_FILE), 'utf8')));
    if (!parsed.success) {
      wrong.push(`${id}: its metadata is wrong: ${parsed.error.message}`);
      continue;
    }
    const { recording, events } = parsed.data;
    const end = events.findLast(({ type }) => type === 'session:end');
    if (isKnown ? end?.id !== ends.get(id) : end === undefined)
      wrong.push(`${id}: metadata and journal tell of different ends`);
    const file = join(folder, RECORDING_FILE);
    const bytes = readFileSync(file);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    // One that could not be written to its end says so instead.
    const isCutOff = recording.sha256 === null && recording.truncated && recording.message !== null;
    if (recording.sha256 !== sha256 && !isCutOff) wrong.push(`${id}: its recording is not what its metadata says`);
    try {
      const played = parseRecording(bytes.toString());
      const output = outputOf(played);
      for (const secret of secrets) if (output.includes(secret)) wrong.push(`${id}: its recording holds a credential`);
    } catch (error) {
      wrong.push(`${id}: its recording cannot be read: ${String(error)}`);
    }
  }
  return wrong;
}

/** Nothing of these sessions, and no process of the app, is left on the machine. The app must not run. */
export async function checkNothingLeft(home: Home, sessionIds: readonly string[]): Promise<Violations> {
  const wrong: Violations = [];
  const ids = [...new Set(sessionIds)];
  for (const { pid, command } of [...processesOfSessions(ids), ...processesMarked(home.mark)]) {
    wrong.push(`process ${pid} is left: ${command}`);
  }
  for (const container of await containersLeft(home)) wrong.push(`container ${container} is left`);
  for (const folder of cgroupsLeft(ids)) wrong.push(`cgroup ${folder} is left`);
  for (const name of existsSync(home.temporary) ? readdirSync(home.temporary) : []) {
    // Node and V8 keep caches of their own there.
    if (name.startsWith('sandglass')) wrong.push(`temporary file ${name} is left`);
  }
  for (const folder of credentialFoldersLeft(home)) wrong.push(`folder of credentials ${folder} is left`);
  for (const name of readdirSync(join(home.folder, 'data'), { recursive: true, encoding: 'utf8' })) {
    if (/\.tmp$|~$/.test(name)) wrong.push(`${name} is left in the data folder`);
  }
  return wrong;
}

/** Folders in which sessions of this home's app had their credentials. */
function credentialFoldersLeft(home: Home): string[] {
  const file = join(home.folder, 'data', 'installation');
  if (!existsSync(file)) return [];
  const name = `sandglass-${readFileSync(file, 'utf8').trim()}`;
  const roots = [process.env.XDG_RUNTIME_DIR ?? '', '/dev/shm', home.temporary].map((place) => join(place, name));
  return roots.flatMap((root) => (existsSync(root) ? readdirSync(root).map((entry) => join(root, entry)) : []));
}
