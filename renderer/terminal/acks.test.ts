import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AckBatch } from './acks.ts';

const ACK_AFTER_BYTES = 65_536;

test('the last bytes are acknowledged as soon as nothing waits', () => {
  const acks = new AckBatch();
  acks.queued(10);
  acks.queued(20);
  expect(acks.parsed(10)).toBe(0);
  expect(acks.parsed(20)).toBe(30);
});

test('under load one acknowledgement stands for many writes', () => {
  const acks = new AckBatch();
  for (let write = 0; write < 64; write++) acks.queued(4_096);
  const sent: number[] = [];
  for (let write = 0; write < 64; write++) {
    const count = acks.parsed(4_096);
    if (count > 0) sent.push(count);
  }
  expect(sent).toEqual([ACK_AFTER_BYTES, ACK_AFTER_BYTES, ACK_AFTER_BYTES, ACK_AFTER_BYTES]);
});

test('every byte is acknowledged exactly once, whatever the order of writes and parses', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.boolean())), (steps) => {
      const acks = new AckBatch();
      const waiting: number[] = [];
      let queued = 0;
      let acknowledged = 0;
      for (const [bytes, parse] of steps) {
        acks.queued(bytes);
        waiting.push(bytes);
        queued += bytes;
        if (parse) acknowledged += acks.parsed(waiting.shift() ?? 0);
        expect(acknowledged).toBeLessThanOrEqual(queued);
      }
      for (const bytes of waiting) acknowledged += acks.parsed(bytes);
      expect(acknowledged).toBe(queued);
    }),
  );
});
