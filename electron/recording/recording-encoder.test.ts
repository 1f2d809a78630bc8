import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backlog } from './backlog.ts';
import { packBatch } from './batch.ts';
import { RecordingEncoder } from './recording-encoder.ts';

const TOKEN = 'ghp_x7Kq2vLm9Rt4Wz8B';
const LABEL = '[redacted TOKEN]';

function encoderWith(values: Readonly<Record<string, string>>): RecordingEncoder {
  const encoder = new RecordingEncoder(new Uint8Array(0));
  for (const [name, value] of Object.entries(values)) encoder.addSecret(name, value);
  return encoder;
}

/** Encodes all that waits, in batches of so many events. */
function encode(encoder: RecordingEncoder, backlog: Backlog, batchSize = Number.POSITIVE_INFINITY): string {
  const lines: Uint8Array[] = [];
  while (!backlog.isEmpty) {
    const entries = [];
    for (let entry = backlog.shift(); entry !== undefined; entry = backlog.shift()) {
      entries.push(entry);
      if (entries.length >= batchSize) break;
    }
    lines.push(encoder.encode(packBatch(entries)));
  }
  return Buffer.concat(lines).toString();
}

function eventsOf(lines: string): [string, string][] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(([, code, data]): [string, string] => [code, data]);
}

/** The events of a whole recording. */
function record(
  values: Readonly<Record<string, string>>,
  fill: (backlog: Backlog) => void,
  batchSize?: number,
): [string, string][] {
  const encoder = encoderWith(values);
  const backlog = new Backlog(Number.MAX_SAFE_INTEGER);
  fill(backlog);
  const lines = encode(encoder, backlog, batchSize);
  return eventsOf(lines + Buffer.from(encoder.finish(1_000).rest).toString());
}

describe('a recording with secrets', () => {
  test('keeps the order of output, sizes, markers and the end', () => {
    const long = 'x'.repeat(10_000);
    for (const batchSize of [1, 2, 100]) {
      const events = record(
        { TOKEN },
        (backlog) => {
          backlog.output(0, Buffer.from(`${long}${TOKEN}${long}`));
          backlog.event('r', 0, '80x24');
          backlog.output(0, Buffer.from('more ghp_x7'));
          backlog.event('m', 0, `marked ${TOKEN}`);
          backlog.output(50, Buffer.from('Kq2vLm9Rt4Wz8B end'));
          backlog.end(100, 0);
        },
        batchSize,
      );
      expect(events.map(([code, data]) => (code === 'o' ? data : `<${data}>`)).join('')).toBe(
        `${long}${LABEL}${long}<80x24>more ${LABEL}<marked ${LABEL}> end<0>`,
      );
    }
  });

  test('writes the beginning of a secret only once it is certain that it is none', () => {
    const encoder = encoderWith({ TOKEN });
    const backlog = new Backlog(Number.MAX_SAFE_INTEGER);
    backlog.output(0, Buffer.from('a gh'));
    expect(eventsOf(encode(encoder, backlog))).toEqual([['o', 'a ']]);
    backlog.output(10, Buffer.from('ost'));
    expect(eventsOf(encode(encoder, backlog)).map(([, data]) => data)).toEqual(['gh', 'ost']);
  });

  test('replaces a value that is added while output waits, from the next batch on', () => {
    const encoder = new RecordingEncoder(new Uint8Array(0));
    const backlog = new Backlog(Number.MAX_SAFE_INTEGER);
    backlog.output(0, Buffer.from('before'));
    const before = encode(encoder, backlog);
    backlog.output(0, Buffer.from(`then ${TOKEN}`));
    encoder.addSecret('TOKEN', TOKEN);
    backlog.output(20, Buffer.from(' and the-second-value'));
    encoder.addSecret('OTHER', 'the-second-value');
    const lines = before + encode(encoder, backlog) + Buffer.from(encoder.finish(100).rest).toString();
    const text = eventsOf(lines).map(([, data]) => data);
    expect(text.join('')).toBe(`beforethen ${LABEL} and [redacted OTHER]`);
  });

  test('ends with what was held back, and before the exit status', () => {
    const events = record({ TOKEN }, (backlog) => {
      backlog.output(0, Buffer.from('a ghp_x7'));
      backlog.end(10, 3);
    });
    expect(events.map(([code, data]) => `${code} ${data}`).join('|')).toBe('o a |o ghp_x7|x 3');
  });

  test('shows neither half of a value that a gap cuts', () => {
    const pieces = fc.array(fc.constantFrom(TOKEN, '\x1b[1m', 'text ', '\r\n', 'ä'), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(pieces, pieces, fc.nat(), fc.nat(), fc.boolean(), (before, after, cutA, cutB, isTwice) => {
        const first = Buffer.from(before.join(''));
        const second = Buffer.from(after.join(''));
        const encoder = encoderWith({ TOKEN });
        const output = (bytes: Uint8Array) =>
          packBatch([{ kind: 'output', atMs: 0, chunks: [bytes], bytes: bytes.length }]);
        const gap = packBatch([{ kind: 'gap', atMs: 1, lostBytes: 10 }]);
        const batches = [output(first.subarray(0, cutA % (first.length + 1))), gap];
        if (isTwice) batches.push(output(Buffer.from('x')), gap);
        batches.push(output(second.subarray(cutB % (second.length + 1))), output(Buffer.from('\r\nshown')));
        const lines = Buffer.concat([...batches.map((batch) => encoder.encode(batch)), encoder.finish(2).rest]);
        const events = eventsOf(lines.toString());
        const text = events.map(([code, data]) => (code === 'o' ? data : '')).join('');
        // Three characters may be the beginning of anything.
        for (let at = 0; at + 4 <= TOKEN.length; at += 1) expect(text).not.toContain(TOKEN.slice(at, at + 4));
        expect(text.endsWith('shown')).toBe(true);
        const gaps = events.filter(([code]) => code === 'm').map(([, label]) => Number(/\d+/.exec(label)?.[0]));
        expect(gaps.length).toBeGreaterThan(0);
        expect(gaps.every((lost) => lost >= 10)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('goes on after a gap in output without lines', () => {
    const encoder = encoderWith({ TOKEN });
    encoder.encode(packBatch([{ kind: 'gap', atMs: 0, lostBytes: 1 }]));
    const bytes = Buffer.alloc(100_000, 'x');
    const lines = encoder.encode(packBatch([{ kind: 'output', atMs: 1, chunks: [bytes], bytes: bytes.length }]));
    expect(eventsOf(Buffer.from(lines).toString()).map(([code, data]) => `${code} ${data.length}`)).toEqual([
      `m ${'gap: 65537 bytes of output are missing'.length}`,
      `o ${100_000 - 65_536}`,
    ]);
  });
});
