import { uniformCells } from './cells.ts';
import type { Attributes, ScreenBuffer, TerminalCore } from './core.ts';
import { insertRow, rotateRows, scrollByRegions } from './ring.ts';
import { renewRow, renewRows } from './row-moves.ts';

/**
 * Scrolling within margins, up and down, moves rows in one step and makes no new ones. xterm.js makes a row each time,
 * and takes a line feed within margins for an insertion in the middle of the scrollback. A line feed on the whole screen,
 * as in plain output, stays as it is there.
 */
export function hastenScrolling({ _bufferService, _inputHandler }: TerminalCore): void {
  const { normal, alt } = _bufferService.buffers;
  for (const { lines } of [normal, alt]) scrollByRegions(lines);
  const { scroll } = _bufferService;
  _bufferService.scroll = function (attributes, isWrapped = false) {
    const { buffer } = this;
    if (buffer.scrollTop > 0) {
      scrollWithin(buffer, attributes, isWrapped);
    } else if (buffer.ybase + buffer.scrollBottom < buffer.lines.length - 1) {
      const grows = !buffer.lines.isFull;
      scrollOut(buffer, attributes, isWrapped);
      if (grows) {
        buffer.ybase++;
        if (!this.isUserScrolling) buffer.ydisp++;
      } else if (this.isUserScrolling) {
        buffer.ydisp = Math.max(buffer.ydisp - 1, 0);
      }
    } else {
      scroll.call(this, attributes, isWrapped);
      return;
    }
    if (!this.isUserScrolling) buffer.ydisp = buffer.ybase;
    this._onScroll.fire(buffer.ydisp);
  };
  const { reverseIndex } = _inputHandler;
  _inputHandler.reverseIndex = function () {
    this._restrictCursor();
    const { buffer } = _bufferService;
    if (buffer.y !== buffer.scrollTop) return reverseIndex.call(this);
    const { lines } = buffer;
    const from = buffer.ybase + buffer.scrollTop;
    const height = buffer.scrollBottom - buffer.scrollTop + 1;
    const blank = uniformCells(buffer.getNullCell(this._eraseAttrData()), _bufferService.cols);
    renewRows(lines, from + height - 1, 1, blank);
    rotateRows(lines, from, height, height - 1);
    this._dirtyRowTracker.markRangeDirty(buffer.scrollTop, buffer.scrollBottom);
    return true;
  };
}

/** Nothing goes into the scrollback: the row at the top comes back blank at the bottom. */
function scrollWithin(buffer: ScreenBuffer, attributes: Attributes, isWrapped: boolean): void {
  const { lines } = buffer;
  const from = buffer.ybase + buffer.scrollTop;
  const height = buffer.scrollBottom - buffer.scrollTop + 1;
  const blank = uniformCells(buffer.getNullCell(attributes), buffer._bufferService.cols);
  renewRows(lines, from, 1, blank);
  rotateRows(lines, from, height, 1);
  const row = lines.get(from + height - 1);
  if (row !== undefined) row.isWrapped = isWrapped;
}

/** The row at the top goes into the scrollback; a blank one comes in above those below the bottom margin. */
function scrollOut(buffer: ScreenBuffer, attributes: Attributes, isWrapped: boolean): void {
  const { lines } = buffer;
  const below = buffer.ybase + buffer.scrollBottom + 1;
  lines.onInsertEmitter.fire({ index: below, amount: 1 });
  const row = insertRow(lines, below, () => buffer.getBlankLine(attributes));
  if (row === undefined) return;
  renewRow(row, uniformCells(buffer.getNullCell(attributes), buffer._bufferService.cols));
  row.isWrapped = isWrapped;
}
