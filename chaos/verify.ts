import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { cgroupsLeft, containersLeft } from '../e2e/runner/containers.ts';
import type { Home } from '../e2e/runner/home.ts';
import { processesMarked, processesOfSessions } from '../e2e/runner/processes.ts';
import { outputOf, parseRecording } from '../e2e/runner/recordings.ts';
import { METADATA_FILE, metadataSchema, RECORDING_FILE } from '../shared/recording.ts';
import type { Receiver } from './receiver.ts';

const rowsSchema = z.array(z.object({ id: z.string(), session_id: z.string(), type: z.string() }));

/** An event as it stands in the journal, the oldest first. */
interface Kept {
  readonly id: string;
  readonly sessionId: string;
  readonly type: string;
}

/** What was found wrong after the last run: one sentence each; none where all is as promised. */
export type Violations = string[];

/** Reads all events that the journal holds. The app must not run. */
export function eventsInJournal(home: Home): Kept[] {
  using journal = new DatabaseSync(join(home.folder, 'data', 'journal.sqlite'), { readOnly: true });
  const rows = rowsSchema.parse(journal.prepare('SELECT id, session_id, type FROM events ORDER BY seq').all());
  return rows.map(({ id, session_id, type }) => ({ id, sessionId: session_id, type }));
}

/** Whoever saw a start sees exactly one end, later: in the journal and at the receiver, and both tell the same. */
export function checkEvents(kept: readonly Kept[], receiver: Receiver): Violations {
  const wrong: Violations = [...receiver.violations];
  const received = receiver.events.map(({ id, event, sessionId }) => ({ id, type: event, sessionId: sessionId ?? '' }));
  for (const [place, events] of [
    ['journal', kept],
    ['receiver', received],
  ] as const) {
    const started = new Set<string>();
    const ended = new Set<string>();
    for (const { type, sessionId } of events) {
      if (type === 'session:start') {
        if (started.has(sessionId)) wrong.push(`${place}: ${sessionId} has started twice`);
        started.add(sessionId);
      }
      if (type !== 'session:end') continue;
      if (!started.has(sessionId)) wrong.push(`${place}: ${sessionId} has ended before it started`);
      if (ended.has(sessionId)) wrong.push(`${place}: ${sessionId} has ended twice`);
      ended.add(sessionId);
    }
    for (const id of started) if (!ended.has(id)) wrong.push(`${place}: ${id} has started and not ended`);
  }
  const deliverable = kept.filter(({ type }) => type === 'session:start' || type === 'session:end');
  const there = new Set(received.map(({ id }) => id));
  for (const { id, type, sessionId } of deliverable) {
    if (!there.has(id)) wrong.push(`receiver: ${type} of ${sessionId} never came`);
  }
  const known = new Set(kept.map(({ id }) => id));
  for (const { id, type, sessionId } of received) {
    if (!known.has(id)) wrong.push(`receiver: ${type} of ${sessionId} is not in the journal`);
  }
  return wrong;
}

/** Every recording can be played to its end, is what its metadata says, and holds no credential. */
export async function checkRecordings(
  home: Home,
  kept: readonly Kept[],
  secrets: readonly string[],
): Promise<Violations> {
  const wrong: Violations = [];
  const ends = new Map(kept.filter(({ type }) => type === 'session:end').map(({ id, sessionId }) => [sessionId, id]));
  for (const folder of await home.sessionFolders()) {
    const id = folder.slice(-26);
    const names = readdirSync(folder);
    const others = names.filter((name) => name !== RECORDING_FILE && name !== METADATA_FILE);
    if (others.length > 0) wrong.push(`${id}: left in its folder: ${others.join(', ')}`);
    if (!ends.has(id)) wrong.push(`${id}: has a folder, and no end in the journal`);
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
    if (end?.id !== ends.get(id)) wrong.push(`${id}: metadata and journal tell of different ends`);
    const file = join(folder, RECORDING_FILE);
    const bytes = readFileSync(file);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (recording.sha256 !== sha256) wrong.push(`${id}: its recording is not what its metadata says`);
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

/** Nothing of any session is left on the machine. The app must not run. */
export async function checkNothingLeft(home: Home, kept: readonly Kept[]): Promise<Violations> {
  const wrong: Violations = [];
  const ids = [...new Set(kept.map(({ sessionId }) => sessionId))];
  for (const { pid, command } of [...processesOfSessions(ids), ...processesMarked(home.mark)]) {
    wrong.push(`process ${pid} is left: ${command}`);
  }
  for (const container of await containersLeft(home)) wrong.push(`container ${container} is left`);
  for (const folder of cgroupsLeft(ids)) wrong.push(`cgroup ${folder} is left`);
  for (const name of existsSync(home.temporary) ? readdirSync(home.temporary) : []) {
    // Node and V8 keep caches of their own there.
    if (name.startsWith('sandglass')) wrong.push(`temporary file ${name} is left`);
  }
  return wrong;
}
