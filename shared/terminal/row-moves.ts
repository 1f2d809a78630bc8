import type { Cell, Line, Lines, UniformCells } from './core.ts';
import { CELL_SIZE, holds, isPlain, share, uniformCells } from './rows.ts';

/** Fills `count` rows, which are then no longer wrapped; with `respectProtect` but for cells that are protected. */
export function fillRows(lines: Lines, from: number, count: number, cell: Cell, respectProtect = false): void {
  const { _array: ring, maxLength } = lines;
  let at = (lines._startIndex + from) % maxLength;
  const simple = !respectProtect && isPlain(cell);
  let uniform: UniformCells | undefined;
  for (let left = Math.min(count, lines.length - from); left > 0; left--) {
    const line = ring[at++];
    if (at === maxLength) at = 0;
    if (line === undefined) continue;
    if (simple) {
      if (uniform === undefined || uniform.data.length !== line.length * CELL_SIZE)
        uniform = uniformCells(cell, line.length);
      share(line, uniform);
    } else {
      line.fill(cell, respectProtect);
    }
    line.isWrapped = false;
  }
}

/** Makes rows blank and as wide as the screen, as new ones are. */
export function renewRows(lines: Lines, from: number, count: number, blank: UniformCells): void {
  for (let index = from; index < from + count; index++) {
    const line = lines.get(index);
    if (line === undefined) continue;
    share(line, blank);
    line.length = blank.data.length / CELL_SIZE;
    line.isWrapped = false;
  }
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
  const blank = uniformCells(cell, cols);
  if (!areBlank(lines, from, height, blank)) {
    renewRows(lines, up ? from : to - count + 1, count, blank);
    if (count < height) rotateRows(lines, from, height, up ? count : height - count);
  }
  lines.onDeleteEmitter.fire({ index: up ? from : to - count + 1, amount: count });
  lines.onInsertEmitter.fire({ index: up ? to - count + 1 : from, amount: count });
}

/** Whether all of these rows are as new ones: blank, as wide as the screen, and not wrapped. */
export function areBlank(
  { _array: ring, maxLength, _startIndex }: Lines,
  from: number,
  count: number,
  blank: UniformCells,
): boolean {
  let at = (_startIndex + from) % maxLength;
  for (let left = count; left > 0; left--) {
    const line = ring[at++];
    if (line === undefined || line.isWrapped || !holds(line, blank)) return false;
    if (at === maxLength) at = 0;
  }
  return true;
}

const moved: (Line | undefined)[] = [];

/** The row `shift` rows below the first becomes the first; those above it come last. */
export function rotateRows(
  { _array: ring, maxLength, _startIndex }: Lines,
  from: number,
  count: number,
  shift: number,
): void {
  if (count < 2) return;
  const start = (_startIndex + from) % maxLength;
  if (shift === 1) {
    const first = ring[start];
    let at = start;
    for (let left = count - 1; left > 0; left--) {
      const next = at + 1 === maxLength ? 0 : at + 1;
      ring[at] = ring[next];
      at = next;
    }
    ring[at] = first;
    return;
  }
  if (shift === count - 1) {
    const end = (start + count - 1) % maxLength;
    const last = ring[end];
    let at = end;
    for (let left = count - 1; left > 0; left--) {
      const next = at === 0 ? maxLength - 1 : at - 1;
      ring[at] = ring[next];
      at = next;
    }
    ring[at] = last;
    return;
  }
  for (let offset = 0, at = start; offset < count; offset++) {
    moved[offset] = ring[at++];
    if (at === maxLength) at = 0;
  }
  for (let offset = 0, at = start, source = shift; offset < count; offset++) {
    ring[at++] = moved[source++];
    if (at === maxLength) at = 0;
    if (source === count) source = 0;
  }
  moved.fill(undefined, 0, count);
}
