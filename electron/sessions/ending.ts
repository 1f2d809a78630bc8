import { constants } from 'node:os';
import { RECORDING_FILE } from '../../shared/recording.ts';
import {
  describeEnd,
  type EndReason,
  LIMIT_REASONS,
  type LimitReason,
  type SessionEnd,
  type SessionEndEvent,
  type SessionId,
  type StartFailure,
  type Survivor,
} from '../../shared/session.ts';
import type { BackendProcess, ExitStatus } from '../backends/backend.ts';
import type { Logger } from '../base/logger.ts';
import type { RecordedFile } from '../journal/journal.ts';
import type { ClosedRecording } from '../recording/recorder.ts';
import { buriesNotice, noticeText, restoreSequences } from './notice.ts';
import type { OutputFlow } from './output/output-flow.ts';
import type { ActionResult, EndDetails } from './session-options.ts';
import type { SessionRecording } from './session-recording.ts';

/** How long watchers get to show the last output, in milliseconds. */
const DRAIN_MS = 2_000;
/** The same when the app quits: all sessions have to end within 5 s. */
const QUIT_DRAIN_MS = 500;
/** The longest grace period when the app quits, in milliseconds. */
const QUIT_GRACE_MS = 1_000;
/** How long output that was already on its way gets before the notice, in milliseconds. */
const SETTLE_MS = 250;
/** A program that moved the cursor up may have left the first notice below it (ED, erase to the end of the screen). */
const ERASE_BELOW = '\x1b[J';

/** DECSC: what a full-screen program writes when it exits (`?1049l`, then its last output) then comes below the notice. */
const SAVE_CURSOR = '\x1b7';

/** A session as its end needs it. */
export interface EndingSession {
  readonly id: SessionId;
  readonly logger: Pick<Logger, 'error'>;
  readonly graceMs: number;
  readonly flow: OutputFlow;
  readonly recording: SessionRecording;
  /** What runs in it; null where its start did not come to a shell. */
  readonly process: BackendProcess | null;
  /** Milliseconds since the Unix epoch. */
  wall(): number;
  ageMs(): number;
  /** How the shell has exited; null while it has not. */
  exit(): ExitStatus | null;
  /** Shows output in the terminal, and records it. */
  show(bytes: Uint8Array): void;
  /** A text without the session's secrets. */
  redact(text: string): string;
  /** The event of this end. */
  event(end: SessionEnd): SessionEndEvent;
  /** Writes the metadata document. */
  writeMetadata(event: SessionEndEvent, recording: RecordedFile): Promise<void>;
}

/** What an end came to: its event, which is still to be emitted, and what was recorded; null where nothing was. */
export interface SessionOutcome {
  readonly event: SessionEndEvent;
  readonly recording: RecordedFile | null;
}

/** How the end came about, with what ran out. */
type EndFacts = Omit<EndDetails, 'expired'> & Pick<SessionEnd, 'expired' | 'limitSeconds' | 'elapsedSeconds'>;

/**
 * Every step of an end, in the order that is promised: what was on its way, the terminal put right, the notice, the
 * drain, the close ladder, late output, the end of the stream, the recording, the metadata. A step that throws is logged
 * and does not stop the next one.
 */
export async function endSession(session: EndingSession, reason: EndReason, facts: EndFacts): Promise<SessionOutcome> {
  const { flow, process } = session;
  const step = async (name: string, run: () => Promise<void> | void): Promise<void> => {
    try {
      await run();
    } catch (error) {
      session.logger.error({ session: session.id, step: name, err: error }, 'A step of an ending failed');
    }
  };
  const quitting = reason === 'app_quit';
  const drainMs = quitting ? QUIT_DRAIN_MS : DRAIN_MS;
  const at = session.wall();
  const durationSeconds = session.ageMs() / 1_000;
  const failure = facts.failure === undefined ? null : withoutSecrets(session, facts.failure);
  const { expired, limitSeconds, elapsedSeconds } = facts;
  const detail = facts.detail === undefined ? null : session.redact(facts.detail);
  const text = noticeText({ reason, expired, limitSeconds, elapsedSeconds, failure, detail, at });
  const show = (shown: string): void => session.show(new TextEncoder().encode(restoreSequences(flow.modes()) + shown));
  /** `before` clears what is in its way. */
  const showNotice = (before = ''): void => {
    if (text !== '') show(before + text + SAVE_CURSOR);
  };

  let survivors: readonly Survivor[] = [];
  let recording: RecordedFile | null = null;
  let noticeEnd = 0;

  await step('settle', async () => {
    if (process !== null && session.exit() === null && text !== '') await process.settle(SETTLE_MS);
  });
  await step('notice', () => {
    showNotice();
    noticeEnd = flow.totalBytes;
  });
  await step('drain', async () => {
    await flow.drain(drainMs);
  });
  await step('ladder', async () => {
    const { graceMs } = session;
    const report = await process?.terminate(quitting ? Math.min(graceMs, QUIT_GRACE_MS) : graceMs);
    survivors = report?.survivors ?? [];
  });
  await step('late output', async () => {
    const late = flow.since(noticeEnd);
    if (text !== '' && buriesNotice(late)) showNotice(ERASE_BELOW);
    else if (late === null || late.byteLength > 0 || text === '') show('');
    await flow.drain(drainMs);
  });
  await step('stream', () => flow.end());
  const exit = facts.exit ?? session.exit();
  await step('recording', async () => {
    const closed = await session.recording.close(session.ageMs(), recordedStatus(exit));
    if (closed !== null) recording = recordedFile(closed);
  });
  const event = session.event({
    reason,
    at,
    durationSeconds,
    exitCode: exit?.exitCode ?? null,
    signal: exit?.signal ?? null,
    limitSeconds,
    elapsedSeconds,
    expired,
    failure,
    detail: detail ?? (exit?.detail === undefined ? null : session.redact(exit.detail)),
    survivors: [...survivors],
  });
  await step('metadata', async () => {
    if (recording !== null) await session.writeMetadata(event, recording);
  });
  return { event, recording };
}

/** A message may quote what it is about. */
function withoutSecrets(session: EndingSession, { stage, message, hint }: StartFailure): StartFailure {
  return { stage, message: session.redact(message), hint: session.redact(hint) };
}

/** What metadata and journal say of a recording that is closed. */
function recordedFile({ bytes, sha256, truncated, message }: ClosedRecording): RecordedFile {
  return { file: RECORDING_FILE, format: 'asciicast-v3', bytes, sha256, truncated, message };
}

/** The exit status of a recording, as shells count it: 128 and the signal's number for a shell that a signal ended. */
function recordedStatus(exit: ExitStatus | null): number | null {
  if (exit === null || exit.exitCode !== null || exit.signal === null) return exit?.exitCode ?? null;
  const signal = Object.entries(constants.signals).find(([name]) => name === exit.signal);
  return signal === undefined ? null : 128 + signal[1];
}

/** Why a session ends whose shell has exited. */
export function endReasonOf(exit: ExitStatus): EndReason {
  return exit.cause === undefined || exit.cause === 'exit' ? 'exited' : exit.cause;
}

/** The limit that ran out, where one did. */
export function expiredLimit(reason: EndReason, { expired }: EndDetails): LimitReason | null {
  return expired ?? LIMIT_REASONS.find((limit) => limit === reason) ?? null;
}

/** Why nothing can be done for a session any more that ends for this reason. */
export function whyClosing(reason: EndReason): ActionResult & { readonly ok: false } {
  const message =
    reason === 'command_limit'
      ? 'The session has run its last allowed command and is closing. More time does not change that.'
      : 'The session is closing.';
  return { ok: false, message };
}

/** Why nothing can be done for a session any more that has ended. */
export function whyEnded(end: SessionEnd): ActionResult & { readonly ok: false } {
  return { ok: false, message: `The session has ended: ${describeEnd(end)}.` };
}
