import {
  type Cell,
  coreOf,
  type Line,
  type Lines,
  type OscHandler,
  type Parameters,
  type TerminalCore,
} from './terminal-core.ts';
import { TerminalLinks } from './terminal-links.ts';

/** The most lines or tab stops that a sequence may ask for; no terminal of Sandglass is larger. */
const MAX_REPEATS = 1_000;
/** The longest operating system command that is carried out, in characters: setting all 256 colours takes 7,000. */
export const MAX_COMMAND_LENGTH = 16_384;
/** The operating system commands that xterm.js carries out. */
const COMMANDS = [0, 1, 2, 4, 8, 10, 11, 12, 104, 110, 111, 112] as const;
/** More than these on one character are left out, in UTF-16 units; what no script needs takes a browser seconds to draw. */
const MAX_CLUSTER_LENGTH = 64;
/** A cell of these has attributes that need more than its numbers: BgFlags.HAS_EXTENDED of xterm.js. */
const HAS_EXTENDED = 0x10000000;
/** How a cell's content is made up, in xterm.js: Content.IS_COMBINED_MASK, WIDTH_MASK and WIDTH_SHIFT. */
const IS_COMBINED = 0x200000;
const WIDTH_MASK = 0xc00000;
const WIDTH_SHIFT = 22;
/** Numbers for each cell of a row. */
const CELL_SIZE = 3;

/**
 * Makes a terminal of `@xterm/xterm` or `@xterm/headless` safe for hostile output: no output is to take much longer than
 * plain text of its length. What a sequence repeats is bounded by the screen, beyond which it has no effect; rows move
 * together instead of one by one; links cost the same wherever they are; commands and characters have a longest length.
 * What a terminal shows stays what xterm.js would show.
 *
 * @throws Error when the terminal is not of the version that is known here
 */
export function guardTerminal(terminal: object): void {
  const core = coreOf(terminal);
  TerminalLinks.install(core);
  boundRepeats(core);
  moveRowsTogether(core);
  // Handlers run from the last one on.
  refuseEndlessRepeats(core);
  boundCommands(core);
  const line = core._bufferService.buffer.lines.get(0);
  if (line !== undefined) hastenLines(line);
}

/** Sequences that xterm.js carries out as often as they say, up to 2³¹ times, in columns; more than a row has no effect. */
function boundRepeats(core: TerminalCore): void {
  const { _inputHandler, _bufferService } = core;
  const bound = (parameters: Parameters, most: number): boolean => {
    if ((parameters.params[0] ?? 0) > most) parameters.params[0] = most;
    return false;
  };
  for (const final of ['@', 'P', 'X', 'I', 'Z']) {
    _inputHandler._parser.registerCsiHandler({ final }, (parameters) => bound(parameters, _bufferService.cols));
  }
  for (const id of [
    { intermediates: ' ', final: '@' },
    { intermediates: ' ', final: 'A' },
    { intermediates: "'", final: '}' },
    { intermediates: "'", final: '~' },
  ]) {
    _inputHandler._parser.registerCsiHandler(id, (parameters) => bound(parameters, _bufferService.cols));
  }
  // REP repeats a character. Programs use it within a row; more than a screen of it is refused.
  _inputHandler._parser.registerCsiHandler({ final: 'b' }, (parameters) => {
    if ((parameters.params[0] ?? 0) > _bufferService.cols * _bufferService.rows) return true;
    return bound(parameters, _bufferService.cols);
  });
}

/** Drops the sequences that no program means: those that repeat what even the largest screen has no room for. */
function refuseEndlessRepeats(core: TerminalCore): void {
  for (const final of ['I', 'L', 'M', 'S', 'T', 'Z']) {
    core._inputHandler._parser.registerCsiHandler({ final }, ({ params }) => (params[0] ?? 0) > MAX_REPEATS);
  }
}

/** IL, DL, SU and SD move all rows in one step. xterm.js moves them by one row as often as the sequence says. */
function moveRowsTogether(core: TerminalCore): void {
  const { _inputHandler, _bufferService } = core;
  const atCursor = (up: boolean) => (parameters: Parameters) => {
    _inputHandler._restrictCursor();
    const { buffer } = _bufferService;
    if (buffer.y > buffer.scrollBottom || buffer.y < buffer.scrollTop) return true;
    move(parameters, up, buffer.y, true);
    buffer.x = 0;
    return true;
  };
  const move = (parameters: Parameters, up: boolean, top: number, erases: boolean): void => {
    const { buffer } = _bufferService;
    const from = buffer.ybase + top;
    const to = buffer.ybase + buffer.scrollBottom;
    const count = Math.min(parameters.params[0] || 1, to - from + 1);
    const blank = buffer.getNullCell(erases ? _inputHandler._eraseAttrData() : undefined);
    moveRows(buffer.lines, { from, to, count, up }, blank);
    _inputHandler._dirtyRowTracker.markRangeDirty(top, buffer.scrollBottom);
  };
  const { _parser } = _inputHandler;
  _parser.registerCsiHandler({ final: 'L' }, atCursor(false));
  _parser.registerCsiHandler({ final: 'M' }, atCursor(true));
  for (const up of [true, false]) {
    _parser.registerCsiHandler({ final: up ? 'S' : 'T' }, (parameters) => {
      // xterm.js erases with the background colour only where it scrolls up.
      move(parameters, up, _bufferService.buffer.scrollTop, up);
      return true;
    });
  }
}

function moveRows(
  lines: Lines,
  { from, to, count, up }: { readonly from: number; readonly to: number; readonly count: number; readonly up: boolean },
  blank: Cell,
): void {
  const rows: Line[] = [];
  for (let index = from; index <= to; index++) {
    const line = lines.get(index);
    if (line === undefined) return;
    rows.push(line);
  }
  const gone = up ? rows.splice(0, count) : rows.splice(rows.length - count, count);
  for (const line of gone) {
    line.fill(blank);
    line.isWrapped = false;
  }
  const moved = up ? [...rows, ...gone] : [...gone, ...rows];
  for (const [offset, line] of moved.entries()) lines.set(from + offset, line);
  // Markers on the rows go with them, or away.
  lines.onDeleteEmitter.fire({ index: up ? from : to - count + 1, amount: count });
  lines.onInsertEmitter.fire({ index: up ? to - count + 1 : from, amount: count });
}

/** Commands that are too long are dropped: what takes their text apart would take long, and no program means it. */
function boundCommands(core: TerminalCore): void {
  for (const command of COMMANDS) core._inputHandler._parser.registerOscHandler(command, new LengthLimit());
}

class LengthLimit implements OscHandler {
  #length = 0;

  start(): void {
    this.#length = 0;
  }

  put(_data: Uint32Array, start: number, end: number): void {
    this.#length += end - start;
  }

  /** True: handled, and not passed on. */
  end(success: boolean): boolean {
    return success && this.#length > MAX_COMMAND_LENGTH;
  }
}

const hastened = new WeakSet<object>();

/** Fills rows by their numbers, where a cell has no more than those; and bounds what piles up on one character. */
function hastenLines(line: Line): void {
  const prototype: unknown = Object.getPrototypeOf(line);
  if (!isLineClass(prototype) || hastened.has(prototype)) return;
  hastened.add(prototype);
  const { fill, replaceCells, addCodepointToCell } = prototype;
  prototype.fill = function (cell, respectProtect) {
    if (respectProtect === true || !isPlain(cell)) {
      fill.call(this, cell, respectProtect);
      return;
    }
    this._combined = {};
    this._extendedAttrs = {};
    fillCells(this._data, 0, this.length * CELL_SIZE, cell);
  };
  prototype.replaceCells = function (start, end, cell, respectProtect) {
    const last = Math.min(end, this.length);
    // Its first and last cell may cut a wide character in two.
    if (respectProtect === true || !isPlain(cell) || last - start < 4) {
      replaceCells.call(this, start, end, cell, respectProtect);
      return;
    }
    replaceCells.call(this, start, start + 1, cell, false);
    replaceCells.call(this, last - 1, end, cell, false);
    fillCells(this._data, (start + 1) * CELL_SIZE, (last - 1) * CELL_SIZE, cell);
  };
  prototype.addCodepointToCell = function (index, codePoint, width) {
    const at = index * CELL_SIZE;
    const content = this._data[at] ?? 0;
    if ((content & IS_COMBINED) === 0 || (this._combined[index]?.length ?? 0) < MAX_CLUSTER_LENGTH) {
      addCodepointToCell.call(this, index, codePoint, width);
    } else if (width > 0) {
      this._data[at] = (content & ~WIDTH_MASK) | (width << WIDTH_SHIFT);
    }
  };
}

function isPlain(cell: Cell): boolean {
  return (cell.bg & HAS_EXTENDED) === 0;
}

function fillCells(data: Uint32Array, start: number, end: number, { content, fg, bg }: Cell): void {
  for (let index = start; index < end; index += CELL_SIZE) {
    data[index] = content;
    data[index + 1] = fg;
    data[index + 2] = bg;
  }
}

function isLineClass(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && 'fill' in value && 'addCodepointToCell' in value;
}
