/**
 * Terminal frames: what crosses the boundary for each byte of a terminal, kept apart from JSON.
 *
 *     byte 0      kind: 1 output, 2 acknowledgement, 3 input by the user, 4 input by the terminal itself
 *     bytes 1…4   channel, unsigned 32-bit little-endian; given by `sessions.attach`
 *     bytes 5…    output, input: the bytes; acknowledgement: count of bytes, unsigned 32-bit little-endian
 */
export const FRAME_HEADER_BYTES = 5;

export const FRAME_KINDS = { output: 1, ack: 2, userInput: 3, terminalReply: 4 } as const;
export type FrameKind = keyof typeof FRAME_KINDS;

export type Frame =
  | { kind: 'output' | 'userInput' | 'terminalReply'; channel: number; bytes: Uint8Array }
  | { kind: 'ack'; channel: number; count: number };

/** Reads a frame; `bytes` is a view on the message, not a copy. Null: malformed. */
export function decodeFrame(message: Uint8Array): Frame | null {
  if (message.byteLength < FRAME_HEADER_BYTES) return null;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const channel = view.getUint32(1, true);
  switch (view.getUint8(0)) {
    case FRAME_KINDS.output:
      return { kind: 'output', channel, bytes: message.subarray(FRAME_HEADER_BYTES) };
    case FRAME_KINDS.ack:
      if (message.byteLength !== FRAME_HEADER_BYTES + 4) return null;
      return { kind: 'ack', channel, count: view.getUint32(FRAME_HEADER_BYTES, true) };
    case FRAME_KINDS.userInput:
      return { kind: 'userInput', channel, bytes: message.subarray(FRAME_HEADER_BYTES) };
    case FRAME_KINDS.terminalReply:
      return { kind: 'terminalReply', channel, bytes: message.subarray(FRAME_HEADER_BYTES) };
    default:
      return null;
  }
}

/** Writes a frame's header into the first {@link FRAME_HEADER_BYTES} bytes of `target`. */
export function writeFrameHeader(target: Uint8Array, kind: FrameKind, channel: number): void {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  view.setUint8(0, FRAME_KINDS[kind]);
  view.setUint32(1, channel, true);
}

/** One frame of bytes; copies them once. */
export function encodeBytes(
  kind: 'output' | 'userInput' | 'terminalReply',
  channel: number,
  bytes: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + bytes.byteLength);
  writeFrameHeader(frame, kind, channel);
  frame.set(bytes, FRAME_HEADER_BYTES);
  return frame;
}

/** The acknowledgement of `count` bytes of output, 0 … 2³²−1. */
export function encodeAck(channel: number, count: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + 4);
  writeFrameHeader(frame, 'ack', channel);
  new DataView(frame.buffer).setUint32(FRAME_HEADER_BYTES, count, true);
  return frame;
}
