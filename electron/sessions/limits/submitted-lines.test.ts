import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SubmittedLines } from './submitted-lines.ts';

/** How many lines this input submits, when it comes in these pieces. */
function linesIn(...pieces: readonly string[]): number {
  const lines = new SubmittedLines();
  return pieces.reduce((sum, piece) => sum + lines.take(Buffer.from(piece)).lines, 0);
}

describe('submitted lines', () => {
  it.each([
    ['a command', 'ls\r', 1],
    ['Enter on an empty line', '\r\r\n', 0],
    ['a command that is not sent yet', 'ls', 0],
    ['two commands', 'ls\rpwd\r', 2],
    ['Ctrl+J', 'ls\n', 1],
    ['a command from the shell’s history', '\x1b[A\r', 1],
    ['a line that was thrown away', 'rm -rf /\x03\r', 0],
    ['a paste of three lines', 'a\rb\rc\r', 3],
    ['a paste in its marks, and Enter', '\x1b[200~a\rb\rc\x1b[201~\r', 3],
    ['a paste with an end of line, and Enter', '\x1b[200~a\r\x1b[201~\r', 1],
    ['an empty paste, and Enter', '\x1b[200~\x1b[201~\r', 0],
    ['Windows line ends', 'a\r\nb\r\n', 2],
    ['characters beyond ASCII', 'écho ✓\r', 1],
    ['a key that begins like a paste', '\x1b[20~\r', 1],
  ])('%s', (_what, input, count) => {
    expect(linesIn(input)).toBe(count);
    expect(linesIn(...input)).toBe(count);
  });

  it('end where there are as many as may be', () => {
    const lines = new SubmittedLines();
    expect(lines.take(Buffer.from('a\rb\rc\r'), 2)).toEqual({ lines: 2, bytes: 4 });
    expect(lines.take(Buffer.from('\r'), 1)).toEqual({ lines: 0, bytes: 1 });
    expect(lines.take(Buffer.from('c\r'), 2)).toEqual({ lines: 1, bytes: 2 });
  });

  it('are the same however the input is split', () => {
    const piece = fc.constantFrom(
      'a',
      'ls',
      '\r',
      '\n',
      '\x03',
      '\x1b',
      '\x1b[A',
      '\x1b[200~',
      '\x1b[201~',
      '[20',
      '~',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.nat(40), (parts, cut) => {
        const input = parts.join('');
        expect(linesIn(input.slice(0, cut), input.slice(cut))).toBe(linesIn(input));
      }),
    );
  });
});
