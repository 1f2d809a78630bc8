import { describe, expect, it } from 'vitest';
import { TestClock } from '../testing/test-clock.ts';
import { BRAKE_BYTES, RELEASE_BYTES, RecorderBrake, STUCK_MS } from './recorder-backpressure.ts';

function brakeOn(recorder: { waiting: number }) {
  const clock = new TestClock();
  const calls: string[] = [];
  const brake = new RecorderBrake({
    clock,
    waitingBytes: () => recorder.waiting,
    hold: () => calls.push('hold'),
    release: () => calls.push('release'),
  });
  return { brake, calls, clock };
}

describe('the recorder’s brake', () => {
  it('holds a program back until its recording has caught up', async () => {
    const recorder = { waiting: BRAKE_BYTES };
    const { brake, calls, clock } = brakeOn(recorder);
    brake.check();
    expect(calls).toEqual([]);
    recorder.waiting += 1;
    brake.check();
    brake.check();
    expect(calls).toEqual(['hold']);
    for (; recorder.waiting > RELEASE_BYTES; recorder.waiting -= 1_000_000) await clock.advance(100);
    await clock.advance(100);
    expect(calls).toEqual(['hold', 'release']);
    expect(clock.timers).toBe(0);
  });

  it('does not hold it for a disk that takes nothing, until that has caught up', async () => {
    const recorder = { waiting: BRAKE_BYTES + 1 };
    const { brake, calls, clock } = brakeOn(recorder);
    brake.check();
    await clock.advance(STUCK_MS + 50);
    expect(calls).toEqual(['hold', 'release']);
    brake.check();
    expect(calls).toHaveLength(2);
    recorder.waiting = 0;
    brake.check();
    recorder.waiting = BRAKE_BYTES + 1;
    brake.check();
    expect(calls.at(-1)).toBe('hold');
  });

  it('lets go when it is disposed of', () => {
    const { brake, calls, clock } = brakeOn({ waiting: BRAKE_BYTES + 1 });
    brake.check();
    brake[Symbol.dispose]();
    brake[Symbol.dispose]();
    expect(calls).toEqual(['hold', 'release']);
    expect(clock.timers).toBe(0);
  });
});
