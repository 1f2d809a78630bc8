import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BackgroundWriter } from './background-writer.ts';

const BACKGROUND_BYTES = 16_384;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A terminal that needs some time for each piece. */
function terminal(writer: BackgroundWriter, parseMs = 2) {
  const written: number[] = [];
  const owner = {};
  let done = 0;
  const write = (bytes: Uint8Array, parsed: () => void): void => {
    written.push(...bytes);
    setTimeout(parsed, parseMs);
  };
  return {
    owner,
    written,
    add: (bytes: Uint8Array) =>
      writer.add(owner, bytes, write, () => {
        done += 1;
      }),
    get done() {
      return done;
    },
  };
}

const flood = Uint8Array.from({ length: 3 * BACKGROUND_BYTES }, (_, index) => index % 251);

test('a little output of a hidden terminal is parsed at once', () => {
  const { add, written } = terminal(new BackgroundWriter(() => false));
  add(Uint8Array.of(1, 2));
  expect(written).toEqual([1, 2]);
});

test('a flood is parsed in order, in pieces, with more rest than work', () => {
  const seen = terminal(new BackgroundWriter(() => false), 10);
  const startedMs = performance.now();
  seen.add(flood);
  expect(seen.written).toHaveLength(BACKGROUND_BYTES);
  while (seen.done === 0) vi.advanceTimersToNextTimer();
  expect(seen.written).toEqual([...flood]);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(2 * 40 + 10);
  expect(seen.done).toBe(1);
});

test('floods take turns', () => {
  const writer = new BackgroundWriter(() => false);
  const [one, other] = [terminal(writer), terminal(writer)];
  one.add(flood);
  other.add(flood);
  while (one.done === 0) vi.advanceTimersToNextTimer();
  expect(other.written.length).toBeGreaterThanOrEqual(2 * BACKGROUND_BYTES);
});

test('a terminal that is shown gets all that waits at once, in order and only once', () => {
  const writer = new BackgroundWriter(() => false);
  const [one, other] = [terminal(writer), terminal(writer)];
  one.add(flood);
  other.add(flood);
  writer.hurry(one.owner);
  writer.hurry(other.owner);
  expect(one.written).toEqual([...flood]);
  expect(other.written).toEqual([...flood]);
  vi.runAllTimers();
  expect([one.done, other.done]).toEqual([1, 1]);
  expect(one.written).toHaveLength(flood.length);
});

test('a terminal that is gone holds up no other one', () => {
  const writer = new BackgroundWriter(() => false);
  const gone = {};
  writer.add(
    gone,
    flood,
    () => {},
    () => {},
  );
  const { add, written } = terminal(writer);
  add(Uint8Array.of(7));
  expect(written).toEqual([]);
  writer.drop(gone);
  expect(written).toEqual([7]);
});

test('in a hidden window nothing rests', () => {
  const seen = terminal(new BackgroundWriter(() => true));
  seen.add(flood);
  seen.add(flood);
  vi.advanceTimersByTime(4);
  expect(seen.done).toBe(2);
});
