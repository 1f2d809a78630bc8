import type { SessionInfo } from '../../shared/session.ts';
import type { SessionCredentials } from '../credentials/session-credentials.ts';
import type { CommandCount } from './limits/command-count.ts';
import type { SessionExpiry } from './limits/session-expiry.ts';
import type { DescribedSession } from './metadata.ts';
import type { SessionProgram } from './session-program.ts';
import type { SessionRecording } from './session-recording.ts';

/** A session as windows are shown it. */
export interface ShownSession
  extends Pick<DescribedSession, 'id' | 'previousId' | 'profile' | 'createdAt' | 'title'>,
    Pick<SessionInfo, 'state' | 'progress' | 'end'> {
  readonly program: SessionProgram;
  readonly expiry: SessionExpiry;
  readonly commands: CommandCount;
  readonly recording: SessionRecording;
  readonly credentials: SessionCredentials | null;
}

/** Everything that a window shows of a session. */
export function sessionInfo(session: ShownSession): SessionInfo {
  const { profile, program, expiry, end } = session;
  const { process } = program;
  const { limits } = expiry;
  return {
    id: session.id,
    previousId: session.previousId,
    profileId: profile.id,
    profileName: profile.name,
    backend: profile.backend,
    title: session.title,
    state: session.state,
    createdAt: session.createdAt,
    ...program.size,
    pid: process?.pid ?? null,
    foreground: end === null ? program.command : null,
    limits,
    timing: expiry.timing(),
    warning: expiry.warning,
    revocation: expiry.revocation,
    extensions: { used: expiry.extensionsUsed, ...limits.values.extensions },
    commands: session.commands.state,
    frozenBy: expiry.frozenBy,
    credentials: session.credentials?.states ?? [],
    restored: false,
    recording: session.recording.state(),
    isolation: [...(process?.isolation ?? [])],
    containment: process?.containment ?? 'tree',
    container: process?.container ?? null,
    progress: session.progress,
    end,
  };
}
