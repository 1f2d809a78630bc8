import { basename } from 'node:path';
import { isSandboxed, type Profile } from '../../shared/profile.ts';
import type { EndReason, Isolation } from '../../shared/session.ts';
import type { BackendProcess, ExitStatus, StartSpec } from '../backends/backend.ts';
import type { RecorderResult } from '../recording/recorder.ts';
import type { Session } from './session.ts';

/** What the backend is asked to start for this session. */
export function startSpec(session: Session): StartSpec {
  const { profile, limits } = session;
  const { maxDurationSeconds, extensions } = limits.values;
  const longestSeconds = maxDurationSeconds + extensions.count * extensions.seconds;
  return {
    sessionId: session.id,
    profileId: profile.id,
    ...(profile.shell === undefined ? {} : { shell: profile.shell }),
    ...(profile.folder === undefined ? {} : { folder: profile.folder }),
    ...(profile.backend === 'bubblewrap' ? { bubblewrap: profile.bubblewrap } : {}),
    ...(profile.backend === 'docker' ? { container: profile.container } : {}),
    args: profile.args,
    environment: profile.environment,
    cols: session.cols,
    rows: session.rows,
    endsAt: maxDurationSeconds === 0 ? null : session.createdAt + longestSeconds * 1_000,
  };
}

/** Opens the session's recording; what was found of its isolation stands in the header. */
export function openRecorder(session: Session, isolation: Isolation): Promise<RecorderResult> {
  const { profile } = session;
  return session.dependencies.recorders.open(
    {
      sessionId: session.id,
      cols: session.cols,
      rows: session.rows,
      startedAt: session.createdAt,
      title: session.title,
      command: [profile.shell ?? 'shell', ...profile.args].join(' '),
      environment: { TERM: 'xterm-256color' },
      tags: isolation.map(({ text }) => text),
    },
    session.recording.listener,
  );
}

/** What a tab is called that nobody named: after its shell, in a sandbox after its profile. */
export function titleOf(profile: Profile, process: BackendProcess): string {
  if (isSandboxed(profile.backend)) return profile.name;
  return basename(process.command).replace(/\.exe$/i, '') || profile.name;
}

/** Why a session ends whose shell is gone. */
export function endReasonOf(exit: ExitStatus): EndReason {
  return exit.cause === undefined || exit.cause === 'exit' ? 'exited' : exit.cause;
}
