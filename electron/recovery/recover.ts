import { rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { METADATA_FILE, RECORDING_FILE, type SessionMetadata } from '../../shared/recording.ts';
import type { SessionEnd, SessionEndEvent, SessionId } from '../../shared/session.ts';
import type { Problem } from '../../shared/settings.ts';
import type { Logger } from '../base/logger.ts';
import type { Journal, RecordedFile, RestoredSession, UnfinishedSession } from '../journal/journal.ts';
import { type ReadMetadataResult, readMetadata, writeMetadata } from '../recording/metadata.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import {
  type RepairObstacle,
  type RepairResult,
  repairRecording,
  UNKNOWN_EXIT_STATUS,
} from '../recording/repair/repair.ts';
import { crashProblem } from './crash-problem.ts';

/** How many sessions are recovered at once: more would not make the disk faster, and the window is answered meanwhile. */
const AT_ONCE = 4;
/** How many tabs come back at most, the latest: more than a user would go through. */
const MAX_TABS = 100;

/** The message of each recording that a crash has cut off. */
const CUT_OFF = 'Sandglass stopped unexpectedly: the last second of output may be missing.';

/** Where there is no recording, not even a damaged one. */
const NOT_RECORDED: readonly RepairObstacle[] = ['missing', 'empty', 'not_a_file'];

export interface RecoveryOptions {
  readonly journal: Pick<Journal, 'append'>;
  /** Sessions without an end; nothing of this run may be among them. */
  readonly unfinished: readonly UnfinishedSession[];
  /** Tabs that came back after an earlier crash. What could not be written then is written now. */
  readonly restored: readonly RestoredSession[];
  readonly recorders: Pick<RecorderFactory, 'folderOf'>;
  /** Milliseconds since the Unix epoch. */
  wall(): number;
  newEventId(): string;
  readonly logger: Logger;
  /** Attaches to a session that has outlived the app; false: it has not, or may not continue. */
  reattach?(session: UnfinishedSession): Promise<boolean>;
  /** Removes what else the earlier run has left. */
  removeLeftovers?(): Promise<void>;
  /** How metadata is written, which may write what cannot be written now later. */
  readonly writeMetadata?: typeof writeMetadata;
  /** How a recording is repaired; for faults that cannot be caused otherwise. */
  readonly repair?: typeof repairRecording;
}

/** What the recovery came to. */
export interface RecoveryReport {
  /** Ends that were emitted: by the crash, or their own, which the app had no time left to emit. */
  readonly ended: readonly SessionEndEvent[];
  /** What is to be shown in tabs, oldest first: sessions that this crash or an earlier one has ended. */
  readonly tabs: readonly RestoredSession[];
  readonly reattached: readonly SessionId[];
  /** What could not be written, for the user; the ends of these sessions were emitted all the same. */
  readonly failed: readonly { readonly id: SessionId; readonly message: string }[];
  /** For the window; null where there is nothing to report. */
  readonly problem: Problem | null;
}

/** What became of one session. */
type Outcome =
  | { readonly kind: 'reattached'; readonly id: SessionId }
  | {
      readonly kind: 'ended';
      readonly event: SessionEndEvent;
      readonly restored: RestoredSession;
      /** What could not be written, for a person. */
      readonly trouble: string | null;
    };

/**
 * Gives every session that has no end one, as a crash of the app leaves them. One whose own end was written down but not
 * emitted is emitted as it was; one that can be attached to again continues; any other ends as `app_crash`, at its last
 * heartbeat in the journal or at the last event of its recording, whichever was later. That is counted on the session's own clock:
 * what happened to the wall clock since changes its duration by nothing, and keeps its end from lying before its start
 * or in the future.
 *
 * For each, the recording is closed before the metadata is written, and that before the end is emitted. A recovery that is
 * interrupted is completed by the next one: an end that stands in the metadata is emitted with the same event, so that
 * there is one. What cannot be written is reported and stops neither the end nor the other sessions. Never rejects.
 */
export async function recoverSessions(options: RecoveryOptions): Promise<RecoveryReport> {
  const { unfinished, restored, logger, removeLeftovers } = options;
  const outcomes: Outcome[] = [];
  const completed: RestoredSession[] = [];
  // A container engine that is slow to answer delays the end of no other session.
  const containersLast = unfinished.toSorted((a, b) => Number(isContainer(a)) - Number(isContainer(b)));
  await inParallel(containersLast, async (session) => {
    outcomes.push(await recover(session, options));
  });
  await inParallel(restored, async (session) => {
    completed.push(await complete(session, options));
  });
  await removeLeftovers?.().catch((error: unknown) => {
    logger.error({ err: error }, 'What an earlier run has left could not be removed');
  });
  const ended = outcomes.flatMap((outcome) => (outcome.kind === 'ended' ? [outcome] : []));
  const reattached = outcomes.flatMap((outcome) => (outcome.kind === 'reattached' ? [outcome.id] : []));
  const crashed = ended.filter(({ event }) => event.end.reason === 'app_crash');
  const failed = ended.flatMap(({ event, trouble }) =>
    trouble === null ? [] : [{ id: event.sessionId, message: trouble }],
  );
  return {
    ended: ended.map(({ event }) => event),
    tabs: [...completed, ...crashed.map((outcome) => outcome.restored)].toSorted(byId).slice(-MAX_TABS),
    reattached,
    failed,
    problem: crashProblem({
      crashedAt: crashed.map(({ event }) => event.end.at),
      reattached: reattached.length,
      troubles: failed.map(({ message }) => message),
      now: options.wall(),
    }),
  };
}

async function recover(session: UnfinishedSession, options: RecoveryOptions): Promise<Outcome> {
  const { recorders, journal, logger } = options;
  const { record } = session;
  try {
    const folder = recorders.folderOf(record.id);
    const read = await readOwnMetadata(folder, record.id);
    let outcome: Extract<Outcome, { kind: 'ended' }>;
    if (read.ok) outcome = ownEnd(read.metadata, session, options);
    else if (await wasReattached(session, options)) return { kind: 'reattached', id: record.id };
    else outcome = await endByCrash(session, folder, read, options);
    const { event, restored } = outcome;
    await journal.append({ event, record, recording: restored.recording });
    await rm(`${join(folder, METADATA_FILE)}.tmp`, { force: true }).catch((error: unknown) => {
      logger.warn({ err: error, session: record.id }, 'A temporary file could not be removed');
    });
    logger.info({ session: record.id, reason: event.end.reason }, 'A session of an earlier run has its end now');
    return outcome;
  } catch (error) {
    // A bug, or an id that names no folder: the end is emitted all the same.
    logger.error({ err: error, session: record.id }, 'A session of an earlier run could not be recovered');
    const event = crashEvent(session, session.heartbeatMs, null, options);
    await journal.append({ event, record, recording: null });
    const restored = { record, events: [...session.events, event], end: event.end, recording: null };
    return {
      kind: 'ended',
      event,
      restored,
      trouble: `“${record.title}” could not be recovered. The log has the details.`,
    };
  }
}

/** What `session.json` says, if it is this session's. */
async function readOwnMetadata(folder: string, id: SessionId): Promise<ReadMetadataResult> {
  const read = await readMetadata(folder);
  if (!read.ok || read.metadata.id === id) return read;
  return { ok: false, reason: 'invalid', message: `The metadata in ${folder} is that of another session.` };
}

/** The end that the app had written down, but not emitted any more. */
function ownEnd(
  metadata: SessionMetadata,
  { record, events }: UnfinishedSession,
  { newEventId }: RecoveryOptions,
): Extract<Outcome, { kind: 'ended' }> {
  const { end, recording } = metadata;
  const written = metadata.events.find((event) => event.type === 'session:end');
  const event = written ?? { id: newEventId(), sessionId: record.id, at: end.at, type: 'session:end', end };
  return { kind: 'ended', event, restored: { record, events: [...events, event], end, recording }, trouble: null };
}

async function wasReattached(session: UnfinishedSession, { reattach, logger }: RecoveryOptions): Promise<boolean> {
  try {
    return (await reattach?.(session)) ?? false;
  } catch (error) {
    logger.error({ err: error, session: session.record.id }, 'A session of an earlier run could not be attached to');
    return false;
  }
}

async function endByCrash(
  session: UnfinishedSession,
  folder: string,
  read: Extract<ReadMetadataResult, { ok: false }>,
  options: RecoveryOptions,
): Promise<Extract<Outcome, { kind: 'ended' }>> {
  const { repair = repairRecording, logger } = options;
  const { record, heartbeatMs } = session;
  const repaired = await repair(join(folder, RECORDING_FILE), { endMs: heartbeatMs });
  if (!repaired.ok && repaired.obstacle !== 'missing' && repaired.obstacle !== 'empty')
    logger.warn({ session: record.id, obstacle: repaired.obstacle, why: repaired.message }, 'A recording is not whole');
  if (!repaired.ok) await removeEmpty(folder, repaired.obstacle);
  const durationMs = Math.max(heartbeatMs, repaired.lastEventMs);
  const event = crashEvent(session, durationMs, repaired, options);
  const recording = recordedFile(repaired);
  const restored = { record, events: [...session.events, event], end: event.end, recording };
  let trouble = repaired.ok || repaired.obstacle !== 'unwritable' ? null : repaired.message;
  if (recording !== null) {
    const written = read.reason === 'unreadable' ? read.message : await writeOver(folder, read, restored, options);
    if (written !== null) logger.error({ session: record.id, why: written }, 'Metadata could not be written');
    trouble ??= written;
  }
  return { kind: 'ended', event, restored, trouble };
}

/** The end of a session that ended while no app ran. */
function crashEvent(
  { record }: UnfinishedSession,
  durationMs: number,
  repaired: RepairResult | null,
  { wall, newEventId }: RecoveryOptions,
): SessionEndEvent {
  const { id, startedAt } = record;
  const at = Math.max(startedAt, Math.min(startedAt + durationMs, wall()));
  const end: SessionEnd = {
    reason: 'app_crash',
    at,
    durationSeconds: durationMs / 1_000,
    exitCode: null,
    signal: null,
    limitSeconds: null,
    elapsedSeconds: null,
    expired: null,
    failure: null,
    detail: hasOwnStatus(repaired) ? `Its shell had ended with status ${repaired.exitStatus} before.` : null,
    survivors: [],
  };
  return { id: newEventId(), sessionId: id, at, type: 'session:end', end };
}

/** Whether the recording had been closed by the app that is gone, and not by a repair. */
function hasOwnStatus(repaired: RepairResult | null): repaired is Extract<RepairResult, { ok: true }> {
  return repaired?.ok === true && repaired.exitStatus !== UNKNOWN_EXIT_STATUS;
}

/** What a repaired recording came to; null where there is none. */
function recordedFile(repaired: RepairResult): RecordedFile | null {
  const file = { file: RECORDING_FILE, format: 'asciicast-v3' } as const;
  const { bytes } = repaired;
  if (!repaired.ok) {
    if (NOT_RECORDED.includes(repaired.obstacle)) return null;
    return { ...file, bytes, sha256: null, truncated: true, message: `${CUT_OFF} ${repaired.message}` };
  }
  const troubles = [
    ...(hasOwnStatus(repaired) ? [] : [CUT_OFF]),
    ...(repaired.gap === null
      ? []
      : ['Some output before the end is missing, too; markers in the recording say where.']),
  ];
  const message = troubles.length === 0 ? null : troubles.join(' ');
  return { ...file, bytes, sha256: repaired.sha256, truncated: message !== null, message };
}

/** Removes a recording that never began, and a folder that is for nothing else: no broken file is to lie about. */
async function removeEmpty(folder: string, obstacle: RepairObstacle): Promise<void> {
  const ignore = (): void => {
    // Not there, or not empty: then it is not to be removed.
  };
  if (obstacle === 'empty') await rm(join(folder, RECORDING_FILE), { force: true }).catch(ignore);
  if (obstacle === 'empty' || obstacle === 'missing') await rmdir(folder).catch(ignore);
}

/** Writes the metadata; what was there and was none is kept aside. Gives what is wrong, for a person; null: nothing. */
async function writeOver(
  folder: string,
  read: ReadMetadataResult,
  { record, events, end, recording }: RestoredSession,
  { writeMetadata: write = writeMetadata }: RecoveryOptions,
): Promise<string | null> {
  if (recording === null) return null;
  const file = join(folder, METADATA_FILE);
  if (!read.ok && read.reason === 'invalid') {
    await rename(file, `${file}.damaged`).catch(() => {
      // It is replaced then: it could not be read anyway.
    });
  }
  const written = await write(folder, {
    ...record,
    events: [...events],
    endedAt: end.at,
    durationSeconds: end.durationSeconds,
    end,
    recording,
  });
  return written.ok ? null : written.message;
}

/** Writes what could not be written when the end of a session was emitted: its recording's end, its metadata. */
async function complete(restored: RestoredSession, options: RecoveryOptions): Promise<RestoredSession> {
  const { recorders, logger, repair = repairRecording } = options;
  const { record, end, recording } = restored;
  if (recording === null) return restored;
  try {
    const folder = recorders.folderOf(record.id);
    const read = await readOwnMetadata(folder, record.id);
    if (read.ok && read.metadata.recording.sha256 !== null) return { ...restored, recording: read.metadata.recording };
    if (!read.ok && read.reason === 'unreadable') return restored;
    const repaired = await repair(join(folder, RECORDING_FILE), { endMs: end.durationSeconds * 1_000 });
    const now = { ...restored, recording: recordedFile(repaired) };
    // Of one that cannot be mended, nothing new is to be written.
    if (!read.ok || repaired.ok) {
      const trouble = await writeOver(folder, read, now, options);
      if (trouble !== null) logger.error({ session: record.id, why: trouble }, 'Metadata could not be written');
    }
    return now;
  } catch (error) {
    logger.error({ err: error, session: record.id }, 'A session of an earlier run could not be completed');
    return restored;
  }
}

function isContainer({ record }: UnfinishedSession): boolean {
  return record.backend === 'docker';
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function byId(a: RestoredSession, b: RestoredSession): number {
  return a.record.id < b.record.id ? -1 : 1;
}
