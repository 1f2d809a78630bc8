import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ClockSample, clockJumpMs, sampleClocks, watchDrift } from './clock-drift.ts';

/** Clocks that a test moves, and a timer that it fires. */
function fakeClocks() {
  let now: ClockSample = { monotonicMs: 1_000, uptimeMs: 50_000, wallMs: 1_700_000_000_000 };
  let tick: (() => void) | null = null;
  const jumps: number[] = [];
  const watch = watchDrift({
    onJump: (jumpMs) => jumps.push(jumpMs),
    sample: () => now,
    every: (callback) => {
      tick = callback;
      return () => {
        tick = null;
      };
    },
  });
  return {
    jumps,
    watch,
    running: () => tick !== null,
    pass(ms: { monotonic: number; uptime: number; wall: number }) {
      now = {
        monotonicMs: now.monotonicMs + ms.monotonic,
        uptimeMs: now.uptimeMs + ms.uptime,
        wallMs: now.wallMs + ms.wall,
      };
      tick?.();
    },
  };
}

test('time that passes alike on all clocks is no jump, however late the timer fires', () => {
  const clocks = fakeClocks();
  clocks.pass({ monotonic: 5_000, uptime: 5_000, wall: 5_000 });
  clocks.pass({ monotonic: 60_000, uptime: 60_000, wall: 60_000 });
  clocks.pass({ monotonic: 5_000, uptime: 4_000, wall: 5_900 });
  expect(clocks.jumps).toEqual([]);
});

test('a suspend is a jump, told once', () => {
  const clocks = fakeClocks();
  clocks.pass({ monotonic: 5_000, uptime: 605_000, wall: 605_000 });
  clocks.pass({ monotonic: 5_000, uptime: 5_000, wall: 5_000 });
  expect(clocks.jumps).toEqual([600_000]);
});

test('a wall clock that is set is a jump, forward and back', () => {
  const clocks = fakeClocks();
  clocks.pass({ monotonic: 5_000, uptime: 5_000, wall: 3_605_000 });
  clocks.pass({ monotonic: 5_000, uptime: 5_000, wall: -3_595_000 });
  expect(clocks.jumps).toEqual([3_600_000, -3_600_000]);
});

test('a disposed watch has no timer', () => {
  const clocks = fakeClocks();
  clocks.watch[Symbol.dispose]();
  expect(clocks.running()).toBe(false);
});

test('the jump is the larger difference, whatever the elapsed time', () => {
  const ms = fc.integer({ min: 0, max: 1e9 });
  fc.assert(
    fc.property(ms, ms, (elapsed, suspended) => {
      const before = { monotonicMs: 0, uptimeMs: 0, wallMs: 0 };
      const after = { monotonicMs: elapsed, uptimeMs: elapsed + suspended, wallMs: elapsed };
      expect(clockJumpMs(before, after)).toBe(suspended);
    }),
  );
});

test('the clocks of this machine agree with each other', () => {
  expect(Math.abs(clockJumpMs(sampleClocks(), sampleClocks()))).toBeLessThan(1_500);
});
