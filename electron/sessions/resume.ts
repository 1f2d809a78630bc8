import type { EffectiveLimits, Limits } from '../../shared/limits.ts';
import type { SessionEvent, SessionState } from '../../shared/session.ts';
import type { BackendListener, BackendProcess } from '../backends/backend.ts';
import type { SessionRecord, UnfinishedSession } from '../journal/journal.ts';
import { readLastOutput } from '../recording/last-output.ts';
import type { RecorderResult, ReopenResult } from '../recording/recorder.ts';
import type { TerminalSize } from '../terminal/compact.ts';
import type { RestoredTime } from './limits/deadline-state.ts';
import { grantExtension, judge, type TimeState } from './limits/deadlines.ts';
import type { OutputFlow } from './output/output-flow.ts';
import type { RestoredState } from './session-options.ts';
import type { StartingSession } from './session-start.ts';

/** How much of a recording's end is read for what a window scrolls back to, in bytes. */
const READ_BYTES = 64 * 1_048_576;

/** A session that outlived the app that opened it. */
export interface OrphanedSession {
  readonly record: SessionRecord;
  readonly restored: RestoredState;
  readonly recording: ReopenResult;
  /** Where the recording is. */
  readonly recordingFile: string;
}

/** What an orphaned session is judged by. */
export interface ResumeFacts {
  readonly limits: EffectiveLimits;
  /** When the last event of its recording is, in milliseconds since its start; 0 where there is none. */
  readonly lastEventMs: number;
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
}

/** What a session brings along, or why it cannot continue, for the log. */
export type Restored =
  | { readonly ok: true; readonly restored: RestoredState }
  | { readonly ok: false; readonly why: string };

/**
 * What a session that a crash has left open brings along. The time in which no app ran counts, by the wall clock; where
 * that was set back meanwhile, it does not count at all. A session cannot continue if its deadline has passed by now, if it
 * had not started, or if it was already ending.
 */
export function restoreSession(unfinished: UnfinishedSession, facts: ResumeFacts): Restored {
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
  // While it is frozen its idle time does not grow, and heartbeats say so.
  const frozenAtMs = frozen === null ? null : clamp(frozen.at - record.startedAt, 0, knownMs);
  const idleMs =
    frozenAtMs === null ? ageMs - lastActivityMs : Math.max(0, unfinished.heartbeatMs - unfinished.lastActivityMs);
  const extras = extensionsOf(events, { limits, startedAt: record.startedAt, lastActivityMs });
  const values: Limits = frozenAtMs === null ? limits.values : { ...limits.values, idleTimeoutSeconds: 0 };
  const time: TimeState = { startedMs: 0, lastActivityMs, ...extras };
  if (judge(values, time, ageMs).expired !== null) return { ok: false, why: 'its time is up' };
  const restoredTime: RestoredTime = {
    ageMs,
    idleMs,
    lastActivity: {
      kind: lastActivityMs === 0 ? 'start' : 'input',
      at: record.startedAt + lastActivityMs,
    },
    frozenMs: frozenAtMs === null ? null : ageMs - frozenAtMs,
    ...extras,
    extensionsUsed: record.counters.extensions,
    warned: judge(values, time, knownMs).due,
  };
  const { startedAt: createdAt, counters } = record;
  return {
    ok: true,
    restored: { createdAt, events, state, time: restoredTime, counters, awaySeconds: awayMs / 1_000 },
  };
}

function lastState(events: readonly SessionEvent[]): SessionState {
  for (const event of events.toReversed()) if (event.type === 'session:state') return event.to;
  return 'starting';
}

function lastFrozen(events: readonly SessionEvent[]): Extract<SessionEvent, { type: 'session:frozen' }> | null {
  return events.findLast((event) => event.type === 'session:frozen') ?? null;
}

/** What the extensions that were used have added. Those of an idle period that is over add nothing to it. */
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
export async function readScrollback(
  flow: OutputFlow,
  size: TerminalSize,
  { recording, recordingFile }: OrphanedSession,
): Promise<void> {
  if (!recording.ok) return;
  await readLastOutput(recordingFile, READ_BYTES, {
    output: (bytes) => {
      flow.append(bytes);
      return flow.room();
    },
    size: ({ cols, rows }) => flow.resize({ cols: Math.max(2, Math.min(cols, 1_000)), rows: Math.min(rows, 1_000) }),
  });
  flow.resize(size);
}

/** A session as its reattachment needs it. */
export type ReattachingSession = Pick<
  StartingSession,
  'id' | 'profile' | 'backend' | 'recorderListener' | 'size' | 'lastMoments'
>;

/**
 * Attaches to a session's shell and continues its recording.
 *
 * @returns its recorder; null if nothing runs, or if it must be recorded and cannot be.
 */
export async function reattachShell(
  session: ReattachingSession,
  { record, restored, recording }: OrphanedSession,
  listener: BackendListener,
  onRunning: (process: BackendProcess) => void,
  signal: AbortSignal,
): Promise<RecorderResult | null> {
  const { id, profile, backend } = session;
  const isRequired = profile.recording === 'required';
  if (isRequired && !recording.ok) return null;
  const spec = {
    sessionId: id,
    profileId: profile.id,
    container: record.container,
    isFrozen: restored.state === 'frozen',
    ...session.size(),
    ...session.lastMoments(),
  };
  const result = await backend.reattach?.(spec, listener, signal);
  if (result === undefined || !result.ok) return null;
  onRunning(result.process);
  const recorder = recording.ok ? await recording.resume(session.recorderListener) : recording;
  if (recorder.ok || !isRequired) return recorder;
  await result.process.terminate(0);
  return null;
}
