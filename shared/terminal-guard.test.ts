import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { refuseEndlessRepeats } from './terminal-guard.ts';

async function screenAfter(output: string): Promise<string[]> {
  const terminal = new Terminal({ allowProposedApi: true, cols: 20, rows: 5 });
  refuseEndlessRepeats(terminal.parser, () => terminal.cols * terminal.rows);
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  return Array.from({ length: 5 }, (_value, row) => terminal.buffer.active.getLine(row)?.translateToString(true) ?? '');
}

describe('a terminal under guard', () => {
  it.each(['I', 'L', 'M', 'S', 'T', 'Z', 'b'])(
    'does not stand still for hours over CSI 2147483647 %s',
    async (final) => {
      expect(await screenAfter(`x\x1b[2147483647${final}\r\nafter`)).toContain('after');
    },
  );

  it('does what a program may ask for', async () => {
    expect((await screenAfter('x\x1b[3b'))[0]).toBe('xxxx');
    expect((await screenAfter('one\r\ntwo\x1b[1S'))[0]).toBe('two');
  });
});
