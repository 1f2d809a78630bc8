import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRecording, TempFolder } from './testing/recordings.ts';

const LOST_WORKER = new URL('file:///nowhere/worker.js');

function outputOf(file: string): string {
  const events = file.trimEnd().split('\n').slice(1);
  return events
    .map((line): [number, string, string] => JSON.parse(line))
    .map(([, code, data]) => (code === 'o' ? data : ''))
    .join('');
}

describe.each([
  ['in the thread for recordings', {}],
  ['in the main thread, if no other can be started', { encoderUrl: LOST_WORKER }],
])('secrets of a recording %s', (_where, options) => {
  test('are in nothing that comes after them, and never reach the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean(), fc.integer({ min: 0, max: 40 })), {
          minLength: 1,
          maxLength: 20,
        }),
        async (steps) => {
          await using temp = await TempFolder.make();
          const { recorder, timers } = await openRecording(temp.path, options);
          const values = ['one-Value-1111', 'two-Value-2222', 'thr-Value-3333', 'fou-Value-4444', 'fiv-Value-5555'];
          const known = new Set<string>();
          let shown = '';
          let atMs = 0;
          for (const [which, isFlushed, padding] of steps) {
            const value = values[which] ?? '';
            atMs += 20;
            if (padding % 3 === 0) {
              known.add(value);
              recorder.addSecret(`S${which}`, value);
            }
            const text = known.has(value) ? value : 'plain';
            shown += `> ${known.has(value) ? `[redacted S${which}]` : 'plain'}${'.'.repeat(padding)}\r\n`;
            const bytes = Buffer.from(`> ${text}${'.'.repeat(padding)}\r\n`);
            recorder.output(atMs, bytes.subarray(0, 6));
            if (isFlushed) {
              timers.fire();
              await recorder.flush();
            }
            recorder.output(atMs, bytes.subarray(6));
          }
          const { file, truncated } = await recorder.close(atMs, 0);
          const content = await readFile(file, 'utf8');
          expect(truncated).toBe(false);
          for (const value of known) expect(content).not.toContain(value);
          expect(outputOf(content)).toBe(shown);
        },
      ),
      { numRuns: 10 },
    );
  });

  test('do not keep what a flush asks for from the file, but for what may begin one', async () => {
    await using temp = await TempFolder.make();
    const { recorder, folder } = await openRecording(temp.path, options);
    recorder.addSecret('TOKEN', 'ghp_x7Kq2vLm9Rt4Wz8B');
    recorder.output(0, Buffer.from(`${'x'.repeat(10_000)} ghp_x7`));
    await recorder.flush();
    const written = await readFile(`${folder}/recording.cast`, 'utf8');
    expect(outputOf(written)).toBe(`${'x'.repeat(10_000)} `);
    recorder.output(1, Buffer.from('Kq2vLm9Rt4Wz8B'));
    const { file } = await recorder.close(2, 0);
    expect(outputOf(await readFile(file, 'utf8'))).toBe(`${'x'.repeat(10_000)} [redacted TOKEN]`);
  });

  test('cost the program nothing but time: output that waits counts as waiting', async () => {
    await using temp = await TempFolder.make();
    const { recorder } = await openRecording(temp.path, options);
    recorder.addSecret('TOKEN', 'ghp_x7Kq2vLm9Rt4Wz8B');
    const read = Buffer.alloc(65_536, 'plain text ');
    for (let reads = 0; reads < 140; reads += 1) recorder.output(reads, read);
    expect(recorder.waitingBytes).toBeGreaterThan(8 * 1_048_576);
    const { truncated } = await recorder.close(200, 0);
    expect(truncated).toBe(false);
    expect(recorder.waitingBytes).toBe(0);
  });
});
