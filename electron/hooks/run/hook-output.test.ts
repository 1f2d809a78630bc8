import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FLOOD_BYTES, HookOutput, KEPT_BYTES } from './hook-output.ts';

function outputOf(...chunks: readonly string[]): HookOutput {
  const output = new HookOutput();
  for (const chunk of chunks) output.take(Buffer.from(chunk));
  return output;
}

test('what is short is kept whole, however it was cut', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'ä', '😀', ' ', '\n', 'x'), maxLength: 4000 });
  fc.assert(
    fc.property(letters, fc.integer({ min: 1, max: 700 }), (text, size) => {
      const bytes = Buffer.from(text);
      const output = new HookOutput();
      for (let at = 0; at < bytes.length; at += size) output.take(bytes.subarray(at, at + size));
      expect(output.text()).toBe(text.trimEnd());
      expect(output.bytes).toBe(bytes.length);
    }),
  );
});

test('of what is long, the beginning and the end are kept', () => {
  const output = outputOf('begin', 'x'.repeat(100_000), 'end');
  expect(output.text()).toMatch(/^beginx+\n… 83624 bytes left out …\nx+end$/);
  expect(output.text().length).toBeLessThan(2 * KEPT_BYTES + 100);
});

test('what is more than a flood is told', () => {
  const output = outputOf('x'.repeat(FLOOD_BYTES));
  expect(output.isFlood).toBe(false);
  output.take(Buffer.from('x'));
  expect(output.isFlood).toBe(true);
});

test('nothing of it steers the terminal of who reads the log', () => {
  expect(outputOf('\u001b[31mred\u001b[0m\u0007 \u001b]0;title\u0007a\tb\r\n\u0000\u009b2Jend').text()).toBe(
    'red a\tb\nend',
  );
});
