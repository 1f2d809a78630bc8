import type { EffectiveLimits, Limits } from '../../shared/limits.ts';
import type { SessionEvent, SessionState } from '../../shared/session.ts';
import type { BackendListener, BackendProcess } from '../backends/backend.ts';
import type { SessionRecord, UnfinishedSession } from '../journal/journal.ts';
import { readLastOutput } from '../recording/last-output.ts';
import type { RecorderResult, ReopenResult } from '../recording/recorder.ts';
import type { EarlierTime } from './limits/deadline-keeper.ts';
import { grantExtension, judge, type TimeState } from './limits/deadlines.ts';
import type { Session } from './session.ts';
import type { EarlierSession } from './session-options.ts';
import { lastMoments } from './session-start.ts';

/** How much of a recording's end is read for what a window scrolls back to, in bytes. */
const READ_BYTES = 64 * 1_048_576;

/** What an earlier run has left of a session besides what is known of it. */
export interface LeftSession {
  readonly record: SessionRecord;
  readonly earlier: EarlierSession;
  readonly recording: ReopenResult;
  /** Where the recording is. */
  readonly recordingFile: string;
}

/** What an earlier session is judged by. */
export interface ResumeFacts {
  readonly limits: EffectiveLimits;
  /** When the last event of its recording is, in milliseconds since its start; 0 where there is none. */
  readonly lastEventMs: number;
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
}

/** Why a session does not go on, for the log. */
export type Earlier =
  | { readonly ok: true; readonly earlier: EarlierSession }
  | { readonly ok: false; readonly why: string };

/**
 * What a session that a crash has left open brings along. The time in which nobody was there counts, by the wall clock;
 * where that was set back meanwhile, not at all. A session whose deadline has passed by now does not go on, nor one that
 * had not begun, or was already ending.
 */
export function earlierSession(unfinished: UnfinishedSession, facts: ResumeFacts): Earlier {
  const { record, events } = unfinished;
  const { limits, lastEventMs, wallMs } = facts;
  const state = lastState(events);
  if (state === 'starting' || state === 'closing' || state === 'ended') return { ok: false, why: `it was ${state}` };
  const frozen = state === 'frozen' ? lastFrozen(events) : null;
  if (frozen !== null && frozen.by !== null) return { ok: false, why: 'its time was up' };
  const knownMs = Math.max(unfinished.heartbeatMs, lastEventMs);
  const awayMs = Math.max(0, wallMs - (record.startedAt + knownMs));
  const ageMs = knownMs + awayMs;
  const lastActivityMs = Math.min(unfinished.lastActivityMs, knownMs);
  // While it stands still, its idle time does not grow, and signs of life say so.
  const restAtMs = frozen === null ? null : clamp(frozen.at - record.startedAt, 0, knownMs);
  const idleMs =
    restAtMs === null ? ageMs - lastActivityMs : Math.max(0, unfinished.heartbeatMs - unfinished.lastActivityMs);
  const extras = extensionsOf(events, { limits, startedAt: record.startedAt, lastActivityMs });
  const values: Limits = restAtMs === null ? limits.values : { ...limits.values, idleTimeoutSeconds: 0 };
  const time: TimeState = { startedMs: 0, lastActivityMs, ...extras };
  if (judge(values, time, ageMs).expired !== null) return { ok: false, why: 'its time is up' };
  const earlierTime: EarlierTime = {
    ageMs,
    idleMs,
    lastActivity: {
      kind: lastActivityMs === 0 ? 'start' : 'input',
      at: record.startedAt + lastActivityMs,
    },
    restedMs: restAtMs === null ? null : ageMs - restAtMs,
    ...extras,
    extensionsUsed: record.counters.extensions,
    due: judge(values, time, knownMs).due,
  };
  const { startedAt: createdAt, counters } = record;
  return {
    ok: true,
    earlier: { createdAt, events, state, time: earlierTime, counters, awaySeconds: awayMs / 1_000 },
  };
}

function lastState(events: readonly SessionEvent[]): SessionState {
  for (const event of events.toReversed()) if (event.type === 'session:state') return event.to;
  return 'starting';
}

function lastFrozen(events: readonly SessionEvent[]): Extract<SessionEvent, { type: 'session:frozen' }> | null {
  return events.findLast((event) => event.type === 'session:frozen') ?? null;
}

/** What the extensions that were used have added. Those of an idle period that is over do not count. */
function extensionsOf(
  events: readonly SessionEvent[],
  facts: { readonly limits: EffectiveLimits; readonly startedAt: number; readonly lastActivityMs: number },
): { idleExtraMs: number; maxExtraMs: number } {
  const { limits, startedAt, lastActivityMs } = facts;
  const extras = { idleExtraMs: 0, maxExtraMs: 0 };
  for (const event of events) {
    if (event.type !== 'session:extended' || event.by !== 'user') continue;
    const grant = grantExtension(limits.values, limits.caps, { startedMs: 0, lastActivityMs: 0, ...extras });
    extras.maxExtraMs += grant.maxMs;
    if (event.at - startedAt >= lastActivityMs) extras.idleExtraMs += grant.idleMs;
  }
  return extras;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** Puts the last output of a session's recording before what comes, for windows to scroll back to. */
export async function readScrollback(session: Session, { recording, recordingFile }: LeftSession): Promise<void> {
  if (!recording.ok) return;
  const { flow } = session;
  await readLastOutput(recordingFile, READ_BYTES, {
    output: (bytes) => {
      flow.append(bytes);
      return flow.room();
    },
    size: ({ cols, rows }) => flow.resize({ cols: Math.max(2, Math.min(cols, 1_000)), rows: Math.min(rows, 1_000) }),
  });
  flow.resize({ cols: session.cols, rows: session.rows });
}

/** Attaches to a session's shell and goes on with its recording. Null: nothing runs, or it may not without a recording. */
export async function reattachShell(
  session: Session,
  { record, earlier, recording }: LeftSession,
  listener: BackendListener,
  onRunning: (process: BackendProcess) => void,
  signal: AbortSignal,
): Promise<RecorderResult | null> {
  const { id, profile, dependencies } = session;
  const isRequired = profile.recording === 'required';
  if (isRequired && !recording.ok) return null;
  const spec = {
    sessionId: id,
    profileId: profile.id,
    container: record.container,
    isFrozen: earlier.state === 'frozen',
    cols: session.cols,
    rows: session.rows,
    ...lastMoments(session),
  };
  const result = await dependencies.backend.reattach?.(spec, listener, signal);
  if (result === undefined || !result.ok) return null;
  onRunning(result.process);
  const recorder = recording.ok ? await recording.goOn(session.recording.listener) : recording;
  if (recorder.ok || !isRequired) return recorder;
  await result.process.terminate(0);
  return null;
}

/** Tells that a session goes on, where it stands. */
export function tellReattached(session: Session, { earlier }: LeftSession): void {
  const { state, awaySeconds } = earlier;
  session.tell({ ...session.eventBase(), type: 'session:reattached', awaySeconds });
  session.mark(`attached again after ${Math.round(awaySeconds)} s; what it printed meanwhile is not here`);
  if (state !== 'frozen') session.transition('waiting');
}
