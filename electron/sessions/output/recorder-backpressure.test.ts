import { describe, expect, it } from 'vitest';
import { TestClock } from '../testing/test-clock.ts';
import { RecorderBackpressure } from './recorder-backpressure.ts';

const STUCK_MS = 500;
const RESUME_BYTES = 2 * 1_024 * 1_024;
const PAUSE_BYTES = 8 * 1_024 * 1_024;

function backpressureOf(recorder: { waiting: number }) {
  const clock = new TestClock();
  const calls: string[] = [];
  const backpressure = new RecorderBackpressure({
    clock,
    waitingBytes: () => recorder.waiting,
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
  });
  return { backpressure, calls, clock };
}

describe('the backpressure of a recorder', () => {
  it('pauses a program until its recording has caught up', async () => {
    const recorder = { waiting: PAUSE_BYTES };
    const { backpressure, calls, clock } = backpressureOf(recorder);
    backpressure.check();
    expect(calls).toEqual([]);
    recorder.waiting += 1;
    backpressure.check();
    backpressure.check();
    expect(calls).toEqual(['pause']);
    for (; recorder.waiting > RESUME_BYTES; recorder.waiting -= 1_000_000) await clock.advance(100);
    await clock.advance(100);
    expect(calls).toEqual(['pause', 'resume']);
    expect(clock.timers).toBe(0);
  });

  it('does not pause a program for a disk that takes nothing, until the disk has caught up', async () => {
    const recorder = { waiting: PAUSE_BYTES + 1 };
    const { backpressure, calls, clock } = backpressureOf(recorder);
    backpressure.check();
    await clock.advance(STUCK_MS + 50);
    expect(calls).toEqual(['pause', 'resume']);
    backpressure.check();
    expect(calls).toHaveLength(2);
    recorder.waiting = 0;
    backpressure.check();
    recorder.waiting = PAUSE_BYTES + 1;
    backpressure.check();
    expect(calls.at(-1)).toBe('pause');
  });

  it('lets the program run when it is disposed of', () => {
    const { backpressure, calls, clock } = backpressureOf({ waiting: PAUSE_BYTES + 1 });
    backpressure.check();
    backpressure[Symbol.dispose]();
    backpressure[Symbol.dispose]();
    expect(calls).toEqual(['pause', 'resume']);
    expect(clock.timers).toBe(0);
  });
});
