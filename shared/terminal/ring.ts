import { CELL_SIZE, DIFFERENT, uniformCells } from './cells.ts';
import type { Fill, Line, Lines, Region, SharedCells } from './core.ts';
import { type NewRow, share, sharedBy } from './rows.ts';

/** The classes of rings that put things off. */
const prepared = new WeakSet<object>();

/**
 * Lets a terminal's ring of rows put off what concerns many rows until one of them is read: rows that scroll within a
 * region are a ring of their own, which changes where it begins, and rows that are filled get their cells when something
 * reads or changes them. Both take one step then, however many rows they are, and what comes in between costs nothing.
 * All is carried out when the ring changes in any other way.
 */
export function putOff(lines: Lines): void {
  lines._region = undefined;
  lines._fill = undefined;
  const prototype: unknown = Object.getPrototypeOf(lines);
  if (!isRingClass(prototype) || prepared.has(prototype)) return;
  prepared.add(prototype);
  prototype.get = function (index) {
    let at = this._startIndex + index;
    if (at >= this._maxLength) at %= this._maxLength;
    if (this._region !== undefined) at = placeOf(this._region, at, this._maxLength);
    return this._fill === undefined ? this._array[at] : filledRow(this, this._fill, at);
  };
  const { set, push, recycle, pop, splice, trimStart, shiftElements } = prototype;
  prototype.set = function (index, line) {
    settle(this);
    set.call(this, index, line);
  };
  prototype.push = function (line) {
    settle(this);
    push.call(this, line);
  };
  prototype.recycle = function () {
    settle(this);
    return recycle.call(this);
  };
  prototype.pop = function () {
    settle(this);
    return pop.call(this);
  };
  prototype.splice = function (start, deleteCount, ...items) {
    settle(this);
    splice.call(this, start, deleteCount, ...items);
  };
  prototype.trimStart = function (count) {
    settle(this);
    trimStart.call(this, count);
  };
  prototype.shiftElements = function (start, count, offset) {
    settle(this);
    shiftElements.call(this, start, count, offset);
  };
  for (const name of ['length', 'maxLength']) {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    if (property?.set === undefined) continue;
    const { set: assign } = property;
    property.set = function (this: Lines, value: number): void {
      settle(this);
      assign.call(this, value);
    };
    Object.defineProperty(prototype, name, property);
  }
}

/** Where the row that belongs at a place of the ring is. */
function placeOf(region: Region, at: number, size: number): number {
  let index = at - region.at;
  if (index < 0) index += size;
  if (index >= region.count) return at;
  return wrap(region.at + wrap(index + region.offset, region.count), size);
}

/** The row at a place of the ring, filled if it is still to be. */
function filledRow({ _array: ring, _maxLength: size }: Lines, fill: Fill, at: number): Line | undefined {
  const line = ring[at];
  let index = at - fill.at;
  if (index < 0) index += size;
  if (index < fill.count && fill.done[index] !== fill.number) {
    fill.done[index] = fill.number;
    fill.left--;
    if (line !== undefined) {
      const { shared } = fill;
      share(line, line.length * CELL_SIZE === shared.data.length ? shared : uniformCells(shared, line.length));
      line.isWrapped = false;
    }
  }
  return line;
}

/** Fills `count` rows with a cell that has nothing but numbers. They are no longer wrapped. */
export function putOffFill(lines: Lines, from: number, count: number, shared: SharedCells): void {
  const size = lines._maxLength;
  const at = wrap(lines._startIndex + from, size);
  const { _region: region, _fill: fill } = lines;
  // The rows of a region that is filled as a whole may stay in any order.
  if (region !== undefined && !isWithin(region, at, count, size)) settle(lines);
  if (fill === undefined || fill.done.length < count || !isWithin(fill, at, count, size)) {
    if (fill !== undefined) settle(lines);
    const done = new Uint32Array(count);
    lines._fill = { at, count, shared, left: count, number: 1, done, cols: 0, row: undefined, spare: undefined };
    return;
  }
  if (fill.left === fill.count && fill.shared.content === DIFFERENT) fill.spare = fill.shared.data;
  if (fill.at !== at || fill.count !== count || fill.cols * CELL_SIZE !== shared.data.length) fill.cols = 0;
  fill.at = at;
  fill.count = count;
  fill.shared = shared;
  fill.left = count;
  fill.number++;
  lines._fill = fill;
}

/**
 * Changes these rows before they are filled, if none of them has been yet and all are as wide as the fill; `change` gets a
 * row in place of them.
 */
export function changeFill(lines: Lines, from: number, count: number, change: (line: Line) => void): boolean {
  const { _array: ring, _maxLength: size, _fill: fill, _region: region } = lines;
  const at = wrap(lines._startIndex + from, size);
  if (fill === undefined || fill.at !== at || fill.count !== count || fill.left !== count) return false;
  if (region !== undefined && !isWithin(region, at, count, size)) return false;
  if (fill.cols === 0) fill.cols = widthOf(lines, at, count);
  if (fill.cols * CELL_SIZE !== fill.shared.data.length) return false;
  fill.row ??= ring[at]?.clone();
  const { row, shared } = fill;
  if (row === undefined) return false;
  row._data = shared.data;
  row._shared = shared;
  row._spare = fill.spare;
  row.length = shared.data.length / CELL_SIZE;
  change(row);
  fill.spare = row._spare;
  fill.shared = sharedBy(row) ?? { content: DIFFERENT, fg: 0, bg: 0, data: row._data };
  return true;
}

/** How wide rows from that place on are; 0: not all the same. */
function widthOf({ _array: ring, _maxLength: size }: Lines, at: number, count: number): number {
  const cols = ring[at]?.length ?? 0;
  for (let index = 1; index < count; index++) if (ring[wrap(at + index, size)]?.length !== cols) return 0;
  return cols;
}

function isWithin(part: Region | Fill, at: number, count: number, size: number): boolean {
  const start = part.at - at;
  return (start < 0 ? start + size : start) + part.count <= count;
}

/** Rotates `count` rows: the one `shift` rows below the first becomes the first, and those above it come last. */
export function rotateRows(lines: Lines, from: number, count: number, shift: number): void {
  if (count < 2) return;
  const region = regionOf(lines, wrap(lines._startIndex + from, lines._maxLength), count);
  region.offset = wrap(region.offset + shift, count);
}

/** The first of `count` rows comes last; gives it back. */
export function firstToLast(lines: Lines, from: number, count: number): Line | undefined {
  const region = regionOf(lines, wrap(lines._startIndex + from, lines._maxLength), count);
  const place = wrap(region.at + region.offset, lines._maxLength);
  region.offset = wrap(region.offset + 1, count);
  return lines._fill === undefined ? lines._array[place] : filledRow(lines, lines._fill, place);
}

/** The last of `count` rows comes first; gives it back. */
export function lastToFirst(lines: Lines, from: number, count: number): Line | undefined {
  const region = regionOf(lines, wrap(lines._startIndex + from, lines._maxLength), count);
  region.offset = region.offset === 0 ? count - 1 : region.offset - 1;
  const place = wrap(region.at + region.offset, lines._maxLength);
  return lines._fill === undefined ? lines._array[place] : filledRow(lines, lines._fill, place);
}

/** What is less than twice the size of a ring, as a place in it. */
function wrap(at: number, size: number): number {
  return at >= size ? at - size : at;
}

/**
 * Adds a row between others, in one step, and gives it back as it was: the first row of all, which leaves a full ring, or
 * a new one.
 */
export function insertRow(lines: Lines, index: number, newRow: NewRow): Line | undefined {
  if (lines._fill !== undefined) settle(lines);
  const { _array: ring, _maxLength: size, _startIndex: start, _length: length } = lines;
  const place = wrap(start + index, size);
  const count = length - index;
  const last = wrap(place + count, size);
  const region = regionOf(lines, place, count);
  let line: Line | undefined;
  if (length === size) {
    line = ring[last];
    lines._startIndex = wrap(start + 1, size);
    lines.onTrimEmitter.fire(1);
  } else {
    line = newRow(false);
    lines._length = length + 1;
  }
  // The region moves down by one: the row that is in the new one's place takes the place behind the others.
  ring[last] = ring[place];
  ring[place] = line;
  region.at = wrap(place + 1, size);
  region.offset = region.offset === 0 ? count - 1 : region.offset - 1;
  return line;
}

/** Adds a row below all others, and gives it back as {@link insertRow} does. */
export function addRow(lines: Lines, newRow: NewRow): Line | undefined {
  if (lines._region !== undefined || lines._fill !== undefined) settle(lines);
  const { _array: ring, _maxLength: size, _startIndex: start, _length: length } = lines;
  if (length < size) {
    const line = newRow(false);
    ring[wrap(start + length, size)] = line;
    lines._length = length + 1;
    return line;
  }
  lines._startIndex = wrap(start + 1, size);
  lines.onTrimEmitter.fire(1);
  return ring[start];
}

/** A region with these rows, at this place of the ring. */
function regionOf(lines: Lines, at: number, count: number): Region {
  const region = lines._region;
  if (region !== undefined && region.at === at && region.count === count) return region;
  if (region !== undefined) settle(lines);
  const made = { at, count, offset: 0 };
  lines._region = made;
  return made;
}

const moved: (Line | undefined)[] = [];

/** Carries out what was put off. */
function settle(lines: Lines): void {
  const { _array: ring, _maxLength: size, _region: region, _fill: fill } = lines;
  lines._region = undefined;
  lines._fill = undefined;
  if (fill !== undefined) {
    for (let index = 0; index < fill.count; index++) filledRow(lines, fill, wrap(fill.at + index, size));
  }
  if (region === undefined || region.offset === 0) return;
  const { at, count, offset } = region;
  for (let index = 0; index < count; index++) moved[index] = ring[wrap(at + index, size)];
  for (let index = 0; index < count; index++) ring[wrap(at + index, size)] = moved[wrap(offset + index, count)];
  moved.fill(undefined, 0, count);
}

function isRingClass(value: unknown): value is Lines {
  return typeof value === 'object' && value !== null && 'recycle' in value && 'shiftElements' in value;
}
