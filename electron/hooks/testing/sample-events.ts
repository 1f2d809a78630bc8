import { LIMIT_NAMES } from '../../../shared/limits.ts';
import { RECORDING_FILE } from '../../../shared/recording.ts';
import type { SessionEnd } from '../../../shared/session.ts';
import type { EventFacts, TellableEvent } from '../../journal/hook-service.ts';
import type { RecordedFile, SessionRecord } from '../../journal/journal.ts';

export const SESSION_ID = '01JB8Q2ZC3W6T4V9XK5N7MHRDA';
export const PREVIOUS_ID = '01JB8PZZC3W6T4V9XK5N7MHRDA';
export const SOURCE = 'urn:sandglass:01JB8N000000000000000000AA';
const STARTED = Date.UTC(2026, 10, 3, 9, 15);

/** A session in a container, as the journal knows it. */
export const sampleRecord: SessionRecord = {
  version: 1,
  id: SESSION_ID,
  previousId: PREVIOUS_ID,
  profile: { id: 'container', name: 'Container' },
  backend: 'docker',
  isolation: [{ text: 'no network', open: false }],
  containment: 'container',
  container: {
    id: 'f'.repeat(64),
    name: 'sandglass-01jb8q2zc3w6t4v9xk5n7mhrda',
    image: 'debian:bookworm-slim',
    imageId: `sha256:${'a'.repeat(64)}`,
    digest: `debian@sha256:${'b'.repeat(64)}`,
    engine: 'Docker 28.2.2',
    pooled: false,
  },
  title: 'Build',
  shell: { command: '/bin/bash', args: ['--token', 'not to be told'] },
  startedAt: STARTED,
  limits: {
    values: {
      idleTimeoutSeconds: 900,
      maxDurationSeconds: 3600,
      activity: ['input'],
      warnBeforeSeconds: [300, 60, 10],
      extensions: { count: 2, seconds: 1800 },
      closeGraceSeconds: 2,
      maxCommands: 0,
      onExpiry: 'freeze',
      thawWindowSeconds: 600,
    },
    origins: Object.fromEntries(LIMIT_NAMES.map((name) => [name, 'default'])),
    caps: { idleTimeoutSeconds: 0, maxDurationSeconds: 0 },
  },
  counters: { bytesOut: 52_431, bytesIn: 312, resizes: 1, warnings: 3, extensions: 1, commands: 12 },
  host: { platform: 'linux', release: '6.12.0', arch: 'x64', hostname: 'workbench' },
  app: { name: 'Sandglass', version: '0.1.0' },
};

const sampleRecording: RecordedFile = {
  file: RECORDING_FILE,
  format: 'asciicast-v3',
  bytes: 61_002,
  sha256: 'c'.repeat(64),
  truncated: false,
  message: null,
};

/** How a session ended whose idle time was up. */
export const sampleEnd: SessionEnd = {
  reason: 'idle_timeout',
  at: STARTED + 1_432_500,
  durationSeconds: 1432.5,
  exitCode: null,
  signal: 'SIGHUP',
  limitSeconds: 900,
  elapsedSeconds: 900,
  expired: 'idle_timeout',
  failure: null,
  detail: null,
  survivors: [{ pid: 4711, command: 'stubborn' }],
};

const base = { id: '01JB8Q3000000000000000000B', sessionId: SESSION_ID, at: STARTED + 600_000 } as const;

/** One event of each type that hooks get. */
export const sampleEvents: readonly TellableEvent[] = [
  {
    ...base,
    at: STARTED,
    type: 'session:start',
    profileId: 'container',
    backend: 'docker',
    previousId: PREVIOUS_ID,
  },
  { ...base, type: 'session:warning', warning: { deadline: 'idle', beforeSeconds: 60, stage: 1, last: false } },
  { ...base, type: 'session:extended', by: 'user', seconds: 1800, used: 1, count: 2 },
  { ...base, type: 'session:frozen', by: 'max_duration' },
  { ...base, type: 'session:frozen', by: null },
  { ...base, type: 'session:thawed', frozenSeconds: 12.25 },
  { ...base, type: 'session:warning', warning: { deadline: 'policy', beforeSeconds: 10, stage: 0, last: true } },
  { ...base, type: 'session:reinstated' },
  { ...base, type: 'session:limit', profileId: 'container', backend: 'docker', running: 100, max: 100 },
  { ...base, type: 'session:reattached', awaySeconds: 4.5 },
  { ...base, at: sampleEnd.at, type: 'session:end', end: sampleEnd },
  {
    ...base,
    type: 'session:end',
    end: {
      ...sampleEnd,
      reason: 'start_failed',
      expired: null,
      limitSeconds: null,
      signal: null,
      durationSeconds: 0.2,
      failure: { stage: 'image', message: 'There is no image debian:bookworm-slim', hint: 'Pull it.' },
      detail: 'No such image',
      survivors: [],
    },
  },
];

/** The facts of an event of the sample session. */
export function sampleFacts(event: TellableEvent): EventFacts {
  const isEnd = event.type === 'session:end' && event.end.reason !== 'start_failed';
  return {
    event,
    record: event.type === 'session:limit' ? null : sampleRecord,
    recording: isEnd ? sampleRecording : null,
    recordingFile: isEnd ? '/home/ada/sessions/2026/11/recording.cast' : null,
    source: SOURCE,
    sequence: 7,
  };
}
