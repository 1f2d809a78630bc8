import { createRequire } from 'node:module';
import { type ITerminalOptions, Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOSTILE_OUTPUTS, hostileText, PLAIN_OUTPUT } from '../testing/hostile-output.ts';
import { anyOutput } from '../testing/terminal-output.ts';
import { coreOf } from './core.ts';
import { guardTerminal } from './guard.ts';
import { captureState, SetColors } from './state.ts';

const write = (terminal: Terminal, output: string): Promise<void> =>
  new Promise((resolve) => terminal.write(output, resolve));

/** A second copy of xterm.js, which no guard has ever touched: the guard changes classes that its terminals share. */
const bareTerminal = ((): typeof Terminal => {
  const require = createRequire(import.meta.url);
  const path = require.resolve('@xterm/headless');
  const loaded = require.cache[path];
  delete require.cache[path];
  const copy: { readonly Terminal: typeof Terminal } = require(path);
  if (loaded !== undefined) require.cache[path] = loaded;
  return copy.Terminal;
})();

function open(guarded = true, given: ITerminalOptions = {}): Terminal {
  const options = { allowProposedApi: true, cols: 20, rows: 5, scrollback: 50, logLevel: 'off', ...given } as const;
  if (!guarded) return new bareTerminal(options);
  const terminal = new Terminal(options);
  guardTerminal(terminal);
  return terminal;
}

/** Every cell with its attributes, and the cursor. */
function shownBy(terminal: Terminal): unknown[] {
  const { active } = terminal.buffer;
  const rows = Array.from({ length: active.length }, (_row, y) => {
    const line = active.getLine(y);
    return Array.from({ length: terminal.cols }, (_cell, x) => {
      const cell = line?.getCell(x);
      return [cell?.getChars(), cell?.getWidth(), cell?.getFgColor(), cell?.getBgColor(), cell?.isBold()].join();
    }).concat(String(line?.isWrapped));
  });
  return [...rows, [active.cursorX, active.cursorY, active.baseY, active.type]];
}

async function screenAfter(output: string): Promise<string[]> {
  const terminal = open();
  await write(terminal, output);
  return Array.from({ length: 5 }, (_value, row) => terminal.buffer.active.getLine(row)?.translateToString(true) ?? '');
}

describe('a terminal under guard', () => {
  it.each(['I', 'L', 'M', 'S', 'T', 'Z', 'b'])('is not busy for hours with CSI 2147483647 %s', async (final) => {
    expect(await screenAfter(`x\x1b[2147483647${final}\r\nafter`)).toContain('after');
  });

  it('erases above its last row, where xterm.js without a guard fails', async () => {
    expect(await screenAfter('\n'.repeat(4).concat('x'.repeat(20), '\x1b[1J\x1b[5Hafter'))).toEqual([
      '',
      '',
      '',
      '',
      'after',
    ]);
  });

  it('does what a program may ask for', async () => {
    expect((await screenAfter('x\x1b[3b'))[0]).toBe('xxxx');
    expect((await screenAfter('one\r\ntwo\x1b[1S'))[0]).toBe('two');
  });

  it('shows what one without shows, for any output', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOutput, { maxLength: 60 }), async (output) => {
        const [guarded, bare] = [open(), open(false)];
        await write(guarded, output.join(''));
        await write(bare, output.join(''));
        expect(shownBy(guarded)).toEqual(shownBy(bare));
      }),
      { numRuns: 200 },
    );
  });

  it('is in the state of one without, for any output and sizes: both screens, the scrollback, tab stops and modes', async () => {
    // No narrower than REP repeats, which is cut to a row.
    const size = fc.record({ cols: fc.integer({ min: 20, max: 40 }), rows: fc.integer({ min: 1, max: 12 }) });
    // xterm.js forgets a link once its row is written over, though there is more of it to come.
    const piece = anyOutput.filter((text) => !text.includes('\x1b]8;'));
    const output = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    const options = fc.record({ scrollOnEraseInDisplay: fc.boolean(), scrollback: fc.constantFrom(0, 3, 50) });
    await fc.assert(
      fc.asyncProperty(
        options,
        fc.array(fc.oneof({ arbitrary: output, weight: 8 }, { arbitrary: size, weight: 1 }), { maxLength: 8 }),
        async (given, steps) => {
          const states = [open(true, given), open(false, given)].map(async (terminal) => {
            const colors = new SetColors(terminal);
            const marker = terminal.registerMarker();
            for (const step of steps) {
              if (typeof step === 'string') await write(terminal, step);
              else terminal.resize(step.cols, step.rows);
            }
            // A reset of xterm.js forgets its markers without a word.
            const isReset = steps.some((step) => typeof step === 'string' && step.includes('\x1bc'));
            const line = isReset ? 0 : marker?.line;
            return [line, Buffer.from(captureState(terminal, colors)).toString('latin1')];
          });
          const [guarded, bare] = await Promise.all(states);
          expect(guarded).toEqual(bare);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is in that state whatever is put off until rows are read', async () => {
    const count = fc.constantFrom('', '1', '2', '3', '19', '30');
    const sequence = (final: string): fc.Arbitrary<string> => count.map((value) => `\x1b[${value}${final}`);
    const piece = fc.oneof(
      fc.constantFrom('x', 'wide漢', 'e\u0301', '\n', '\r\n', '\x1bM', '\x1bD', '\x1b#8', '\x1b[2J', '\x1b[J'),
      fc.constantFrom('\x1bc', 'y\x1bc', '\x1b[?1049h', '\x1b[?1049l', '\x1b[3J', '\x1b[?2J', '\x1b[1"q', '\x1b[0"q'),
      fc.constantFrom('\x1b[r', '\x1b[2;4r', '\x1b[1;3r', '\x1b[3;5r', '\x1b[2;2r', '\x1b[44m', '\x1b[m', '\x1b[4:3m'),
      fc.constantFrom('\x1b[H', '\x1b[2;5H', '\x1b[5;9H', '\x1b[99;20H', '\x1b[?6h', '\x1b[?6l', 'x'.repeat(45)),
      fc.constantFrom('x\x1b[b', 'x\x1b[3b', '漢\x1b[9b', 'x\x1b[19b'),
      fc.constantFrom('L', 'M', 'S', 'T', ' @', ' A', "'}", "'~", '@', 'P', 'X', 'K').chain(sequence),
    );
    const output = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(output, { maxLength: 4 }), fc.constantFrom(0, 3, 50), async (steps, scrollback) => {
        const states = [open(true, { scrollback }), open(false, { scrollback })].map(async (terminal) => {
          const colors = new SetColors(terminal);
          for (const step of steps) await write(terminal, step);
          return Buffer.from(captureState(terminal, colors)).toString('latin1');
        });
        const [guarded, bare] = await Promise.all(states);
        expect(guarded).toEqual(bare);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['resets', '\x1bc\x1bc\x1bcx\x1bc\x1bcy', 'y'],
    ['what follows a sequence that is cut off', '\x1b[3\x1bc\x1bc\x1b(\x1bcz', 'z'],
  ])('carries out %s one after another as one', async (_what, output, first) => {
    expect((await screenAfter(output))[0]).toBe(first);
  });

  it('lets rows share no cells that are written to', async () => {
    const terminal = open();
    await write(terminal, 'one\r\ntwo\x1b[2J\x1b[Ha\x1b[2Bb\x1b#8\x1b[2;2Hc\x1b[4;1H\x1b[K');
    const rows = Array.from({ length: 5 }, (_, y) => terminal.buffer.active.getLine(y)?.translateToString(true));
    const pattern = 'E'.repeat(20);
    expect(rows).toEqual([pattern, `Ec${'E'.repeat(18)}`, pattern, '', pattern]);
  });

  it('keeps no cells for blank lines of the scrollback', async () => {
    const terminal = new Terminal({ allowProposedApi: true, cols: 80, rows: 24, scrollback: 10_000, logLevel: 'off' });
    guardTerminal(terminal);
    await write(terminal, '\n'.repeat(9_000));
    const { lines } = coreOf(terminal)._bufferService.buffer;
    const cells = new Set(Array.from({ length: lines.length }, (_, index) => lines.get(index)?._data));
    expect(cells.size).toBeLessThan(5);
  });

  it('keeps nothing for each row of a link, and forgets links that no cell has', async () => {
    const terminal = open();
    await write(terminal, `\x1b]8;;http://e.org\x1b\\${'linked\r\n'.repeat(1_000)}`);
    expect(terminal.markers).toHaveLength(0);
    const first = coreOf(terminal)._inputHandler._curAttrData.extended.urlId;
    const links = coreOf(terminal)._oscLinkService;
    expect(links.getLinkData(first)?.uri).toBe('http://e.org');
    await write(
      terminal,
      `\x1b]8;;\x1b\\${Array.from({ length: 9_000 }, (_, n) => `\x1b]8;;x:${n}\x1b\\x\r\n`).join('')}`,
    );
    expect(links.getLinkData(first)).toBeUndefined();
    expect(links.getLinkData(coreOf(terminal)._inputHandler._curAttrData.extended.urlId)?.uri).toBe('x:8999');
  });

  it('joins the parts of a link by its id, and takes no endless address', async () => {
    const terminal = open();
    await write(terminal, '\x1b]8;id=a;x:1\x1b\\a\x1b]8;;x:2\x1b\\b\x1b]8;id=a;x:1\x1b\\c');
    const line = coreOf(terminal)._bufferService.buffer.lines.get(0);
    const [a, b, c] = [0, 1, 2].map((column) => line?._extendedAttrs[column]?.urlId);
    expect(a).toBe(c);
    expect(a).not.toBe(b);
    await write(terminal, `\x1b]8;;x:${'y'.repeat(5_000)}\x1b\\d`);
    expect(line?._extendedAttrs[3]?.urlId ?? 0).toBe(0);
  });

  it('does not pile up characters on one cell without end', async () => {
    const terminal = open();
    await write(terminal, `e${'\u0301'.repeat(100_000)}`);
    expect(terminal.buffer.active.getLine(0)?.getCell(0)?.getChars().length).toBeLessThan(100);
  });
});

describe('hostile output', () => {
  // A bound that holds on a busy machine; `npm run bench -- --only hostile` measures each against plain text.
  const timeFor = async (text: string): Promise<number> => {
    const terminal = new Terminal({ allowProposedApi: true, cols: 80, rows: 24, scrollback: 10_000, logLevel: 'off' });
    guardTerminal(terminal);
    const startedMs = performance.now();
    await write(terminal, text);
    const tookMs = performance.now() - startedMs;
    terminal.dispose();
    return tookMs;
  };

  it('does not make a terminal slower with each line', { timeout: 120_000 }, async () => {
    const growth: Record<string, number> = {};
    for (const output of [PLAIN_OUTPUT, ...HOSTILE_OUTPUTS]) {
      const [short, long] = [await timeFor(hostileText(output, 15_000)), await timeFor(hostileText(output, 60_000))];
      // Four times the length takes four times as long; what grows with the square, sixteen times.
      if (long > 2_000 && long > 12 * short) growth[output.name] = long / short;
    }
    expect(growth).toEqual({});
  });
});
