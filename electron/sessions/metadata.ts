import { arch, hostname, platform, release } from 'node:os';
import { METADATA_VERSION, RECORDING_FILE, type SessionMetadata } from '../../shared/recording.ts';
import type { SessionEndEvent } from '../../shared/session.ts';
import type { ClosedRecording } from '../recording/recorder.ts';
import type { Session } from './session.ts';

/** What is only known of a session that has ended. */
type Ending = 'endedAt' | 'durationSeconds' | 'end' | 'recording';

/** Everything known of a session that may not have ended: for an export in the middle of it. */
export function describeSession(session: Session, app: SessionMetadata['app']): Omit<SessionMetadata, Ending> {
  const { kept, leftOut } = session.eventLog;
  return {
    ...describeFacts(session, app),
    events: [...kept],
    ...(leftOut === 0 ? {} : { eventsLeftOut: leftOut }),
  };
}

/** The same without its events, which are many. */
export function describeFacts(
  session: Session,
  app: SessionMetadata['app'],
): Omit<SessionMetadata, Ending | 'events' | 'eventsLeftOut'> {
  const { process } = session;
  return {
    version: METADATA_VERSION,
    id: session.id,
    previousId: session.previousId,
    profile: { id: session.profile.id, name: session.profile.name },
    backend: session.profile.backend,
    isolation: [...(process?.isolation ?? [])],
    containment: process?.containment ?? 'tree',
    container: process?.container ?? null,
    title: session.title,
    shell: {
      command: process?.command ?? session.profile.shell ?? '',
      args: (process?.args ?? session.profile.args).map((argument) => session.redact(argument)),
    },
    startedAt: session.createdAt,
    limits: session.limits,
    counters: {
      bytesOut: session.bytesOut,
      bytesIn: session.bytesIn,
      resizes: session.resizes,
      warnings: session.warnings,
      extensions: session.extensionsUsed,
      commands: session.commands.used,
    },
    host: { platform: platform(), release: release(), arch: arch(), hostname: hostname() },
    app,
  };
}

/** The metadata document of an ended session. */
export function describeEndedSession(
  session: Session,
  event: SessionEndEvent,
  recording: ClosedRecording,
  app: SessionMetadata['app'],
): SessionMetadata {
  const { end } = event;
  return {
    ...describeSession(session, app),
    events: [...session.events, event],
    endedAt: end.at,
    durationSeconds: end.durationSeconds,
    end,
    recording: {
      file: RECORDING_FILE,
      format: 'asciicast-v3',
      bytes: recording.bytes,
      sha256: recording.sha256,
      truncated: recording.truncated,
      message: recording.message,
    },
  };
}
