import type { Terminal } from '@xterm/headless';
import { coreOf } from '../../shared/terminal/core.ts';
import { isAtBoundary } from '../../shared/terminal/state.ts';

const ESC = 0x1b;
const LF = 0x0a;
const CR = 0x0d;
const ERASE_IN_LINE = 0x4b;
const SELECT_GRAPHIC_RENDITION = 0x6d;
/** The longest run of attributes since the last reset that is carried over, in bytes. */
const MAX_PEN_BYTES = 4_096;
const NOTHING = new Uint8Array(0);

/** What of some output need not be parsed. */
export interface Skipped {
  /** How many bytes from its start on. */
  readonly skipped: number;
  /** To be parsed in their place: the attributes that they left. */
  readonly before: Uint8Array;
}

/**
 * Finds how much of plain output leaves no trace in a terminal, because what follows pushes it out of the scrollback:
 * text, line ends, tabs, colours and erasing to the line's end do nothing but that. Any other control or sequence may do
 * more, and then all of it is to be parsed.
 */
export function skipScrolledOut(terminal: Terminal, output: Uint8Array): Skipped {
  const all: Skipped = { skipped: 0, before: NOTHING };
  const { _bufferService: buffers, coreService, _inputHandler } = coreOf(terminal);
  const { buffer } = buffers;
  const scrolls = buffer.scrollTop === 0 && buffer.scrollBottom === terminal.rows - 1;
  if (buffer !== buffers.buffers.normal || !scrolls || coreService.decPrivateModes.wraparound !== true) return all;
  if (!isAtBoundary(terminal) || _inputHandler._curAttrData.extended.urlId !== 0) return all;
  const lines = (terminal.options.scrollback ?? 0) + 2 * terminal.rows + 1;
  const end = startOfLastLines(output, lines);
  if (end <= 0 || output[end - 2] !== CR || !isPlain(output, end)) return all;
  const pen = penAfter(output.subarray(0, end));
  return pen === null ? all : { skipped: end, before: new Uint8Array([...pen, CR]) };
}

/** The index after the line feed before the last `count` ones; 0: there are fewer. */
function startOfLastLines(output: Uint8Array, count: number): number {
  let index = output.byteLength;
  for (let found = 0; found <= count; found++) {
    index = output.lastIndexOf(LF, index - 1);
    if (index <= 0) return 0;
  }
  return index + 1;
}

/** Whether all of it does nothing but print, move on, and colour; from `cut` on, where a sequence may begin. */
function isPlain(output: Uint8Array, cut: number): boolean {
  for (let index = 0; index < output.byteLength; index++) {
    const byte = output[index] ?? 0;
    // C2 begins the C1 controls in UTF-8.
    if (byte >= 0x20 && byte !== 0x7f && byte !== 0xc2) continue;
    if (byte === LF || byte === CR || byte === 0x09) continue;
    if (byte === 0xc2) {
      if ((output[index + 1] ?? 0) < 0xa0) return false;
      continue;
    }
    if (byte !== ESC) return false;
    const final = finalOf(output, index);
    if (final < 0) return index >= cut && index + MAX_PEN_BYTES > output.byteLength;
    index = final;
  }
  return true;
}

/** The index of the last byte of a sequence for attributes or erasing in the line; −1: another one, or not complete. */
function finalOf(output: Uint8Array, start: number): number {
  if (output[start + 1] !== 0x5b) return -1;
  for (let index = start + 2; index < output.byteLength; index++) {
    const byte = output[index] ?? 0;
    if (byte >= 0x30 && byte <= 0x3b) continue;
    return byte === SELECT_GRAPHIC_RENDITION || byte === ERASE_IN_LINE ? index : -1;
  }
  return -1;
}

/** The sequences of attributes since the last that resets them all; null: too many. */
function penAfter(output: Uint8Array): Uint8Array | null {
  let pen: number[] = [];
  for (let start = output.indexOf(ESC); start >= 0; start = output.indexOf(ESC, start + 1)) {
    const final = finalOf(output, start);
    if (output[final] !== SELECT_GRAPHIC_RENDITION) continue;
    const resets = final === start + 2 || (final === start + 3 && output[start + 2] === 0x30);
    if (resets) pen = [];
    for (let index = start; index <= final; index++) pen.push(output[index] ?? 0);
    if (pen.length > MAX_PEN_BYTES) return null;
  }
  return Uint8Array.from(pen);
}
