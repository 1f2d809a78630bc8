import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backlog, type Entry, MAX_EVENT_BYTES } from './backlog.ts';

function takeAll(backlog: Backlog): Entry[] {
  const entries: Entry[] = [];
  for (let entry = backlog.shift(); entry !== undefined; entry = backlog.shift()) entries.push(entry);
  return entries;
}

const kilobyte = (): Uint8Array => new Uint8Array(1_024);

describe('the backlog', () => {
  test('merges output that arrives close together, and nothing across other events', () => {
    const backlog = new Backlog(1_000_000);
    backlog.output(0, kilobyte());
    backlog.output(16, kilobyte());
    backlog.output(17, kilobyte());
    backlog.event('r', 17, '90x30');
    backlog.output(17, kilobyte());
    backlog.seal();
    backlog.output(17, kilobyte());
    const sizes = takeAll(backlog).map((entry) => (entry.kind === 'output' ? entry.bytes : entry.kind));
    expect(sizes).toEqual([2_048, 1_024, 'r', 1_024, 1_024]);
  });

  test('splits a read that is larger than an event', () => {
    const backlog = new Backlog(10_000_000);
    backlog.output(0, new Uint8Array(2 * MAX_EVENT_BYTES + 1));
    const sizes = takeAll(backlog).map((entry) => (entry.kind === 'output' ? entry.bytes : 0));
    expect(sizes).toEqual([MAX_EVENT_BYTES, MAX_EVENT_BYTES, 1]);
  });

  test('says where and how much is missing, and which size was missed', () => {
    const backlog = new Backlog(10_000);
    const accepted = Array.from({ length: 20 }, (_, index) => backlog.output(index, kilobyte()));
    expect(accepted.filter(Boolean)).toHaveLength(8);
    expect(backlog.event('r', 30, '90x30')).toBe(false);
    expect(backlog.event('r', 31, '91x31')).toBe(false);
    takeAll(backlog);
    expect(backlog.output(40, kilobyte())).toBe(true);
    expect(takeAll(backlog)).toEqual([
      { kind: 'gap', atMs: 40, lostBytes: 12 * 1_024 },
      { kind: 'r', atMs: 40, data: '91x31' },
      { kind: 'output', atMs: 40, chunks: [kilobyte()], bytes: 1_024 },
    ]);
  });

  test('tells a gap at the very end too', () => {
    const backlog = new Backlog(2_000);
    backlog.output(0, kilobyte());
    backlog.output(0, kilobyte());
    backlog.end(5, 1);
    expect(takeAll(backlog).slice(1)).toEqual([
      { kind: 'gap', atMs: 5, lostBytes: 1_024 },
      { kind: 'x', atMs: 5, data: '1' },
    ]);
  });

  test('stays within its bound, loses nothing it does not tell, and forgets what was taken', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('output' as const), size: fc.integer({ min: 1, max: 5_000 }) }),
      fc.record({ kind: fc.constant('event' as const), size: fc.nat(200) }),
      fc.record({ kind: fc.constant('take' as const), size: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const limit = 20_000;
        const backlog = new Backlog(limit);
        const taken: Entry[] = [];
        let sent = 0;
        steps.forEach(({ kind, size }, atMs) => {
          if (kind === 'output') {
            sent += size;
            backlog.output(atMs, new Uint8Array(size));
          } else if (kind === 'event') {
            backlog.event('m', atMs, 'x'.repeat(size));
          } else {
            for (let count = 0; count < size; count++) {
              const entry = backlog.shift();
              if (entry !== undefined) taken.push(entry);
            }
          }
          expect(backlog.waitingBytes).toBeLessThanOrEqual(limit);
        });
        backlog.end(steps.length, null);
        taken.push(...takeAll(backlog));
        const kept = taken.reduce((sum, entry) => sum + (entry.kind === 'output' ? entry.bytes : 0), 0);
        const lost = taken.reduce((sum, entry) => sum + (entry.kind === 'gap' ? entry.lostBytes : 0), 0);
        expect(kept + lost).toBe(sent);
        expect(backlog.waitingBytes).toBe(0);
      }),
    );
  });
});
