import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AckBatch } from './acks.ts';
import { WriteQueue } from './write-queue.ts';

const FLOOD_BYTES = 65_536;

/** A terminal that parses when the test says so. */
function terminal(gathers = true) {
  const written: Uint8Array[] = [];
  const acknowledged: number[] = [];
  let done: (() => void) | undefined;
  const queue = new WriteQueue(
    (bytes, parsed) => {
      written.push(bytes);
      done = parsed;
    },
    new AckBatch(),
    (count) => acknowledged.push(count),
    () => gathers,
  );
  const parse = (): boolean => {
    const parsed = done;
    done = undefined;
    parsed?.();
    return parsed !== undefined;
  };
  return { queue, written, acknowledged, parse };
}

test('at rest output is handed on at once and not copied', () => {
  const { queue, written, acknowledged, parse } = terminal();
  const bytes = new Uint8Array(10);
  queue.push(bytes);
  expect(written[0]).toBe(bytes);
  parse();
  expect(acknowledged).toEqual([10]);
});

test('what comes while a piece is parsed is joined, in order', () => {
  const { queue, written, parse } = terminal();
  for (const value of [1, 2, 3]) queue.push(Uint8Array.of(value));
  parse();
  expect(written.map((bytes) => [...bytes])).toEqual([[1], [2, 3]]);
});

test('a hidden terminal joins nothing, so that its pieces stay small', () => {
  const { queue, written, parse } = terminal(false);
  for (const value of [1, 2, 3]) queue.push(Uint8Array.of(value));
  while (parse());
  expect(written.map((bytes) => [...bytes])).toEqual([[1], [2], [3]]);
});

test('the last piece of a flood is handed on although nothing follows it', async () => {
  const { queue, written, parse } = terminal();
  queue.push(new Uint8Array(FLOOD_BYTES));
  parse();
  queue.push(Uint8Array.of(7));
  expect(written).toHaveLength(1);
  await expect.poll(() => written.length).toBe(2);
});

test('a marked end is reported before anything after it is parsed', () => {
  const { queue, written, parse } = terminal();
  const seen: number[] = [];
  queue.push(Uint8Array.of(0));
  queue.push(Uint8Array.of(1), () => seen.push(written.length));
  queue.push(Uint8Array.of(2));
  while (parse());
  expect(seen).toEqual([2]);
  expect(written.map((bytes) => [...bytes])).toEqual([[0], [1], [2]]);
});

test('nothing is lost, copied twice or reordered, and every byte is acknowledged', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.boolean())), (steps) => {
      const { queue, written, acknowledged, parse } = terminal();
      for (const [bytes, parses] of steps) {
        queue.push(bytes);
        if (parses) parse();
      }
      while (parse());
      expect(Buffer.concat(written)).toEqual(Buffer.concat(steps.map(([bytes]) => bytes)));
      expect(acknowledged.reduce((sum, count) => sum + count, 0)).toBe(Buffer.concat(written).byteLength);
    }),
  );
});
