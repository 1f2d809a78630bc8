import { constants } from 'node:os';
import {
  describeEnd,
  type EndReason,
  type SessionEnd,
  type SessionEndEvent,
  type StartFailure,
  type Survivor,
} from '../../shared/session.ts';
import type { ExitStatus } from '../backends/backend.ts';
import type { ClosedRecording } from '../recording/recorder.ts';
import { buriesNotice, noticeText, restoreSequences } from './notice.ts';
import type { Session } from './session.ts';
import type { ActionResult, EndDetails } from './session-options.ts';

/** How long watchers get to show the last output, in milliseconds. */
export const DRAIN_MS = 2_000;
/** The same when the app quits: all sessions have to end within 5 s. */
export const QUIT_DRAIN_MS = 500;
/** The longest grace period when the app quits, in milliseconds. */
const QUIT_GRACE_MS = 1_000;
/** How long output that was already on its way gets before the notice, in milliseconds. */
export const SETTLE_MS = 250;
/** A program that moved the cursor up may have left the first notice below it (ED, erase to the end of the screen). */
const ERASE_BELOW = '\x1b[J';

/** DECSC: what a full-screen program writes when it goes (`?1049l`, then its last words) then comes below the notice. */
const SAVE_CURSOR = '\x1b7';

/**
 * Every step of an end, in the order that is promised: what was on its way, the terminal put right, the notice, the
 * drain, the close ladder, late output, the end of the stream, the recording, the metadata. A step that throws is logged
 * and does not stop the next one. Gives the event that is still to be told.
 */
export async function endSession(
  session: Session,
  reason: EndReason,
  details: Omit<EndDetails, 'expired'> & Pick<SessionEnd, 'expired' | 'limitSeconds' | 'elapsedSeconds'>,
): Promise<SessionEndEvent> {
  const { logger } = session.dependencies;
  const step = async (name: string, run: () => Promise<void> | void): Promise<void> => {
    try {
      await run();
    } catch (error) {
      logger.error({ session: session.id, step: name, err: error }, 'a step of an ending failed');
    }
  };
  const quitting = reason === 'app_quit';
  const drainMs = quitting ? QUIT_DRAIN_MS : DRAIN_MS;
  const graceMs = session.limits.values.closeGraceSeconds * 1_000;
  const at = session.wall();
  const durationSeconds = session.ageMs / 1_000;
  const failure = details.failure === undefined ? null : withoutSecrets(session, details.failure);
  const { expired, limitSeconds, elapsedSeconds } = details;
  const detail = details.detail === undefined ? null : session.redact(details.detail);
  const text = noticeText({ reason, expired, limitSeconds, elapsedSeconds, failure, detail, at });
  const emit = (bytes: Uint8Array): void => {
    session.recording.write((recorder) => recorder.output(session.ageMs, bytes));
    session.flow.append(bytes);
  };
  /** `before` clears what is in its way. */
  const showNotice = (before = ''): void => {
    if (text !== '')
      emit(new TextEncoder().encode(restoreSequences(session.flow.modes()) + before + text + SAVE_CURSOR));
  };

  let survivors: readonly Survivor[] = [];
  let recording: ClosedRecording | null = null;
  let noticeEnd = 0;

  await step('settle', async () => {
    if (session.process !== null && session.exit === null && text !== '') await session.process.settle(SETTLE_MS);
  });
  await step('notice', () => {
    showNotice();
    noticeEnd = session.flow.totalBytes;
  });
  await step('drain', async () => {
    await session.flow.drain(drainMs);
  });
  await step('ladder', async () => {
    const report = await session.process?.terminate(quitting ? Math.min(graceMs, QUIT_GRACE_MS) : graceMs);
    survivors = report?.survivors ?? [];
  });
  await step('late output', async () => {
    const late = session.flow.since(noticeEnd);
    if (text !== '' && buriesNotice(late)) showNotice(ERASE_BELOW);
    else if (late === null || late.byteLength > 0 || text === '')
      emit(new TextEncoder().encode(restoreSequences(session.flow.modes())));
    await session.flow.drain(drainMs);
  });
  await step('stream', () => session.flow.end());
  const exit = details.exit ?? session.exit;
  await step('recording', async () => {
    recording = await session.recording.close(session.ageMs, recordedStatus(exit));
  });
  const end: SessionEnd = {
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
  };
  const event: SessionEndEvent = { ...session.eventBase(), type: 'session:end', end };
  await step('metadata', () => session.dependencies.writeMetadata(session, event, recording));
  return event;
}

/** A message may quote what it was about. */
function withoutSecrets(session: Session, { stage, message, hint }: StartFailure): StartFailure {
  return { stage, message: session.redact(message), hint: session.redact(hint) };
}

/** The exit status of a recording, as shells count it: 128 and the signal's number for a shell that a signal ended. */
function recordedStatus(exit: ExitStatus | null): number | null {
  if (exit === null || exit.exitCode !== null || exit.signal === null) return exit?.exitCode ?? null;
  const signal = Object.entries(constants.signals).find(([name]) => name === exit.signal);
  return signal === undefined ? null : 128 + signal[1];
}

/** Why nothing can be done for a session any more whose end has begun; `end`: how it ended, once it has. */
export function whyOver(end: SessionEnd | null, reason: EndReason | null): ActionResult & { readonly ok: false } {
  if (end !== null) return { ok: false, message: `The session has ended: ${describeEnd(end)}.` };
  return {
    ok: false,
    message:
      reason === 'command_limit'
        ? 'The session has run its last allowed command and is closing. More time does not change that.'
        : 'The session is closing.',
  };
}
