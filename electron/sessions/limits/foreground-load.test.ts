import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProcessUsage } from '../../processes/usage.ts';
import { isBusy, type UsageSample } from './foreground-load.ts';

const process = (values: Partial<ProcessUsage> = {}): ProcessUsage => ({
  pid: 10,
  parent: 1,
  ageMs: 100_000,
  cpuMs: 0,
  readBytes: 0,
  storageReadBytes: 0,
  writtenBytes: 0,
  ...values,
});
const sample = (atMs: number, processes: readonly ProcessUsage[], values: Partial<UsageSample> = {}): UsageSample => ({
  atMs,
  group: 10,
  bytesOut: 0,
  processes,
  ...values,
});

describe('a command in the foreground', () => {
  it('is busy with 3 % of a processor and more', () => {
    const before = sample(0, [process({ cpuMs: 5_000 })]);
    expect(isBusy(before, sample(10_000, [process({ cpuMs: 5_299 })]), 0)).toBe(false);
    expect(isBusy(before, sample(10_000, [process({ cpuMs: 5_300 })]), 0)).toBe(true);
  });

  it('is busy when it writes elsewhere than to its terminal', () => {
    const before = sample(0, [process()]);
    const written = [process({ writtenBytes: 90_000 })];
    expect(isBusy(before, sample(10_000, written), 0)).toBe(true);
    expect(isBusy(before, sample(10_000, written, { bytesOut: 60_000 }), 0)).toBe(false);
  });

  it('is not judged by what was before the last activity', () => {
    const before = sample(0, [process({ cpuMs: 10 })]);
    const now = sample(10_000, [process({ cpuMs: 9_000 })]);
    expect(isBusy(before, now, 5_000)).toBe(false);
    expect(isBusy(null, now, 5_000)).toBe(false);
  });

  it('is judged from its start on where it was started since the last activity', () => {
    const now = sample(10_000, [process({ ageMs: 4_000, cpuMs: 400 })]);
    expect(isBusy(null, now, 5_990)).toBe(true);
    expect(isBusy(null, now, 7_000)).toBe(false);
    expect(isBusy(sample(0, [process()], { group: 9 }), now, 5_990)).toBe(true);
  });

  it('is not credited with what its children had used before when they end', () => {
    const child = process({ pid: 11, parent: 10, cpuMs: 60_000 });
    const before = sample(0, [process({ cpuMs: 100 }), child]);
    expect(isBusy(before, sample(10_000, [process({ cpuMs: 60_100 })]), 0)).toBe(false);
    expect(isBusy(before, sample(10_000, [process({ cpuMs: 60_500 })]), 0)).toBe(true);
  });

  it('does not seem idle because another part of its pipeline has ended', () => {
    const before = sample(0, [process({ cpuMs: 60_000 }), process({ pid: 11, cpuMs: 100 })]);
    expect(isBusy(before, sample(10_000, [process({ pid: 11, cpuMs: 900 })]), 0)).toBe(true);
  });

  it('is never busy when it uses nothing, whatever it had used', () => {
    const used = fc.record({
      cpuMs: fc.nat(),
      readBytes: fc.option(fc.nat()),
      storageReadBytes: fc.option(fc.nat()),
      writtenBytes: fc.option(fc.nat()),
      parent: fc.constantFrom(1, 10, 11),
    });
    fc.assert(
      fc.property(fc.array(used, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 1e7 }), (each, elapsed) => {
        const processes = each.map((values, index) => process({ pid: 10 + index, ...values }));
        expect(isBusy(sample(0, processes), sample(elapsed, processes), 0)).toBe(false);
      }),
    );
  });
});
