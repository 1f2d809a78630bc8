import type { Cell, Line, Parameters, ScreenBuffer, SharedCells, TerminalCore } from './core.ts';
import { changeFill } from './ring.ts';
import { share, sharedBy, shareOwn } from './rows.ts';

/** Inserts or deletes cells of a row. */
type Move = (line: Line, column: number, count: number, cell: Cell) => void;

/** Columns are inserted and deleted (DECIC, DECDC, SL, SR) once for all rows that share their cells: they go on sharing. */
export function moveColumnsTogether({ _inputHandler, _bufferService }: TerminalCore): void {
  const { buffers } = _bufferService;
  const handler = (move: Move, columnOf: (buffer: ScreenBuffer) => number) => (parameters: Parameters) => {
    const { _activeBuffer: buffer } = buffers;
    const { y, scrollTop, scrollBottom } = buffer;
    if (y > scrollBottom || y < scrollTop) return true;
    const cell = buffer.getNullCell(_inputHandler._eraseAttrData());
    const [column, count] = [columnOf(buffer), parameters.params[0] || 1];
    moveInRows(buffer, (line) => move(line, column, count, cell));
    _inputHandler._dirtyRowTracker.markRangeDirty(scrollTop, scrollBottom);
    return true;
  };
  const insert: Move = (line, column, count, cell) => line.insertCells(column, count, cell);
  const remove: Move = (line, column, count, cell) => line.deleteCells(column, count, cell);
  _inputHandler.scrollLeft = handler(remove, () => 0);
  _inputHandler.scrollRight = handler(insert, () => 0);
  _inputHandler.insertColumns = handler(insert, ({ x }) => x);
  _inputHandler.deleteColumns = handler(remove, ({ x }) => x);
}

function moveInRows({ lines, ybase, scrollTop, scrollBottom }: ScreenBuffer, move: (line: Line) => void): void {
  const from = ybase + scrollTop;
  const count = scrollBottom - scrollTop + 1;
  if (changeFill(lines, from, count, move)) return;
  let before: SharedCells | undefined;
  let after: SharedCells | undefined;
  for (let index = from; index < from + count; index++) {
    const line = lines.get(index);
    if (line === undefined) continue;
    const shared = sharedBy(line);
    if (shared !== undefined && shared === before && after !== undefined) {
      share(line, after);
    } else {
      move(line);
      before = shared;
      after = shared === undefined ? undefined : shareOwn(line);
    }
    line.isWrapped = false;
  }
}
