import { describe, expect, it } from 'vitest';
import { SystemClock } from './clock.ts';

describe('the system clock', () => {
  it('counts time that the machine was suspended, once it is resynchronised', () => {
    let asleepMs = 0;
    const clock = new SystemClock(() => performance.now() + 7_000 + asleepMs);
    const before = clock.now();
    asleepMs = 3_600_000;
    expect(clock.resync()).toBeCloseTo(3_600_000, -3);
    expect(clock.now() - before).toBeGreaterThanOrEqual(3_599_000);
    expect(clock.resync()).toBe(0);
  });

  it('takes no small difference between the two clocks for sleep', () => {
    let driftMs = 0;
    const clock = new SystemClock(() => performance.now() + driftMs);
    driftMs = 100;
    expect(clock.resync()).toBe(0);
  });

  it('never goes back', () => {
    let offsetMs = 0;
    const clock = new SystemClock(() => performance.now() + offsetMs);
    const before = clock.now();
    offsetMs = -86_400_000;
    clock.resync();
    expect(clock.now()).toBeGreaterThanOrEqual(before);
  });

  it('calls back once and not when disposed', async () => {
    const clock = new SystemClock();
    let disposedFired = false;
    const disposed = clock.setTimer(0, () => {
      disposedFired = true;
    });
    disposed[Symbol.dispose]();
    disposed[Symbol.dispose]();
    await new Promise<void>((resolve) => clock.setTimer(1, resolve));
    expect(disposedFired).toBe(false);
  });
});
