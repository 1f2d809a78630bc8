import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeFrame,
  encodeAck,
  encodeBytes,
  encodeCancelInput,
  encodeInputDropped,
  encodeOpened,
  encodeSize,
  FRAME_HEADER_BYTES,
  writeFrameHeader,
} from './frames.ts';

const channel = fc.integer({ min: 0, max: 0xffff_ffff });
const count = fc.integer({ min: 0, max: 0xffff_ffff });
const bytes = fc.uint8Array({ maxLength: 2_000 });
const kind = fc.constantFrom('output' as const, 'userInput' as const, 'terminalReply' as const, 'pasteInput' as const);

test('bytes come out as they went in', () => {
  fc.assert(
    fc.property(kind, channel, bytes, (which, where, content) => {
      expect(decodeFrame(encodeBytes(which, where, content))).toEqual({ kind: which, channel: where, bytes: content });
    }),
  );
});

test('an acknowledgement comes out as it went in', () => {
  fc.assert(
    fc.property(channel, count, (where, amount) => {
      expect(decodeFrame(encodeAck(where, amount))).toEqual({ kind: 'ack', channel: where, count: amount });
    }),
  );
});

test('a count of dropped input, and a cancellation, come out as they went in', () => {
  fc.assert(
    fc.property(channel, count, (where, amount) => {
      const dropped = { kind: 'inputDropped', channel: where, count: amount };
      expect(decodeFrame(encodeInputDropped(where, amount))).toEqual(dropped);
      expect(decodeFrame(encodeCancelInput(where))).toEqual({ kind: 'cancelInput', channel: where });
    }),
  );
});

test('the first frame of a channel comes out as it went in, and not with a size that no terminal has', () => {
  const replay = fc.record({
    cols: fc.integer({ min: 2, max: 1_000 }),
    rows: fc.integer({ min: 1, max: 1_000 }),
    stateBytes: count,
    replayBytes: count,
    replayTruncated: fc.boolean(),
  });
  fc.assert(
    fc.property(channel, replay, (where, begins) => {
      expect(decodeFrame(encodeOpened(where, begins))).toEqual({ kind: 'opened', channel: where, ...begins });
      expect(decodeFrame(encodeOpened(where, { ...begins, cols: 1 }))).toBeNull();
      expect(decodeFrame(encodeOpened(where, begins).subarray(0, -1))).toBeNull();
    }),
  );
});

test('a frame in the middle of a larger buffer is read from where it is', () => {
  const frame = encodeBytes('output', 7, Uint8Array.of(1, 2, 3));
  const buffer = new Uint8Array(100).fill(255);
  buffer.set(frame, 11);
  const decoded = decodeFrame(buffer.subarray(11, 11 + frame.byteLength));
  expect(decoded).toEqual({ kind: 'output', channel: 7, bytes: Uint8Array.of(1, 2, 3) });
});

test('the bytes of a frame are a view, not a copy', () => {
  const frame = encodeBytes('output', 1, Uint8Array.of(5));
  const decoded = decodeFrame(frame);
  frame[FRAME_HEADER_BYTES] = 6;
  expect(decoded).toMatchObject({ bytes: Uint8Array.of(6) });
});

test('a header is written in place, and nothing after it is touched', () => {
  const target = new Uint8Array(8).fill(9);
  writeFrameHeader(target, 'userInput', 0x01020304);
  expect([...target]).toEqual([3, 4, 3, 2, 1, 9, 9, 9]);
});

test.each([
  ['nothing', []],
  ['half a header', [1, 0, 0, 0]],
  ['a kind that is none', [0, 1, 0, 0, 0]],
  ['another kind that is none', [5, 1, 0, 0, 0, 1, 2]],
  ['an acknowledgement without its count', [2, 1, 0, 0, 0]],
  ['an acknowledgement with half a count', [2, 1, 0, 0, 0, 1, 0]],
  ['an acknowledgement with more than a count', [2, 1, 0, 0, 0, 1, 0, 0, 0, 0]],
])('%s is malformed', (_what, content) => {
  expect(decodeFrame(Uint8Array.from(content))).toBeNull();
});

test('a size crosses as it is, and only one that a terminal can have', () => {
  expect(decodeFrame(encodeSize(7, 120, 40))).toEqual({ kind: 'size', channel: 7, cols: 120, rows: 40 });
  expect(decodeFrame(encodeSize(7, 1, 40))).toBeNull();
  expect(decodeFrame(encodeSize(7, 80, 2_000))).toBeNull();
});

test('no message makes reading a frame fail', () => {
  fc.assert(
    fc.property(bytes, (message) => {
      const decoded = decodeFrame(message);
      if (decoded !== null && 'bytes' in decoded) {
        expect(decoded.bytes.byteLength).toBe(message.byteLength - FRAME_HEADER_BYTES);
      }
    }),
  );
});
