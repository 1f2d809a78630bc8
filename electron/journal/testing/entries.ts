import { ulid } from 'ulid';
import type { SessionEnd, SessionEvent, SessionId } from '../../../shared/session.ts';
import type { JournalEntry, RecordedFile, SessionRecord } from '../journal.ts';

/** When the sessions of these tests were started, in milliseconds since the epoch. */
export const STARTED_AT = Date.UTC(2026, 10, 21, 9, 0, 0);

export function sessionId(atMs = STARTED_AT): SessionId {
  return ulid(atMs);
}

export function record(id: SessionId, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    version: 1,
    id,
    previousId: null,
    profile: { id: 'local', name: 'Local shell' },
    backend: 'pty',
    isolation: [],
    containment: 'tree',
    container: null,
    title: 'Local shell',
    shell: { command: '/bin/bash', args: ['-l'] },
    startedAt: STARTED_AT,
    limits: {
      values: {
        idleTimeoutSeconds: 900,
        maxDurationSeconds: 3_600,
        activity: ['input'],
        warnBeforeSeconds: [60],
        extensions: { count: 2, seconds: 1_800 },
        closeGraceSeconds: 2,
        maxCommands: 0,
        onExpiry: 'close',
        thawWindowSeconds: 600,
      },
      origins: { idleTimeoutSeconds: 'default' },
      caps: { idleTimeoutSeconds: 0, maxDurationSeconds: 0 },
    },
    counters: { bytesOut: 0, bytesIn: 0, resizes: 0, warnings: 0, extensions: 0, commands: 0 },
    host: { platform: 'linux', release: '6.1', arch: 'x64', hostname: 'here' },
    app: { name: 'Sandglass', version: '1.0.0' },
    ...changes,
  };
}

function end(changes: Partial<SessionEnd> = {}): SessionEnd {
  return {
    reason: 'exited',
    at: STARTED_AT + 60_000,
    durationSeconds: 60,
    exitCode: 0,
    signal: null,
    limitSeconds: null,
    elapsedSeconds: null,
    expired: null,
    failure: null,
    detail: null,
    survivors: [],
    ...changes,
  };
}

export function recorded(bytes = 1_000): RecordedFile {
  return { file: 'recording.cast', format: 'asciicast-v3', bytes, sha256: null, truncated: false, message: null };
}

function entry(event: SessionEvent, known: SessionRecord, recording: RecordedFile | null = null): JournalEntry {
  return { event, record: known, recording };
}

export function startEntry(known: SessionRecord): JournalEntry {
  const { id, previousId, startedAt: at, backend } = known;
  const event = {
    id: ulid(),
    sessionId: id,
    at,
    type: 'session:start',
    profileId: known.profile.id,
    backend,
    previousId,
  };
  return entry({ ...event, type: 'session:start' }, known);
}

export function stateEntry(known: SessionRecord): JournalEntry {
  const { id, startedAt } = known;
  return entry(
    { id: ulid(), sessionId: id, at: startedAt, type: 'session:state', from: 'waiting', to: 'running' },
    known,
  );
}

export function extendedEntry(known: SessionRecord): JournalEntry {
  const { id, startedAt: at } = known;
  return entry(
    { id: ulid(), sessionId: id, at, type: 'session:extended', by: 'user', seconds: 1, used: 1, count: 2 },
    known,
  );
}

export function endEntry(
  known: SessionRecord,
  changes: Partial<SessionEnd> = {},
  recording: RecordedFile | null = recorded(),
): JournalEntry {
  const ending = end({ at: known.startedAt + 60_000, ...changes });
  return entry({ id: ulid(), sessionId: known.id, at: ending.at, type: 'session:end', end: ending }, known, recording);
}

export function limitEntry(): JournalEntry {
  const event = { id: ulid(), sessionId: ulid(STARTED_AT), at: STARTED_AT, profileId: 'local', running: 100, max: 100 };
  return { event: { ...event, type: 'session:limit', backend: 'pty' }, record: null, recording: null };
}
