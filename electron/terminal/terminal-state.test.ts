import type { Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coreOf } from '../../shared/terminal/core.ts';
import { captureState, isAtBoundary, restoreState, SetColors } from '../../shared/terminal/state.ts';
import { anyOutput } from '../../shared/testing/terminal-output.ts';
import { openHeadlessTerminal } from './headless-terminal.ts';

type Part = string | readonly [number, number];

interface Opened {
  readonly terminal: Terminal;
  readonly colors: SetColors;
}

function open(): Opened {
  const terminal = openHeadlessTerminal({ cols: 20, rows: 6, scrollback: 40 });
  return { terminal, colors: new SetColors(terminal) };
}

async function play({ terminal }: Opened, parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    if (typeof part === 'string') await new Promise<void>((resolve) => terminal.write(part, resolve));
    else terminal.resize(...part);
  }
}

/** Everything that a terminal shows and does next, as its public interface and its core tell it. */
function describeTerminal({ terminal, colors }: Opened): unknown {
  const core = coreOf(terminal);
  const links = core._oscLinkService;
  const bufferOf = (name: 'normal' | 'alternate'): unknown => {
    const buffer = terminal.buffer[name];
    const inner = core._bufferService.buffers[name === 'normal' ? 'normal' : 'alt'];
    const rows = Array.from({ length: buffer.length }, (_row, y) => {
      const line = buffer.getLine(y);
      const cells = Array.from({ length: line?.length ?? 0 }, (_cell, x) => {
        const cell = line?.getCell(x);
        if (cell === undefined) return null;
        const extended = inner.lines.get(y)?._extendedAttrs[x];
        const hasExtended = ((inner.lines.get(y)?._data[x * 3 + 2] ?? 0) & 0x10000000) !== 0;
        return [
          cell.getChars(),
          cell.getWidth(),
          cell.getCode(),
          inner.lines.get(y)?._data[x * 3 + 1],
          inner.lines.get(y)?._data[x * 3 + 2],
          hasExtended ? [extended?.ext, links.getLinkData(extended?.urlId ?? 0)] : null,
        ];
      });
      return [line?.isWrapped, cells];
    });
    const { x, y, ybase, scrollTop, scrollBottom, savedX, savedY, tabs, savedCharset, savedCurAttrData } = inner;
    return {
      rows,
      x,
      y,
      ybase,
      scrollTop,
      scrollBottom,
      savedX,
      savedY,
      tabs: columns(tabs),
      savedCharset,
      ...penOf(savedCurAttrData),
    };
  };
  const columns = (tabs: object): string[] =>
    Object.entries(tabs).flatMap(([column, set]) => (set === true ? [column] : []));
  const penOf = ({
    fg,
    bg,
    extended,
  }: {
    fg: number;
    bg: number;
    extended: { ext: number; urlId: number };
  }): object => ({
    pen: [fg, bg, extended.ext, links.getLinkData(extended.urlId)],
  });
  const { _inputHandler: input, coreService, coreMouseService, _charsetService: charsets } = core;
  return {
    size: [terminal.cols, terminal.rows],
    active: terminal.buffer.active.type,
    normal: bufferOf('normal'),
    alternate: bufferOf('alternate'),
    ...penOf(input._curAttrData),
    modes: { ...terminal.modes },
    newLine: core.optionsService.options.convertEol,
    service: [
      coreService.modes,
      coreService.decPrivateModes,
      coreService.isCursorHidden,
      coreService.isCursorInitialized,
    ],
    mouse: [coreMouseService.activeProtocol, coreMouseService.activeEncoding],
    charsets: [
      charsets.glevel,
      charsets.charset ?? null,
      [0, 1, 2, 3].map((level) => charsets._charsets[level] ?? null),
    ],
    titles: [input._windowTitle, input._iconName, input._windowTitleStack, input._iconNameStack],
    colors: colors.all,
  };
}

const anySize = fc.tuple(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 12 }));
const anyParts: fc.Arbitrary<Part[]> = fc.array(fc.oneof({ arbitrary: anyOutput, weight: 12 }, anySize), {
  maxLength: 50,
});

describe('the state of a terminal', () => {
  it('makes another one equal to it, now and for all that follows', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anyParts, anyParts, async (before, after) => {
        const [old, fresh] = [open(), open()];
        await play(old, before);
        if (!isAtBoundary(old.terminal)) await play(old, ['\x18']);
        restoreState(fresh.terminal, captureState(old.terminal, old.colors));
        expect(describeTerminal(fresh)).toEqual(describeTerminal(old));
        await play(old, after);
        await play(fresh, after);
        expect(describeTerminal(fresh)).toEqual(describeTerminal(old));
      }),
      { numRuns: 300 },
    );
  });

  it('replaces whatever a terminal was in before', async () => {
    const [old, used] = [open(), open()];
    await play(old, ['plain\r\n']);
    await play(used, ['\x1b[?1049h\x1b[31m\x1b]4;1;#102030\x07\x1b[4h\x1b[2;3r\x1b(0', [30, 9]]);
    restoreState(used.terminal, captureState(old.terminal, old.colors));
    expect(describeTerminal(used)).toEqual(describeTerminal(old));
  });

  it('keeps what a terminal with a shorter scrollback has room for', async () => {
    const old = open();
    await play(old, [Array.from({ length: 40 }, (_, row) => `row ${row}`).join('\r\n')]);
    const short = openHeadlessTerminal({ cols: 20, rows: 6, scrollback: 5 });
    restoreState(short, captureState(old.terminal, old.colors));
    expect(short.buffer.active.getLine(0)?.translateToString(true)).toBe('row 29');
    expect(short.buffer.active.length).toBe(11);
    expect(short.buffer.active.baseY).toBe(5);
  });

  it('refuses what is no state', () => {
    const { terminal, colors } = open();
    const state = captureState(terminal, colors);
    expect(() => restoreState(terminal, state.subarray(0, state.byteLength - 1))).toThrow('cut off');
    expect(() => restoreState(terminal, new Uint8Array(3))).toThrow();
  });
});
