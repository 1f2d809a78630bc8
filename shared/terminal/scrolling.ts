import { uniformCells, WIDTH_ONE } from './cells.ts';
import type { Attributes, Line, SharedCells, TerminalCore } from './core.ts';
import { addRow, firstToLast, insertRow, lastToFirst, putOff } from './ring.ts';
import { renewRow } from './row-moves.ts';
import type { NewRow } from './rows.ts';

/**
 * Scrolling takes one step, within margins and without, and makes no rows where a row leaves. xterm.js moves all rows
 * between the margins, makes a row each time, and takes a line feed above a margin for an insertion in the middle of the
 * scrollback.
 */
export function hastenScrolling(core: TerminalCore, newRow: NewRow): void {
  const { _bufferService, _inputHandler } = core;
  const { buffers } = _bufferService;
  for (const { lines } of [buffers.normal, buffers.alt]) putOff(lines);
  const notifyScrolled = joinScrollEvents(core);
  const blankFor = blankCells();
  const { scroll } = _bufferService;
  _bufferService.scroll = function (attributes, isWrapped = false) {
    const { _activeBuffer: buffer } = buffers;
    const { lines, ybase, scrollTop, scrollBottom } = buffer;
    const below = ybase + scrollBottom + 1;
    if (below > lines._length) {
      scroll.call(this, attributes, isWrapped);
      return;
    }
    let row: Line | undefined;
    if (scrollTop > 0) {
      // Nothing goes into the scrollback: the row at the top comes back blank at the bottom.
      row = firstToLast(lines, ybase + scrollTop, scrollBottom - scrollTop + 1);
    } else {
      // The row at the top goes into the scrollback; a blank one comes in above those below the bottom margin.
      const isFull = lines._length === lines._maxLength;
      if (below === lines._length) {
        row = addRow(lines, newRow);
      } else {
        if (lines.onInsertEmitter.hasListeners()) lines.onInsertEmitter.fire({ index: below, amount: 1 });
        row = insertRow(lines, below, newRow);
      }
      if (!isFull) {
        buffer.ybase++;
        if (!this.isUserScrolling) buffer.ydisp++;
      } else if (this.isUserScrolling) {
        buffer.ydisp = Math.max(buffer.ydisp - 1, 0);
      }
    }
    if (row !== undefined) {
      renewRow(row, blankFor(attributes, this.cols));
      row.isWrapped = isWrapped;
    }
    if (!this.isUserScrolling) buffer.ydisp = buffer.ybase;
    notifyScrolled();
  };
  const { reverseIndex } = _inputHandler;
  _inputHandler.reverseIndex = function () {
    this._restrictCursor();
    const { _activeBuffer: buffer } = buffers;
    if (buffer.y !== buffer.scrollTop) return reverseIndex.call(this);
    const { lines, ybase, scrollTop, scrollBottom } = buffer;
    const row = lastToFirst(lines, ybase + scrollTop, scrollBottom - scrollTop + 1);
    if (row !== undefined) renewRow(row, blankFor(this._eraseAttrData(), _bufferService.cols));
    this._dirtyRowTracker.markRangeDirty(scrollTop, scrollBottom);
    return true;
  };
}

/** The cells of blank rows; those of the last call are at hand. */
function blankCells(): (attributes: Attributes, cols: number) => SharedCells {
  let last = uniformCells({ content: WIDTH_ONE, fg: 0, bg: 0 }, 0);
  let lastCols = 0;
  return ({ fg, bg }, cols) => {
    if (lastCols !== cols || last.bg !== bg || last.fg !== fg) {
      last = uniformCells({ content: WIDTH_ONE, fg, bg }, cols);
      lastCols = cols;
    }
    return last;
  };
}

/**
 * Rows that scroll while output is parsed are notified of once, when a piece of it is parsed: nothing is shown before, and
 * a window computes its scroll bar each time.
 */
function joinScrollEvents({ _bufferService, _inputHandler }: TerminalCore): () => void {
  const { buffers, _onScroll } = _bufferService;
  const { _parser, _dirtyRowTracker } = _inputHandler;
  const { parse } = _parser;
  let isParsing = false;
  let hasScrolled = false;
  _parser.parse = function (data, length, promiseResult) {
    isParsing = true;
    try {
      return parse.call(this, data, length, promiseResult);
    } finally {
      isParsing = false;
      if (hasScrolled) {
        hasScrolled = false;
        _onScroll.fire(buffers._activeBuffer.ydisp);
      }
    }
  };
  return () => {
    const { scrollTop, scrollBottom, ydisp } = buffers._activeBuffer;
    if (isParsing) {
      hasScrolled = true;
      _dirtyRowTracker.markRangeDirty(scrollTop, scrollBottom);
    } else {
      _onScroll.fire(ydisp);
    }
  };
}
