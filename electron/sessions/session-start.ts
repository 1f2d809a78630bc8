import { basename } from 'node:path';
import { messageOf } from '../../shared/error-message.ts';
import { isSandboxed, type Profile } from '../../shared/profile.ts';
import type { EndReason, Isolation, StartFailure } from '../../shared/session.ts';
import type { BackendListener, BackendProcess, ExitStatus, StartResult, StartSpec } from '../backends/backend.ts';
import type { RecorderResult } from '../recording/recorder.ts';
import { oneLine } from './notice.ts';
import type { Session } from './session.ts';

const ABORTED: StartFailure = { stage: 'aborted', message: 'The start was cancelled', hint: 'Open a new session.' };

/**
 * Starts a session's shell and its recording, at the same time where that can be. What fails ends the session.
 *
 * @param onRunning the shell is there, before it is known whether it is recorded.
 * @returns the shell; null where it did not come to one.
 */
export async function startSession(
  session: Session,
  listener: BackendListener,
  onRunning: (process: BackendProcess) => void,
  signal: AbortSignal,
): Promise<BackendProcess | null> {
  const { profile, recording, credentials } = session;
  const fetching = credentials?.fetch((progress) => listener.onProgress?.(progress), signal) ?? null;
  const start = (): Promise<StartResult> => startShell(session, listener, onRunning, signal);
  const running = fetching === null ? start() : fetching.then((failure) => startWith(session, failure, start, signal));
  // What a sandbox was found to be stands in the recording's header, so that waits; a local shell's does not have to, but
  // for what is to be kept out of it.
  const opening = isSandboxed(profile.backend)
    ? running.then((result) => openRecorder(session, result.ok ? result.process.isolation : []))
    : fetching === null
      ? openRecorder(session, [])
      : fetching.then(() => openRecorder(session, []));
  const [recorder, result] = await Promise.all([opening, running]);
  if (recorder.ok) recording.attach(recorder.recorder);
  const failure = result.ok ? !recorder.ok && recording.isRequired && recorder.failure : result.failure;
  if (failure) void session.end('start_failed', { failure });
  if (!recorder.ok) recording.fail(recorder.failure.message);
  return result.ok ? result.process : null;
}

/** Goes on with a start whose credentials have been fetched, as far as they were to be had. */
async function startWith(
  session: Session,
  failure: StartFailure | null,
  start: () => Promise<StartResult>,
  signal: AbortSignal,
): Promise<StartResult> {
  if (signal.aborted) return { ok: false, failure: ABORTED };
  if (failure !== null) return { ok: false, failure };
  for (const warning of session.credentials?.warnings ?? []) print(session, warning);
  return start();
}

/** Shows a line in the terminal, before anything that the shell writes. */
function print(session: Session, line: string): void {
  const bytes = Buffer.from(`${oneLine(line)}\r\n`);
  session.recording.write((recorder) => recorder.output(session.ageMs, bytes));
  session.flow.append(bytes);
}

/** A start that throws is a bug, but it ends like any other failed start. */
export function startThrew(session: Session, error: unknown): StartFailure {
  session.dependencies.logger.error({ session: session.id, err: error }, 'a start threw');
  return { stage: 'spawn', message: messageOf(error), hint: 'The log file has the details.' };
}

function startShell(
  session: Session,
  listener: BackendListener,
  onRunning: (process: BackendProcess) => void,
  signal: AbortSignal,
): Promise<StartResult> {
  return session.dependencies.backend.start(startSpec(session), listener, signal).then(
    (result) => {
      if (result.ok) onRunning(result.process);
      return result;
    },
    (error: unknown) => ({ ok: false, failure: startThrew(session, error) }),
  );
}

/** What the backend is asked to start for this session. */
function startSpec(session: Session): StartSpec {
  const { profile } = session;
  return {
    sessionId: session.id,
    profileId: profile.id,
    ...(profile.shell === undefined ? {} : { shell: profile.shell }),
    ...(profile.backend === 'docker' || profile.loginShell === undefined ? {} : { loginShell: profile.loginShell }),
    ...(profile.folder === undefined ? {} : { folder: profile.folder }),
    ...(profile.backend === 'bubblewrap' ? { bubblewrap: profile.bubblewrap } : {}),
    ...(profile.backend === 'docker' ? { container: profile.container } : {}),
    args: profile.args,
    environment: profile.environment,
    ...(session.credentials === null ? {} : { credentials: session.credentials.supply }),
    cols: session.cols,
    rows: session.rows,
    ...lastMoments(session),
  };
}

/** When a session ends at the latest if all of its extensions are used, and how long it may go without activity then. */
export function lastMoments(session: Session): Required<Pick<StartSpec, 'endsAt' | 'longestIdleSeconds'>> {
  const { idleTimeoutSeconds, maxDurationSeconds, extensions } = session.limits.values;
  const extraSeconds = extensions.count * extensions.seconds;
  const startedAt = session.dependencies.clock.wall() - session.ageMs;
  return {
    endsAt: maxDurationSeconds === 0 ? null : startedAt + (maxDurationSeconds + extraSeconds) * 1_000,
    longestIdleSeconds: idleTimeoutSeconds === 0 ? null : idleTimeoutSeconds + extraSeconds,
  };
}

/** Opens the session's recording; what was found of its isolation stands in the header. */
function openRecorder(session: Session, isolation: Isolation): Promise<RecorderResult> {
  const { profile } = session;
  return session.dependencies.recorders.open(
    {
      sessionId: session.id,
      cols: session.cols,
      rows: session.rows,
      startedAt: session.createdAt,
      title: session.redact(session.title),
      command: session.redact([profile.shell ?? 'shell', ...profile.args].join(' ')),
      environment: { TERM: 'xterm-256color' },
      tags: isolation.map(({ text }) => text),
    },
    session.recording.listener,
  );
}

/** What a tab is called that nobody named: after its shell, in a sandbox after its profile. */
export function titleOf({ backend, name }: Pick<Profile, 'backend' | 'name'>, shellCommand: string): string {
  if (isSandboxed(backend)) return name;
  return basename(shellCommand).replace(/\.exe$/i, '') || name;
}

/** Why a session ends whose shell is gone. */
export function endReasonOf(exit: ExitStatus): EndReason {
  return exit.cause === undefined || exit.cause === 'exit' ? 'exited' : exit.cause;
}
