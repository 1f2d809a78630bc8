import {
  type EndReason,
  elapsedAndLimit,
  type LimitReason,
  type StartFailure,
  type StartStage,
} from '../../shared/session.ts';
import type { TerminalModes } from '../terminal/terminal-modes.ts';

/** The first line of the notice on a timeout. Programs may search the stream for it. */
const TIMEOUT_NOTICE = '\r\nSession timeout - connection closed\r\n';

/** Follows the notice where the next key press opens a new session. */
const FRESH_SESSION = 'Press any key to open a fresh session.\r\n';

/**
 * Modes that would leave a terminal unusable or make it send what the user did not ask for. Origin mode (6) is left to the soft
 * reset: switching it off by itself moves the cursor to the top, and the notice would overwrite what is there.
 */
const UNSAFE_MODES = [5, 9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026, 9001] as const;

/**
 * What puts a terminal right whatever a program did to it: an unfinished sequence is cancelled, the alternate screen is
 * left, attributes, margins and character sets are reset, the cursor shows, mouse and paste modes are off. What is on
 * the normal screen and where its cursor stands stay. The saving of the cursor before `?1049l` makes that switch
 * harmless on a terminal that already shows the normal screen, so nothing depends on how well a hostile program's output
 * was followed.
 */
export function restoreSequences(modes: TerminalModes): string {
  const olderAlternate = [47, 1047].filter((mode) => modes.isSet(mode)).map((mode) => `\x1b[?${mode}l`);
  const unsafe = UNSAFE_MODES.map((mode) => `\x1b[?${mode}l`).join('');
  return `\x18${olderAlternate.join('')}\x1b7\x1b[?1049l${unsafe}\x1b[!p\x1b[0m\x1b(B\x0f\x1b[?1l\x1b>\x1b[?7h\x1b[?25h`;
}

/** More output than this after the notice has pushed it off the screen, in bytes. */
const BURIED_BYTES = 1_024;

/** Behind ESC: the switching of a private mode other than the alternate screen. */
const HARMLESS_SEQUENCE = /^\[\?(?!47[hl]|104[79][hl])\d+[hl]/;

/**
 * Whether output that came after the notice may have covered it: much of it, or any that moves the cursor or changes the
 * screen, as full-screen programs write when they go. A shell's last line ends and mode switches do not. Null: more than
 * is held.
 */
export function buriesNotice(late: Uint8Array | null): boolean {
  if (late === null || late.byteLength > BURIED_BYTES) return true;
  const [, ...sequences] = new TextDecoder().decode(late).split('\x1b');
  return !sequences.every((sequence) => HARMLESS_SEQUENCE.test(sequence));
}

/** What is known of an end when its notice is written. */
export interface NoticeFacts {
  readonly reason: EndReason;
  /** The limit that ran out; null where none did. */
  readonly expired: LimitReason | null;
  /** What it was, extensions included, in seconds; null where none did. */
  readonly limitSeconds: number | null;
  /** How long it had really been without activity, or open, in seconds; null where that is not known. */
  readonly elapsedSeconds: number | null;
  readonly failure: StartFailure | null;
  /** More of why, as a sentence without a full stop; null where the reason says it all. */
  readonly detail: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** The text drained to the terminal when Sandglass ends a session; empty where the user or the shell did. */
export function noticeText(facts: NoticeFacts): string {
  const when = `at ${localTime(facts.at)}`;
  const { length, limit } = elapsedAndLimit(facts);
  const over = limit === null ? '' : ` (limit: ${limit})`;
  switch (facts.reason) {
    case 'idle_timeout':
      return `${TIMEOUT_NOTICE}Idle timeout: no activity for ${length}${over}, closed ${when}.\r\n`;
    case 'max_duration':
      return `${TIMEOUT_NOTICE}Maximum duration: open for ${length}${over}, closed ${when}.\r\n`;
    case 'command_limit':
      return `\r\nCommand limit reached - connection closed\r\nClosed ${when}.\r\n`;
    case 'auto_reset':
      return facts.expired === null ? '' : `${noticeText({ ...facts, reason: facts.expired })}${FRESH_SESSION}`;
    case 'start_failed':
      return facts.failure === null ? '' : failureText(facts.failure);
    case 'backend_lost':
      return `\r\nBackend lost - connection closed\r\nClosed ${when}.\r\n`;
    case 'out_of_memory':
      return `\r\nOut of memory - connection closed\r\nClosed ${when}.\r\n`;
    case 'recording_failed':
      return `\r\nRecording failed - connection closed\r\nThis profile requires a recording; closed ${when}.\r\n`;
    case 'revoked':
      return `\r\nSession revoked - connection closed\r\n${facts.detail === null ? '' : `${oneLine(facts.detail)}. `}Closed ${when}.\r\n`;
    case 'app_quit':
      return `\r\nSandglass was quit - connection closed\r\nClosed ${when}.\r\n`;
    case 'exited':
    case 'closed':
    case 'reset':
    case 'app_crash':
      return '';
  }
}

const FAILURE_HEADLINES: Readonly<Record<StartStage, string>> = {
  profile: 'Profile not usable',
  folder: 'Folder not usable',
  shell: 'Shell not found',
  recording: 'Recording could not be started',
  credentials: 'Credential not available',
  spawn: 'Shell could not be started',
  sandbox: 'Sandbox not available',
  engine: 'Container engine not reachable',
  image: 'Image not available',
  pull: 'Image could not be pulled',
  create: 'Container allocation failed',
  start: 'Container could not be started',
  attach: 'Container could not be attached to',
  aborted: 'Start cancelled',
};

function failureText(failure: StartFailure): string {
  return `\r\n${FAILURE_HEADLINES[failure.stage]} - connection closed\r\n${oneLine(failure.message)}\r\n${oneLine(failure.hint)}\r\n`;
}

/** A text on one line. A message may quote a path or a program's output: no control character of theirs reaches the terminal. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}

function localTime(epochMs: number): string {
  const at = new Date(epochMs);
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}
