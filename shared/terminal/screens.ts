import { HAS_EXTENDED, WIDTH_ONE, WIDTH_SHIFT } from './cells.ts';
import type { Cell, Line, ScreenBuffer, TerminalCore } from './core.ts';
import { fillRows } from './row-moves.ts';
import { hastenTabStops } from './tabs.ts';

/** What DECALN fills the screen with: a narrow E. */
const PATTERN = WIDTH_ONE | 0x45;

/**
 * Makes what concerns whole screens take as few steps as there are rows: clearing and filling the screen, tab stops and
 * repeated characters.
 */
export function hastenScreens(core: TerminalCore): void {
  hastenTabStops(core);
  fillScreens(core);
  repeatTogether(core);
}

/** ED and DECALN fill all rows in one step. */
function fillScreens(core: TerminalCore): void {
  const { _inputHandler, _bufferService, optionsService } = core;
  const { eraseInDisplay, screenAlignmentPattern } = _inputHandler;
  _inputHandler.eraseInDisplay = function (parameters, respectProtect) {
    const which = parameters.params[0];
    const isWhole = which === 2 && !optionsService.rawOptions.scrollOnEraseInDisplay;
    if (!isWhole && which !== 0 && which !== 1) {
      return eraseInDisplay.call(this, parameters, respectProtect);
    }
    this._restrictCursor(_bufferService.cols);
    const { buffer } = _bufferService;
    const { rows, cols } = _bufferService;
    const { lines, x, y, ybase } = buffer;
    const blank = buffer.getNullCell(this._eraseAttrData());
    const line = isWhole ? undefined : lines.get(ybase + y);
    if (line !== undefined) {
      line.replaceCells(which === 0 ? x : 0, which === 0 ? cols : x + 1, blank, respectProtect);
      if (which === 1 || x === 0) line.isWrapped = false;
    }
    if (which === 1 && x + 1 >= cols) {
      // The row that xterm.js takes for the next one; it fails where there is none.
      const next = lines.get(y + 1);
      if (next !== undefined) next.isWrapped = false;
    }
    const top = which === 0 ? y + 1 : 0;
    const bottom = which === 1 ? y : rows;
    fillRows(lines, { from: ybase + top, count: bottom - top, cols }, blank, respectProtect);
    clearMarkers(buffer, ybase + top, ybase + bottom);
    this._dirtyRowTracker.markRangeDirty(which === 0 ? y : 0, which === 1 ? y : rows - 1);
    return true;
  };
  _inputHandler.screenAlignmentPattern = function () {
    const { buffer } = _bufferService;
    const { fg, bg } = this._curAttrData;
    // In origin mode its rows begin at the top margin.
    if ((bg & HAS_EXTENDED) !== 0 || core.coreService.decPrivateModes.origin === true) {
      return screenAlignmentPattern.call(this);
    }
    this._setCursor(0, 0);
    const { extended } = this._curAttrData;
    const cell: Cell = { content: PATTERN, fg, bg, extended, combinedData: '' };
    const { cols, rows: count } = _bufferService;
    fillRows(buffer.lines, { from: buffer.ybase, count, cols }, cell);
    this._dirtyRowTracker.markRangeDirty(0, _bufferService.rows - 1);
    return true;
  };
}

function clearMarkers(buffer: ScreenBuffer, from: number, to: number): void {
  if (buffer.markers.length === 0) return;
  const rows = new Set<number>();
  for (const { line } of buffer.markers) if (line >= from && line < to) rows.add(line);
  for (const row of rows) buffer.clearMarkers(row);
}

/** REP draws what it repeats by filling the rest of the row. */
function repeatTogether(core: TerminalCore): void {
  const { _inputHandler, _bufferService, _charsetService, coreService, optionsService, unicodeService } = core;
  const { repeatPrecedingCharacter } = _inputHandler;
  const one = new Uint32Array(1);
  /** Its number and width; null: it is to be repeated one by one. */
  const repeated = (): { readonly code: number; readonly width: number } | null => {
    const state = _inputHandler._parser.precedingJoinState;
    const width = (state >> 1) & 3;
    if (width < 1 || width > 2 || _charsetService.charset !== undefined) return null;
    if (coreService.modes.insertMode === true || optionsService.rawOptions.screenReaderMode) return null;
    if ((_inputHandler._curAttrData.bg & HAS_EXTENDED) !== 0) return null;
    // Where rows do not wrap, a print that begins at the end of one clears half a wide character.
    if (width === 2 && coreService.decPrivateModes.wraparound !== true) return null;
    const { buffer } = _bufferService;
    const text = buffer.lines.get(buffer.ybase + buffer.y)?.getString(buffer.x - width) ?? '';
    const code = text.codePointAt(0);
    if (code === undefined || text !== String.fromCodePoint(code)) return null;
    const again = unicodeService.charProperties(code, state);
    const joins = (again & 1) !== 0;
    return joins || ((again >> 1) & 3) !== width ? null : { code, width };
  };
  _inputHandler.repeatPrecedingCharacter = function (parameters) {
    const { buffer } = _bufferService;
    const character = (parameters.params[0] ?? 0) > 2 ? repeated() : null;
    if (character === null) return repeatPrecedingCharacter.call(this, parameters);
    const { code, width } = character;
    one[0] = code;
    // The first and the last one are printed, which sees to wide characters that they cut in two, and to line ends.
    let left = parameters.params[0] ?? 1;
    while (left > 0) {
      this.print(one, 0, 1);
      left--;
      const count = Math.min(left - 1, Math.floor((_bufferService.cols - buffer.x) / width));
      if (count < 1) continue;
      const line = buffer.lines.get(buffer.ybase + buffer.y);
      if (line === undefined) return true;
      draw(line, buffer.x, count, code, width, this._curAttrData);
      buffer.x += count * width;
      left -= count;
    }
    return true;
  };
}

function draw(
  line: Line,
  column: number,
  count: number,
  code: number,
  width: number,
  pen: { readonly fg: number; readonly bg: number },
): void {
  const end = column + count * width;
  const { fg, bg } = pen;
  line.ownCells();
  const data = line._data;
  for (let at = column * 3; at < end * 3; ) {
    data[at++] = code | (width << WIDTH_SHIFT);
    data[at++] = fg;
    data[at++] = bg;
    if (width === 1) continue;
    data[at++] = 0;
    data[at++] = fg;
    data[at++] = bg;
  }
}
