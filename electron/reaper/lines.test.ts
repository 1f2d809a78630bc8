import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLines } from './lines.ts';

async function linesOf(input: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(Readable.from(input))) lines.push(line);
  return lines;
}

test('lines are the same, however the stream was cut', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      expect(await linesOf(chunks)).toEqual(lines);
    }),
  );
});

test('a last line that was not finished is left out', async () => {
  expect(await linesOf([Buffer.from('whole\nhal')])).toEqual(['whole']);
});

test('a line that never ends takes no memory, and the next one is read', async () => {
  const endless = Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024, 'x'));
  expect(await linesOf([Buffer.from('first\n'), ...endless, Buffer.from('x\nnext\n')])).toEqual(['first', 'next']);
});

test('a stream that breaks off ends', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('one\n');
    throw new Error('reset');
  }
  expect(await linesOf(broken())).toEqual(['one']);
});
