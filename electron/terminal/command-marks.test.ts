import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandMarks } from './command-marks.ts';

/** The marks found when the output comes in these pieces. */
function marksIn(...pieces: readonly (string | Uint8Array)[]): string[] {
  const found: string[] = [];
  const marks = new CommandMarks((family, kind) => found.push(`${family}${kind}`));
  for (const piece of pieces) marks.scan(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
  return found;
}

describe('the marks of shell integration', () => {
  it('are found with either terminator, with and without parameters', () => {
    expect(marksIn('\x1b]133;A\x07$ \x1b]133;B\x07ls\r\n\x1b]133;C\x1b\\file\r\n\x1b]133;D;0\x1b\\')).toEqual([
      '133A',
      '133B',
      '133C',
      '133D',
    ]);
    expect(marksIn('\x1b]633;E;ls -l\\x3b pwd;nonce\x07\x1b]633;C\x07\x1b]633;D;130\x07')).toEqual([
      '633E',
      '633C',
      '633D',
    ]);
    expect(marksIn('\x1b]133;A;cl=m;aid=7\x07')).toEqual(['133A']);
  });

  it('are found wherever the output is split', () => {
    const output = 'x\x1b]133;C;a=1\x1b\\y\x1b]633;D;0\x07\x1b]0;title\x07\x1b\x1b]133;A\x07';
    for (let at = 0; at <= output.length; at += 1) {
      expect(marksIn(output.slice(0, at), output.slice(at))).toEqual(['133C', '633D', '133A']);
    }
    expect(marksIn(...output)).toEqual(['133C', '633D', '133A']);
  });

  it.each([
    ['another number', '\x1b]1337;C\x07\x1b]13;C\x07\x1b]6330;C\x07'],
    ['another letter', '\x1b]133;P;x\x07\x1b]633;P;x\x07\x1b]133;L\x07'],
    ['a longer word', '\x1b]133;CC\x07\x1b]133;Continue\x07'],
    ['no letter', '\x1b]133;\x07\x1b]133\x07\x1b]\x07'],
    ['something that is no OSC', '\x1b[133;C\x07\x1bP133;C\x07]133;C\x07'],
    ['a sequence that is cancelled', '\x1b]133;C\x18\x07\x1b]133;C\x1a\x07'],
    ['a sequence without an end', '\x1b]133;C and so on'],
    ['a sequence after characters', '\x1b]x133;C\x07'],
  ])('are not %s', (_what, output) => {
    expect(marksIn(output)).toEqual([]);
  });

  it('are found after an endless sequence, whose end they are', () => {
    expect(marksIn('\x1b]52;c;', 'A'.repeat(1_000_000), '\x1b]133;C\x07')).toEqual(['133C']);
  });

  it('are found in an array that is a part of a larger one', () => {
    const whole = Buffer.from('\x1b]133;A\x07\x1b]133;C\x07\x1b]133;D\x07');
    expect(marksIn(whole.subarray(8, 16))).toEqual(['133C']);
  });

  it('are those that stand in the whole output, however hostile it is and however it is split', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\x1b',
        ']',
        '\x1b]',
        '133;',
        '633;',
        'A',
        'C',
        'E',
        ';',
        '\x07',
        '\x1b\\',
        '\x18',
        '\x1a',
        'text',
      ),
      fc.constantFrom('\x1b]133;C\x07', '\x1b]633;E;ls\x1b\\', '\x1b]133;D;0', '\x1b]0;a title\x07'),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(60), { maxLength: 6 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''), 'utf8');
        const at = [...cuts.filter((cut) => cut < bytes.length), 0, bytes.length].sort((a, b) => a - b);
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        const expected = [
          ...bytes
            .toString('latin1')
            // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
            .matchAll(/\x1b\](133|633);([A-E])(?:;[^\x07\x18\x1a\x1b]*)?(?=[\x07\x1b])/g),
        ].map(([, family, kind]) => `${family}${kind}`);
        expect(marksIn(...pieces)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
