import { basename } from 'node:path';
import { messageOf } from '../../shared/error-message.ts';
import type { EffectiveLimits } from '../../shared/limits.ts';
import { isSandboxed, type Profile } from '../../shared/profile.ts';
import type { Isolation, SessionId, StartFailure } from '../../shared/session.ts';
import type { Backend, BackendListener, BackendProcess, StartResult, StartSpec } from '../backends/backend.ts';
import type { Logger } from '../base/logger.ts';
import type { SessionCredentials } from '../credentials/session-credentials.ts';
import type { RecorderFactory, RecorderListener, RecorderResult } from '../recording/recorder.ts';
import type { TerminalSize } from '../terminal/compact.ts';
import { oneLine } from './notice.ts';

const ABORTED: StartFailure = { stage: 'aborted', message: 'The start was cancelled', hint: 'Open a new session.' };

/** When a session ends at the latest, for what outlives the app. */
export type LastMoments = Required<Pick<StartSpec, 'endsAt' | 'longestIdleSeconds'>>;

/** A session as its start needs it. */
export interface StartingSession {
  readonly id: SessionId;
  readonly profile: Profile;
  readonly createdAt: number;
  readonly backend: Backend;
  readonly recorders: Pick<RecorderFactory, 'open'>;
  readonly recorderListener: RecorderListener;
  readonly credentials: SessionCredentials | null;
  readonly logger: Pick<Logger, 'error'>;
  /** Whether it ends when it cannot be recorded. */
  mustBeRecorded(): boolean;
  title(): string;
  size(): TerminalSize;
  lastMoments(): LastMoments;
  /** A text without the session's secrets. */
  redact(text: string): string;
  /** Shows output in the terminal, and records it. */
  show(bytes: Uint8Array): void;
}

/** What a start came to: its shell, which may run although the start failed, and its recorder. */
export interface Start {
  readonly process: BackendProcess | null;
  readonly recorder: RecorderResult;
  /** Why the session ends; null where it does not. */
  readonly failure: StartFailure | null;
}

/**
 * Starts a session's shell and its recording, at the same time where that can be.
 *
 * @param onRunning the shell runs, before it is known whether it is recorded.
 */
export async function startSession(
  session: StartingSession,
  listener: BackendListener,
  onRunning: (process: BackendProcess) => void,
  signal: AbortSignal,
): Promise<Start> {
  const { profile, credentials } = session;
  const fetching = credentials?.fetch((progress) => listener.onProgress?.(progress), signal) ?? null;
  const start = (): Promise<StartResult> => startShell(session, listener, onRunning, signal);
  const running = fetching === null ? start() : fetching.then((failure) => startWith(session, failure, start, signal));
  // The recording's header says what a sandbox was found to be, so it waits for that. A local shell's waits only for what
  // must not be recorded.
  const opening = isSandboxed(profile.backend)
    ? running.then((result) => openRecorder(session, result.ok ? result.process.isolation : []))
    : fetching === null
      ? openRecorder(session, [])
      : fetching.then(() => openRecorder(session, []));
  const [recorder, result] = await Promise.all([opening, running]);
  if (!result.ok) return { process: null, recorder, failure: result.failure };
  const failure = recorder.ok || !session.mustBeRecorded() ? null : recorder.failure;
  return { process: result.process, recorder, failure };
}

/** Continues a start whose credentials have been fetched, as far as they are available. */
async function startWith(
  session: StartingSession,
  failure: StartFailure | null,
  start: () => Promise<StartResult>,
  signal: AbortSignal,
): Promise<StartResult> {
  if (signal.aborted) return { ok: false, failure: ABORTED };
  if (failure !== null) return { ok: false, failure };
  // Before anything that the shell writes.
  for (const warning of session.credentials?.warnings ?? []) session.show(Buffer.from(`${oneLine(warning)}\r\n`));
  return start();
}

/** A start that throws is a bug, but the session ends as for any other failed start. */
export function startThrew({ id, logger }: Pick<StartingSession, 'id' | 'logger'>, error: unknown): StartFailure {
  logger.error({ session: id, err: error }, 'A start threw');
  return { stage: 'spawn', message: messageOf(error), hint: 'The log file has the details.' };
}

function startShell(
  session: StartingSession,
  listener: BackendListener,
  onRunning: (process: BackendProcess) => void,
  signal: AbortSignal,
): Promise<StartResult> {
  return session.backend.start(startSpec(session), listener, signal).then(
    (result) => {
      if (result.ok) onRunning(result.process);
      return result;
    },
    (error: unknown) => ({ ok: false, failure: startThrew(session, error) }),
  );
}

/** What the backend is asked to start. */
function startSpec(session: StartingSession): StartSpec {
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
    ...session.size(),
    ...session.lastMoments(),
  };
}

/** When a session ends at the latest if all of its extensions are used, and how long it may go without activity then. */
export function lastMoments({ values }: EffectiveLimits, startedAt: number): LastMoments {
  const { idleTimeoutSeconds, maxDurationSeconds, extensions } = values;
  const extraSeconds = extensions.count * extensions.seconds;
  return {
    endsAt: maxDurationSeconds === 0 ? null : startedAt + (maxDurationSeconds + extraSeconds) * 1_000,
    longestIdleSeconds: idleTimeoutSeconds === 0 ? null : idleTimeoutSeconds + extraSeconds,
  };
}

/** Opens the session's recording; its header says what was found of the isolation. */
function openRecorder(session: StartingSession, isolation: Isolation): Promise<RecorderResult> {
  const { profile } = session;
  return session.recorders.open(
    {
      sessionId: session.id,
      ...session.size(),
      startedAt: session.createdAt,
      title: session.redact(session.title()),
      command: session.redact([profile.shell ?? 'shell', ...profile.args].join(' ')),
      environment: { TERM: 'xterm-256color' },
      tags: isolation.map(({ text }) => text),
    },
    session.recorderListener,
  );
}

/** The name of a tab that the user gave none: that of its shell, in a sandbox that of its profile. */
export function titleOf({ backend, name }: Pick<Profile, 'backend' | 'name'>, shellCommand: string): string {
  if (isSandboxed(backend)) return name;
  return basename(shellCommand).replace(/\.exe$/i, '') || name;
}
