import { arch, hostname, platform, release } from 'node:os';
import type { EffectiveLimits } from '../../shared/limits.ts';
import type { Profile } from '../../shared/profile.ts';
import { METADATA_VERSION, type SessionMetadata } from '../../shared/recording.ts';
import type { SessionEndEvent, SessionId } from '../../shared/session.ts';
import type { BackendProcess } from '../backends/backend.ts';
import type { RecordedFile, SessionRecord } from '../journal/journal.ts';
import type { SessionEvents } from './session-events.ts';

/** A session as its metadata describes it. */
export interface DescribedSession {
  readonly id: SessionId;
  readonly previousId: SessionId | null;
  readonly profile: Profile;
  readonly createdAt: number;
  readonly title: string;
  readonly limits: EffectiveLimits;
  /** What runs in it; null until that does. */
  readonly process: BackendProcess | null;
  readonly counters: SessionMetadata['counters'];
  readonly app: SessionMetadata['app'];
  /** A text without the session's secrets. */
  redact(text: string): string;
}

/** What is known of a session, without its events, which are many. */
export function describeSession(session: DescribedSession): SessionRecord {
  const { id, previousId, profile, process } = session;
  return {
    version: METADATA_VERSION,
    id,
    previousId,
    profile: { id: profile.id, name: profile.name },
    backend: profile.backend,
    isolation: [...(process?.isolation ?? [])],
    containment: process?.containment ?? 'tree',
    container: process?.container ?? null,
    title: session.title,
    shell: {
      command: process?.command ?? profile.shell ?? '',
      args: (process?.args ?? profile.args).map((argument) => session.redact(argument)),
    },
    startedAt: session.createdAt,
    limits: session.limits,
    counters: session.counters,
    host: { platform: platform(), release: release(), arch: arch(), hostname: hostname() },
    app: session.app,
  };
}

/** What is known of a session that has not ended, with its events: for an export in the middle of it. */
export type SessionSoFar = SessionRecord & Pick<SessionMetadata, 'events' | 'eventsLeftOut'>;

export function withEvents(record: SessionRecord, { kept, leftOut }: SessionEvents): SessionSoFar {
  return { ...record, events: [...kept], ...(leftOut === 0 ? {} : { eventsLeftOut: leftOut }) };
}

/** The metadata document of a session that has ended. */
export function endedMetadata(session: SessionSoFar, event: SessionEndEvent, recording: RecordedFile): SessionMetadata {
  const { end } = event;
  return {
    ...session,
    events: [...session.events, event],
    endedAt: end.at,
    durationSeconds: end.durationSeconds,
    end,
    recording,
  };
}
