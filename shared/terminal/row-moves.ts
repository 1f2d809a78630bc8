import { CELL_SIZE, isPlain, uniformCells } from './cells.ts';
import type { Cell, Line, Lines, SharedCells } from './core.ts';
import { changeFill, putOffFill, rotateRows } from './ring.ts';
import { share } from './rows.ts';

/** Fills `count` rows, which are then no longer wrapped; with `respectProtect` but for cells that are protected. */
export function fillRows(
  lines: Lines,
  { from, count, cols }: { readonly from: number; readonly count: number; readonly cols: number },
  cell: Cell,
  respectProtect = false,
): void {
  const end = Math.min(from + count, lines.length);
  if (end <= from) return;
  if (!respectProtect && isPlain(cell)) {
    putOffFill(lines, from, end - from, uniformCells(cell, cols));
    return;
  }
  if (changeFill(lines, from, end - from, (line) => line.fill(cell, respectProtect))) return;
  let unchanged: SharedCells | undefined;
  for (let index = from; index < end; index++) {
    const line = lines.get(index);
    if (line === undefined) continue;
    const shared = line._shared;
    if (shared === undefined || shared !== unchanged) {
      line.fill(cell, respectProtect);
      // Rows that are alike stay so together.
      unchanged = line._shared === shared ? shared : undefined;
    }
    line.isWrapped = false;
  }
}

/** Makes rows blank and as wide as the screen, as new ones are. */
function renewRows(lines: Lines, from: number, count: number, blank: SharedCells): void {
  for (let index = from; index < from + count; index++) {
    const line = lines.get(index);
    if (line !== undefined) renewRow(line, blank);
  }
}

/** Makes a row blank and as wide as the screen, as a new one is. */
export function renewRow(line: Line, blank: SharedCells): void {
  share(line, blank);
  line.length = blank.data.length / CELL_SIZE;
  line.isWrapped = false;
}

/** Rows `from` … `to` of a ring. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Moves rows up or down by `count`, in one step. The rows that leave come back at the other end as new ones of `cols`
 * blank cells. Markers on the rows go with them, or away.
 */
export function moveRows(
  lines: Lines,
  { from, to }: RowRange,
  {
    count,
    up,
    cell,
    cols,
  }: { readonly count: number; readonly up: boolean; readonly cell: Cell; readonly cols: number },
): void {
  const height = to - from + 1;
  if (to >= lines.length) return;
  renewRows(lines, up ? from : to - count + 1, count, uniformCells(cell, cols));
  if (count < height) rotateRows(lines, from, height, up ? count : height - count);
  lines.onDeleteEmitter.fire({ index: up ? from : to - count + 1, amount: count });
  lines.onInsertEmitter.fire({ index: up ? to - count + 1 : from, amount: count });
}
