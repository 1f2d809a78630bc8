import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completeLength } from '../base/utf8.ts';
import { Backlog } from './backlog.ts';
import { packBatch } from './batch.ts';
import { EventEncoder, encodeHeader } from './encoder.ts';
import { RecordingEncoder } from './recording-encoder.ts';
import { HEADER } from './testing/recordings.ts';

/** Output that arrives in these chunks, one read each `stepMs`, as it will stand in the file. */
function record(chunks: readonly Uint8Array[], stepMs = 1): { text: string; times: number[]; totalMs: number } {
  const backlog = new Backlog(Number.MAX_SAFE_INTEGER);
  const encoder = new RecordingEncoder(new Uint8Array(0));
  const endMs = chunks.length * stepMs;
  chunks.forEach((chunk, index) => {
    backlog.output(index * stepMs, chunk);
  });
  backlog.end(endMs, 0);
  const lines: Uint8Array[] = [];
  for (let entry = backlog.shift(); entry !== undefined; entry = backlog.shift()) {
    lines.push(encoder.encode(packBatch([entry])));
  }
  const events = Buffer.concat(lines)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line): [number, string, string] => JSON.parse(line));
  let totalMs = 0;
  const times = events.map(([interval]) => {
    totalMs += Math.round(interval * 1_000);
    return totalMs;
  });
  const text = events.map(([, code, data]) => (code === 'o' ? data : '')).join('');
  return { text, times, totalMs };
}

const NOTHING = new Uint8Array(0);
const whole = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes as terminals see them: text, control characters, and all that is not UTF-8. */
const bytes = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom(
        [0xe2, 0x82],
        [0xf0, 0x9f, 0x8e],
        [0xed, 0xa0, 0x80],
        [0xef, 0xbb, 0xbf],
        [0xc0, 0x80],
        [0x1b, 0x5b],
      ),
    ),
  )
  .map((parts) => Buffer.concat(parts.map((part) => Uint8Array.from(part))));

describe('what is recorded', () => {
  test('decodes to the same text however the reads were split', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 30 }), (all, cuts) => {
        const at = [...new Set(cuts.map((cut) => (all.length === 0 ? 0 : cut % all.length)))].sort((a, b) => a - b);
        const chunks = [0, ...at].map((start, index) => Uint8Array.from(all.subarray(start, at[index])));
        for (const stepMs of [1, 50]) expect(record(chunks, stepMs).text).toBe(whole.decode(all));
      }),
      { numRuns: 500 },
    );
  });

  test('is cut only where a character may go on', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), (all, where) => {
        const part = all.subarray(0, where % (all.length + 1));
        const length = completeLength(part);
        expect(part.length - length).toBeLessThanOrEqual(3);
        const rest = all.subarray(length);
        expect(whole.decode(all.subarray(0, length)) + whole.decode(rest)).toBe(whole.decode(all));
      }),
      { numRuns: 500 },
    );
  });

  test('has intervals whose sum is the time, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { maxLength: 200 }), (pauses) => {
        const encoder = new EventEncoder();
        let atMs = 0;
        let toldMs = 0;
        for (const pause of pauses) {
          atMs += pause;
          const [line = ''] = encoder.encode({ kind: 'm', atMs, data: '' }, NOTHING);
          const [interval]: [number] = JSON.parse(line);
          toldMs += Math.round(interval * 1_000);
          expect(Math.abs(toldMs - atMs)).toBeLessThanOrEqual(0.500001);
        }
      }),
    );
  });

  test('never goes back in time', () => {
    const encoder = new EventEncoder();
    expect(encoder.encode({ kind: 'm', atMs: 50, data: 'a' }, NOTHING)).toEqual(['[0.050, "m", "a"]\n']);
    expect(encoder.encode({ kind: 'm', atMs: 20, data: 'b' }, NOTHING)).toEqual(['[0.000, "m", "b"]\n']);
    expect(encoder.encode({ kind: 'm', atMs: 60, data: 'c' }, NOTHING)).toEqual(['[0.010, "m", "c"]\n']);
  });

  test('keeps output within 16 ms of when it came', () => {
    const { times } = record(
      Array.from({ length: 100 }, () => Buffer.from('x')),
      5,
    );
    expect(times.slice(0, 3)).toEqual([0, 20, 40]);
  });

  test('ends a character that never became complete', () => {
    const encoder = new EventEncoder();
    expect(encoder.encode({ kind: 'output', atMs: 0, length: 2 }, Uint8Array.of(0xe2, 0x82))).toEqual([]);
    expect(Buffer.from(encoder.finish(3).join(''), 'latin1').toString()).toBe('[0.003, "o", "\ufffd"]\n');
    expect(encoder.finish(4)).toEqual([]);
  });
});

test('a header names only what a player needs of the environment', () => {
  const header = encodeHeader(HEADER).toString();
  expect(header).not.toContain('hunter2');
  expect(JSON.parse(header)).toEqual({
    version: 3,
    term: { cols: 80, rows: 24, type: 'xterm-256color' },
    timestamp: 1_795_275_000,
    command: '/bin/zsh -l',
    title: 'Häuser “zsh”',
    env: { SHELL: '/bin/zsh', TERM: 'xterm-256color' },
  });
});
