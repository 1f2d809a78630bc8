import { uptime } from 'node:os';

/** Three clocks read at the same moment, in milliseconds. */
export interface ClockSample {
  /** Stands still while the machine is suspended (on Linux and macOS) and never jumps. */
  readonly monotonicMs: number;
  /** Time since boot; counts suspended time. Some systems give whole seconds only. */
  readonly uptimeMs: number;
  /** The wall clock: can be set, forward and back. */
  readonly wallMs: number;
}

/** How often the clocks are compared. */
const INTERVAL_MS = 5_000;
/** Above what whole-second clocks and slow adjustment by NTP can differ by. */
const TOLERANCE_MS = 2_000;

/** Reads this machine's clocks. */
export function sampleClocks(): ClockSample {
  return { monotonicMs: performance.now(), uptimeMs: uptime() * 1_000, wallMs: Date.now() };
}

/**
 * By how much the wall clock or the uptime has moved against the monotonic clock between two samples, in milliseconds:
 * the larger of both, signed. Time that the process merely spent busy is no difference.
 */
export function clockJumpMs(before: ClockSample, after: ClockSample): number {
  const elapsed = after.monotonicMs - before.monotonicMs;
  const wall = after.wallMs - before.wallMs - elapsed;
  const boot = after.uptimeMs - before.uptimeMs - elapsed;
  return Math.abs(boot) > Math.abs(wall) ? boot : wall;
}

export interface DriftOptions {
  /** Called with the size of each jump, in milliseconds. */
  readonly onJump: (jumpMs: number) => void;
  readonly sample?: () => ClockSample;
  /** Calls `tick` every so many milliseconds; gives what ends it. */
  readonly every?: (tick: () => void, intervalMs: number) => () => void;
}

/** Notices suspends and clocks that were set, whoever else may tell of them. Does not keep the process alive. */
export function watchDrift({ onJump, sample = sampleClocks, every = everyUnref }: DriftOptions): Disposable {
  let last = sample();
  const stop = every(() => {
    const now = sample();
    const jumpMs = clockJumpMs(last, now);
    last = now;
    if (Math.abs(jumpMs) > TOLERANCE_MS) onJump(jumpMs);
  }, INTERVAL_MS);
  return { [Symbol.dispose]: stop };
}

function everyUnref(tick: () => void, intervalMs: number): () => void {
  const timer = setInterval(tick, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
