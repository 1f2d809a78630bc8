import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputLog } from './output-log.ts';

const BLOCK = 65_536;

function contentOf(log: OutputLog, from = log.start): Uint8Array {
  const target = new Uint8Array(log.end - from);
  expect(log.copy(from, target)).toBe(target.byteLength);
  return target;
}

describe('the log of a session’s output', () => {
  it('holds the last output, whatever it was made of', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 150_000 }), { maxLength: 12 }), (sizes) => {
        const log = new OutputLog(2 * BLOCK);
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const all = Uint8Array.from({ length: total }, (_value, index) => (index * 31) % 251);
        let at = 0;
        for (const size of sizes) {
          log.append(all.subarray(at, at + size));
          at += size;
        }
        expect(log.end).toBe(total);
        expect(total - log.start).toBeGreaterThanOrEqual(Math.min(total, 2 * BLOCK));
        expect(total - log.start).toBeLessThanOrEqual(3 * BLOCK);
        expect(Buffer.compare(contentOf(log), all.subarray(log.start))).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('copies what it takes: the giver may use its memory again', () => {
    const log = new OutputLog(BLOCK);
    const bytes = Uint8Array.of(1, 2, 3);
    log.append(bytes);
    bytes.fill(0);
    expect([...contentOf(log)]).toEqual([1, 2, 3]);
  });

  it('says when an offset is not held any more', () => {
    const log = new OutputLog(BLOCK);
    log.append(new Uint8Array(4 * BLOCK));
    expect(log.copy(0, new Uint8Array(1))).toBe(-1);
  });

  it('is replayed from its start as long as nothing is gone', () => {
    const log = new OutputLog(BLOCK);
    log.append(new TextEncoder().encode('hello'));
    expect(log.replay()).toMatchObject({ state: null, prefix: new Uint8Array(0), offset: 0, truncated: false });
  });

  it('is replayed into the modes that what is gone had set, and not from the middle of a sequence', () => {
    const log = new OutputLog(BLOCK);
    const cut = '\x1b[38;5;1';
    const start = '\x1b[?1049h\x1b[?2004h';
    log.append(new TextEncoder().encode(start.padEnd(BLOCK - cut.length, '.') + cut));
    log.append(new TextEncoder().encode('96mred'.padEnd(2 * BLOCK, '.')));
    const replay = log.replay();
    expect(new TextDecoder().decode(replay.prefix)).toBe('\x1b[?1049h\x1b[?2004h');
    expect(replay.truncated).toBe(true);
    expect(new TextDecoder().decode(contentOf(log, replay.offset)).startsWith('red...')).toBe(true);
    expect(log.modes().alternateScreen).toBe(true);
  });
});
