/**
 * Terminal frames: what crosses the boundary for each byte of a terminal, kept apart from JSON.
 *
 *     byte 0      kind: 1 output, 2 acknowledgement, 3 input by the user, 4 input by the terminal itself,
 *                 5 cancellation of input, 6 a piece of a bracketed paste, 7 input that was dropped, 8 size, 9 state,
 *                 10 opened
 *     bytes 1…4   channel, unsigned 32-bit little-endian; chosen by the window with `sessions.attach`
 *     bytes 5…    output, input: the bytes; cancellation: none;
 *                 acknowledgement, dropped: count of bytes, unsigned 32-bit little-endian;
 *                 size: columns and rows, unsigned 16-bit little-endian, which hold for the output after it;
 *                 state: a part of the terminal's state, deflated (see `terminal/state.ts`), before any output;
 *                 opened: bytes of scrollback and of state that follow, both unsigned 32-bit little-endian; columns and
 *                 rows, as in size; 1 if older output is no longer held, else 0. The first frame of a channel
 *
 * An acknowledgement says to the core that output was shown, and to a window that the program's terminal accepted input.
 * A window has at most {@link INPUT_WINDOW_BYTES} of input without either on their way, so that a program that does not
 * read is felt by the one who writes, and nothing has to be refused.
 *
 * The first piece of a bracketed paste begins with its start mark and the last one ends with its end mark; no piece is
 * cut inside a character or a mark. A cancellation drops what the program has not taken yet, and closes a paste that it
 * has begun to take: the core sends the end mark.
 */
export const FRAME_HEADER_BYTES = 5;

const FRAME_KINDS = {
  output: 1,
  ack: 2,
  userInput: 3,
  terminalReply: 4,
  cancelInput: 5,
  pasteInput: 6,
  inputDropped: 7,
  size: 8,
  state: 9,
  opened: 10,
} as const;
export type FrameKind = keyof typeof FRAME_KINDS;

/** What a frame of kind `opened` carries, in bytes. */
const OPENED_BYTES = 13;

/** Kinds that carry input, as a window sends them. */
export type InputKind = 'userInput' | 'terminalReply' | 'pasteInput';

/** Input of one channel that may be without an answer, in bytes. */
export const INPUT_WINDOW_BYTES = 262_144;
/** The most that a frame of input carries, in bytes. */
export const MAX_INPUT_BYTES = 65_536;

/** What a terminal sends before and after a bracketed paste (DEC private mode 2004, xterm's control sequences). */
export const PASTE_START = '\x1b[200~';
export const PASTE_END = '\x1b[201~';

/** What a channel begins with: the terminal's state, then output from before, then live output. */
export interface Replay {
  /** The size that the output begins at. */
  readonly cols: number;
  readonly rows: number;
  /** Bytes of the terminal's state that come first; 0: the terminal begins as a fresh one. */
  readonly stateBytes: number;
  /** Bytes of scrollback that come before live output. */
  readonly replayBytes: number;
  /** Whether older output is no longer held in memory. The recording has it. */
  readonly replayTruncated: boolean;
}

export type Frame =
  | { kind: 'output' | 'state' | InputKind; channel: number; bytes: Uint8Array }
  | { kind: 'ack' | 'inputDropped'; channel: number; count: number }
  | { kind: 'size'; channel: number; cols: number; rows: number }
  | ({ kind: 'opened'; channel: number } & Replay)
  | { kind: 'cancelInput'; channel: number };

/** Reads a frame; `bytes` is a view on the message, not a copy. Null: malformed. */
export function decodeFrame(message: Uint8Array): Frame | null {
  if (message.byteLength < FRAME_HEADER_BYTES) return null;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const channel = view.getUint32(1, true);
  switch (view.getUint8(0)) {
    case FRAME_KINDS.output:
      return { kind: 'output', channel, bytes: message.subarray(FRAME_HEADER_BYTES) };
    case FRAME_KINDS.ack:
    case FRAME_KINDS.inputDropped: {
      if (message.byteLength !== FRAME_HEADER_BYTES + 4) return null;
      const kind = view.getUint8(0) === FRAME_KINDS.ack ? 'ack' : 'inputDropped';
      return { kind, channel, count: view.getUint32(FRAME_HEADER_BYTES, true) };
    }
    case FRAME_KINDS.cancelInput:
      return message.byteLength === FRAME_HEADER_BYTES ? { kind: 'cancelInput', channel } : null;
    case FRAME_KINDS.pasteInput:
      return { kind: 'pasteInput', channel, bytes: message.subarray(FRAME_HEADER_BYTES) };
    case FRAME_KINDS.userInput:
      return { kind: 'userInput', channel, bytes: message.subarray(FRAME_HEADER_BYTES) };
    case FRAME_KINDS.terminalReply:
      return { kind: 'terminalReply', channel, bytes: message.subarray(FRAME_HEADER_BYTES) };
    case FRAME_KINDS.size:
      if (message.byteLength !== FRAME_HEADER_BYTES + 4) return null;
      return sizeFrame(channel, view.getUint16(FRAME_HEADER_BYTES, true), view.getUint16(FRAME_HEADER_BYTES + 2, true));
    case FRAME_KINDS.state:
      return { kind: 'state', channel, bytes: message.subarray(FRAME_HEADER_BYTES) };
    case FRAME_KINDS.opened:
      return message.byteLength === FRAME_HEADER_BYTES + OPENED_BYTES ? openedFrame(channel, view) : null;
    default:
      return null;
  }
}

function openedFrame(channel: number, view: DataView): Frame | null {
  const size = sizeFrame(
    channel,
    view.getUint16(FRAME_HEADER_BYTES + 8, true),
    view.getUint16(FRAME_HEADER_BYTES + 10, true),
  );
  const truncated = view.getUint8(FRAME_HEADER_BYTES + 12);
  if (size === null || truncated > 1) return null;
  return {
    ...size,
    kind: 'opened',
    replayBytes: view.getUint32(FRAME_HEADER_BYTES, true),
    stateBytes: view.getUint32(FRAME_HEADER_BYTES + 4, true),
    replayTruncated: truncated === 1,
  };
}

/** Null: no size that a terminal can have. */
function sizeFrame(channel: number, cols: number, rows: number): Extract<Frame, { kind: 'size' }> | null {
  return cols >= 2 && cols <= 1_000 && rows >= 1 && rows <= 1_000 ? { kind: 'size', channel, cols, rows } : null;
}

/** Writes a frame's header into the first {@link FRAME_HEADER_BYTES} bytes of `target`. */
export function writeFrameHeader(target: Uint8Array, kind: FrameKind, channel: number): void {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  view.setUint8(0, FRAME_KINDS[kind]);
  view.setUint32(1, channel, true);
}

/** One frame of bytes; copies them once. */
export function encodeBytes(kind: 'output' | 'state' | InputKind, channel: number, bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + bytes.byteLength);
  writeFrameHeader(frame, kind, channel);
  frame.set(bytes, FRAME_HEADER_BYTES);
  return frame;
}

/** The acknowledgement of `count` bytes of output or input, 0 … 2³²−1. */
export function encodeAck(channel: number, count: number): Uint8Array {
  return encodeCount('ack', channel, count);
}

/** Says that `count` bytes of input will not reach the program, 0 … 2³²−1. */
export function encodeInputDropped(channel: number, count: number): Uint8Array {
  return encodeCount('inputDropped', channel, count);
}

/** Takes back the input of a channel that the program has not taken yet. */
export function encodeCancelInput(channel: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES);
  writeFrameHeader(frame, 'cancelInput', channel);
  return frame;
}

function encodeCount(kind: 'ack' | 'inputDropped', channel: number, count: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + 4);
  writeFrameHeader(frame, kind, channel);
  new DataView(frame.buffer).setUint32(FRAME_HEADER_BYTES, count, true);
  return frame;
}

/** The first frame of a channel. Sizes: 2 … 1000 columns, 1 … 1000 rows; counts: 0 … 2³²−1. */
export function encodeOpened(channel: number, replay: Replay): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + OPENED_BYTES);
  writeFrameHeader(frame, 'opened', channel);
  const view = new DataView(frame.buffer, FRAME_HEADER_BYTES);
  view.setUint32(0, replay.replayBytes, true);
  view.setUint32(4, replay.stateBytes, true);
  view.setUint16(8, replay.cols, true);
  view.setUint16(10, replay.rows, true);
  view.setUint8(12, Number(replay.replayTruncated));
  return frame;
}

/** The terminal has another size: 2 … 1000 columns, 1 … 1000 rows. */
export function encodeSize(channel: number, cols: number, rows: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + 4);
  writeFrameHeader(frame, 'size', channel);
  const view = new DataView(frame.buffer);
  view.setUint16(FRAME_HEADER_BYTES, cols, true);
  view.setUint16(FRAME_HEADER_BYTES + 2, rows, true);
  return frame;
}
