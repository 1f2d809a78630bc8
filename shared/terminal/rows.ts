import {
  CELL_SIZE,
  DIFFERENT,
  fillCells,
  HAS_EXTENDED,
  IS_COMBINED,
  isPlain,
  newCells,
  uniformCells,
  WIDTH_MASK,
  WIDTH_ONE,
  WIDTH_SHIFT,
} from './cells.ts';
import type { Cell, ExtendedAttributes, Line, ScreenBuffer, SharedCells, TerminalCore } from './core.ts';

/** A protected cell (DECSCA): BgFlags.PROTECTED. */
const PROTECTED = 0x20000000;
/** More than these on one character are left out, in UTF-16 units; what no script needs takes a browser seconds to draw. */
const MAX_CLUSTER_LENGTH = 64;
/** A character: Content.HAS_CONTENT_MASK of xterm.js. */
const HAS_CONTENT = 0x3fffff;

/** What cells have beside their numbers, in rows where none has more. It takes nothing in. */
const NONE: Record<number, never> = Object.freeze({});

/** Fills a row in one step, whatever its length is. */
export function share(line: Line, shared: SharedCells): void {
  const before = line._shared;
  if (before === shared) return;
  if (before === undefined || before.data === NO_CELLS) {
    line._spare = line._data;
    line._combined = NONE;
    line._extendedAttrs = NONE;
  }
  line._data = shared.data;
  line._shared = shared;
}

/** Gives a row cells of its own, before something is written to them. */
function own(line: Line): void {
  const shared = line._shared;
  line._shared = undefined;
  if (shared === undefined || shared.data === NO_CELLS) return;
  takeCells(line, shared.data.length);
  line._data.set(shared.data);
}

/** Gives a row cells of its own, with anything in them: those it had before, or new ones. */
function takeCells(line: Line, size: number): void {
  const spare = line._spare;
  line._spare = undefined;
  line._data = spare !== undefined && spare.length === size ? spare : newCells(size / CELL_SIZE);
}

/** Gives a row these cells, which no other row has. */
export function giveCells(line: Line, data: Uint32Array): void {
  line._shared = undefined;
  line._spare = undefined;
  line._data = data;
}

/** The characters of a cell that has more than one. */
export function setCombined(line: Line, column: number, text: string): void {
  if (line._combined === NONE) line._combined = [];
  line._combined[column] = text;
}

/** The underline and link of a cell that has them. */
export function setExtended(line: Line, column: number, attributes: ExtendedAttributes): void {
  if (line._extendedAttrs === NONE) line._extendedAttrs = [];
  line._extendedAttrs[column] = attributes;
}

/** What cells of a shared row are; undefined for a row with cells of its own. */
export function sharedBy(line: Line): SharedCells | undefined {
  const shared = line._shared;
  return shared !== undefined && shared.data !== NO_CELLS ? shared : undefined;
}

/** Lets other rows share the cells of this one; undefined where they have more than their numbers. */
export function shareOwn(line: Line): SharedCells | undefined {
  const known = sharedBy(line);
  if (known !== undefined) return known;
  if (hasMore(line)) return undefined;
  const shared = { content: DIFFERENT, fg: 0, bg: 0, data: line._data };
  line._shared = shared;
  line._spare = undefined;
  return shared;
}

/** Whether every cell of a row is this one, which has nothing but numbers. */
function isFilledWith(line: Line, { content, fg, bg }: Cell): boolean {
  const shared = line._shared;
  return shared !== undefined && shared.bg === bg && shared.fg === fg && shared.content === content;
}

/** No row has these cells. */
const NO_CELLS = new Uint32Array(0);
let erased: SharedCells = { content: DIFFERENT, fg: 0, bg: 0, data: NO_CELLS };

/**
 * Marks rows whose unprotected cells all are blank, until something is written to them: erasing those again changes
 * nothing. It takes the place of the cells that a row shares, since that is what each writer looks at.
 */
function erasedWith({ fg, bg }: Cell): SharedCells {
  if (erased.bg !== bg || erased.fg !== fg) erased = { content: DIFFERENT, fg, bg, data: NO_CELLS };
  return erased;
}

function isBlank(cell: Cell): boolean {
  return isPlain(cell) && cell.content === WIDTH_ONE;
}

/** Whether erasing what is not protected in this row changes nothing. */
function isErased(line: Line, cell: Cell): boolean {
  const shared = line._shared;
  if (shared === undefined) return false;
  if (shared.data === NO_CELLS) return isBlank(cell) && shared === erasedWith(cell);
  return shared.content !== DIFFERENT && (shared.bg & PROTECTED) !== 0;
}

/** The class of a row; there is one in each of the packages. */
interface LineClass {
  new (cols: number, cell?: Cell, isWrapped?: boolean): Line;
  readonly prototype: Line;
}

/** Makes rows of the class that {@link shareRows} was given, without the cells that the constructor fills one by one. */
export type NewRow = (isWrapped: boolean) => Line;

const makers = new WeakMap<object, NewRow>();

/**
 * Lets the rows of a terminal share the cells of rows that are blank, or hold the same cell everywhere: clearing,
 * inserting, deleting and scrolling rows take a step for each row, where xterm.js writes each cell, and blank rows of the
 * scrollback hold no cells. A row gets cells of its own when something is written to it. Gives back what makes rows.
 */
export function shareRows(core: TerminalCore): NewRow {
  const { buffers } = core._bufferService;
  const line = buffers.normal.lines.get(0);
  const newRow = line === undefined ? undefined : rowMaker(line);
  if (newRow === undefined) throw new Error('This version of xterm.js is not known: its rows are others');
  shareInBuffer(buffers.normal, newRow);
  for (let index = 0; index < buffers.normal.lines.length; index++) {
    const row = buffers.normal.lines.get(index);
    if (row !== undefined) buffers.normal.lines.set(index, row.clone());
  }
  return newRow;
}

/** Blank rows are made without cells; those of a screen that was left are used again. */
function shareInBuffer(buffer: ScreenBuffer, newRow: NewRow): void {
  const prototype: unknown = Object.getPrototypeOf(buffer);
  if (!isBufferClass(prototype) || makers.has(prototype)) return;
  makers.set(prototype, newRow);
  const { getBlankLine, fillViewportRows } = prototype;
  prototype.getBlankLine = function (attributes, isWrapped) {
    const cell = this.getNullCell(attributes);
    if (!isPlain(cell)) return getBlankLine.call(this, attributes, isWrapped);
    const shared = uniformCells(cell, this._bufferService.cols);
    const row = newRow(isWrapped === true);
    row._data = shared.data;
    row._shared = shared;
    row.length = this._bufferService.cols;
    return row;
  };
  prototype.fillViewportRows = function (attributes) {
    const { lines } = this;
    if (lines.length > 0 || lines.get(0) === undefined) {
      fillViewportRows.call(this, attributes);
      return;
    }
    const cell = this.getNullCell(attributes);
    const cols = this._bufferService.cols;
    const uniform = uniformCells(cell, cols);
    for (let index = 0; index < this._rows; index++) {
      const row = lines.get(index);
      if (row?.length === cols) {
        share(row, uniform);
        row.isWrapped = false;
        lines.push(row);
      } else {
        lines.push(this.getBlankLine(attributes ?? cell));
      }
    }
  };
}

function rowMaker(line: Line): NewRow | undefined {
  const base = line.constructor;
  if (!isLineClass(base)) return undefined;
  const known = makers.get(base.prototype);
  if (known !== undefined) return known;
  const newRow = rowsLike(base);
  if (newRow === undefined) return undefined;
  makers.set(base.prototype, newRow);
  writeToOwnCells(base.prototype, newRow);
  fillTogether(base.prototype);
  moveCellsTogether(base.prototype);
  return newRow;
}

/** Rows that are the same to xterm.js, but are made without cells and always have the same shape. */
function rowsLike(base: LineClass): NewRow | undefined {
  class Row {
    _data = NO_CELLS;
    _combined: Record<number, string> = NONE;
    _extendedAttrs: Record<number, ExtendedAttributes | undefined> = NONE;
    isWrapped: boolean;
    length = 0;
    _shared: SharedCells | undefined = undefined;
    _spare: Uint32Array | undefined = undefined;

    constructor(isWrapped: boolean) {
      this.isWrapped = isWrapped;
    }
  }
  Object.setPrototypeOf(Row.prototype, base.prototype);
  const made: new (isWrapped: boolean) => object = Row;
  return isRowClass(made, base) ? (isWrapped) => new made(isWrapped) : undefined;
}

function isRowClass(
  made: new (isWrapped: boolean) => object,
  base: LineClass,
): made is new (
  isWrapped: boolean,
) => Line {
  return made.prototype instanceof base;
}

/** Everything that writes to a row gives it cells of its own first, and room for what they have beside their numbers. */
function writeToOwnCells(prototype: Line, newRow: NewRow): void {
  const { setCell, set, addCodepointToCell, copyCellsFrom } = prototype;
  prototype.setCellFromCodepoint = function (index, codePoint, width, attributes) {
    if (this._shared !== undefined) own(this);
    if ((attributes.bg & HAS_EXTENDED) !== 0) setExtended(this, index, attributes.extended);
    const data = this._data;
    const at = index * CELL_SIZE;
    data[at] = codePoint | (width << WIDTH_SHIFT);
    data[at + 1] = attributes.fg;
    data[at + 2] = attributes.bg;
  };
  prototype.ownCells = function () {
    if (this._shared !== undefined) own(this);
  };
  prototype.setCell = function (index, cell) {
    if (this._shared !== undefined) own(this);
    if ((cell.content & IS_COMBINED) !== 0) setCombined(this, index, cell.combinedData);
    if ((cell.bg & HAS_EXTENDED) !== 0) setExtended(this, index, cell.extended);
    setCell.call(this, index, cell);
  };
  prototype.set = function (index, value) {
    if (this._shared !== undefined) own(this);
    if (this._combined === NONE) this._combined = [];
    set.call(this, index, value);
  };
  prototype.addCodepointToCell = function (index, codePoint, width) {
    if (this._shared !== undefined) own(this);
    if (this._combined === NONE) this._combined = [];
    const at = index * CELL_SIZE;
    const content = this._data[at] ?? 0;
    if ((content & IS_COMBINED) === 0 || (this._combined[index]?.length ?? 0) < MAX_CLUSTER_LENGTH) {
      addCodepointToCell.call(this, index, codePoint, width);
    } else if (width > 0) {
      this._data[at] = (content & ~WIDTH_MASK) | (width << WIDTH_SHIFT);
    }
  };
  prototype.copyCellsFrom = function (source, from, to, length, inReverse) {
    if (this._shared !== undefined) own(this);
    if (source._combined !== NONE && this._combined === NONE) this._combined = [];
    if (source._extendedAttrs !== NONE && this._extendedAttrs === NONE) this._extendedAttrs = [];
    copyCellsFrom.call(this, source, from, to, length, inReverse);
  };
  prototype.copyFrom = function (source) {
    const shared = sharedBy(source);
    if (shared !== undefined) {
      share(this, shared);
    } else {
      const { _data: cells } = source;
      const isOwn = sharedBy(this) === undefined;
      if (isOwn) this._shared = undefined;
      else own(this);
      if (this._data.length !== cells.length) this._data = newCells(cells.length / CELL_SIZE);
      this._data.set(cells);
      copyMore(source, this);
    }
    this.length = source.length;
    this.isWrapped = source.isWrapped;
  };
  prototype.clone = function () {
    const row = newRow(this.isWrapped);
    const shared = sharedBy(this);
    row.length = this.length;
    if (shared !== undefined) {
      row._data = shared.data;
      row._shared = shared;
    } else {
      row._data = newCells(this._data.length / CELL_SIZE);
      row._data.set(this._data);
      copyMore(this, row);
    }
    return row;
  };
  prototype.resize = function (cols, cell) {
    if (cols === this.length) return false;
    const shared = sharedBy(this);
    if (shared !== undefined && shared.content !== DIFFERENT && (cols < this.length || isFilledWith(this, cell))) {
      share(this, uniformCells(shared, cols));
    } else {
      const cells = newCells(cols);
      cells.set(cols < this.length ? this._data.subarray(0, cols * CELL_SIZE) : this._data);
      giveCells(this, cells);
      for (let column = this.length; column < cols; column++) this.setCell(column, cell);
      for (const more of [this._combined, this._extendedAttrs]) {
        for (const column in more) if (Number(column) >= cols) delete more[column];
      }
    }
    this._spare = undefined;
    this.length = cols;
    return false;
  };
  // Rows never keep more memory than they need.
  prototype.cleanupMemory = () => 0;
}

/** Copies what cells of a row have beside their numbers. */
function copyMore(source: Line, target: Line): void {
  target._combined = source._combined === NONE ? NONE : Object.assign([], source._combined);
  target._extendedAttrs = source._extendedAttrs === NONE ? NONE : Object.assign([], source._extendedAttrs);
}

/** Rows and parts of them are filled by their numbers, where a cell has no more than those. */
function fillTogether(prototype: Line): void {
  const { fill, replaceCells, getTrimmedLength } = prototype;
  prototype.getTrimmedLength = function () {
    const shared = this._shared;
    if (shared === undefined || shared.content === DIFFERENT) return getTrimmedLength.call(this);
    return (shared.content & HAS_CONTENT) === 0 ? 0 : this.length;
  };
  prototype.fill = function (cell, respectProtect) {
    if (respectProtect === true || !isPlain(cell)) {
      if (isFilledWith(this, cell) || (respectProtect === true && isErased(this, cell))) return;
      if (this._shared !== undefined) own(this);
      fill.call(this, cell, respectProtect);
      if (respectProtect === true && isBlank(cell)) this._shared = erasedWith(cell);
      return;
    }
    share(this, uniformCells(cell, this.length));
  };
  prototype.replaceCells = function (start, end, cell, respectProtect) {
    if (isFilledWith(this, cell)) return;
    const last = Math.min(end, this.length);
    const simple = respectProtect !== true && isPlain(cell);
    if (simple && start === 0 && last === this.length) {
      share(this, uniformCells(cell, this.length));
      return;
    }
    if (this._shared !== undefined) own(this);
    // Its first and last cell may cut a wide character in two.
    if (!simple || last - start < 4) {
      replaceCells.call(this, start, end, cell, respectProtect);
      return;
    }
    replaceCells.call(this, start, start + 1, cell, false);
    replaceCells.call(this, last - 1, end, cell, false);
    fillCells(this._data, (start + 1) * CELL_SIZE, (last - 1) * CELL_SIZE, cell.content, cell.fg, cell.bg);
  };
}

/** Cells are inserted and deleted by moving the numbers of the others at once, and then what else some of them have. */
function moveCellsTogether(prototype: Line): void {
  const { insertCells, deleteCells } = prototype;
  const isWide = (line: Line, column: number): boolean => (line._data[column * CELL_SIZE] ?? 0) >> WIDTH_SHIFT === 2;
  const clear = (line: Line, column: number, cell: Cell): void => line.setCellFromCodepoint(column, 0, 1, cell);
  /** Whether nothing has to move, or xterm.js has moved it; else the row has cells of its own now. */
  const isDone = (line: Line, move: typeof insertCells, position: number, count: number, cell: Cell): boolean => {
    if (isFilledWith(line, cell)) return true;
    if (!isPlain(cell)) {
      line.ownCells();
      move.call(line, position, count, cell);
      return true;
    }
    if (position % line.length === 0 && count >= line.length) {
      share(line, uniformCells(cell, line.length));
      return true;
    }
    line.ownCells();
    return false;
  };
  prototype.insertCells = function (position, count, cell) {
    if (isDone(this, insertCells, position, count, cell)) return;
    const { length, _data: data } = this;
    const start = position % length;
    const end = Math.min(length, start + count);
    if (start > 0 && isWide(this, start - 1)) clear(this, start - 1, cell);
    if (end < length) {
      data.copyWithin(end * CELL_SIZE, start * CELL_SIZE, (length - count) * CELL_SIZE);
      if (this._combined !== NONE) insertPlaces(this._combined, '', start, count, length);
      if (this._extendedAttrs !== NONE) insertPlaces(this._extendedAttrs, undefined, start, count, length);
    }
    fillCells(data, start * CELL_SIZE, end * CELL_SIZE, cell.content, cell.fg, cell.bg);
    if (isWide(this, length - 1)) clear(this, length - 1, cell);
  };
  prototype.deleteCells = function (position, count, cell) {
    if (isDone(this, deleteCells, position, count, cell)) return;
    const { length, _data: data } = this;
    const start = position % length;
    const end = Math.max(start, length - count);
    if (end > start) {
      data.copyWithin(start * CELL_SIZE, (start + count) * CELL_SIZE, length * CELL_SIZE);
      if (this._combined !== NONE) deletePlaces(this._combined, start, count, end);
      if (this._extendedAttrs !== NONE) deletePlaces(this._extendedAttrs, start, count, end);
    }
    fillCells(data, end * CELL_SIZE, length * CELL_SIZE, cell.content, cell.fg, cell.bg);
    if (start > 0 && isWide(this, start - 1)) clear(this, start - 1, cell);
    // The second half of a wide character.
    if ((data[start * CELL_SIZE] ?? 0) === 0) clear(this, start, cell);
  };
}

/** Whether cells of a row may have more than their numbers. */
function hasMore(line: Line): boolean {
  return line._combined !== NONE || line._extendedAttrs !== NONE;
}

/** Lets cells from `start` on find what else they have `count` columns further to the right, where their numbers are now. */
function insertPlaces<T>(places: Record<number, T>, none: T, start: number, count: number, length: number): void {
  if (count === 1 && Array.isArray(places)) {
    places.splice(start, 0, none);
    if (places.length > length) places.length = length;
    return;
  }
  for (let column = length - 1; column >= start + count; column--) {
    const place = places[column - count];
    if (place !== undefined) places[column] = place;
  }
}

/** The same to the left, for cells up to `end`. */
function deletePlaces<T>(places: Record<number, T>, start: number, count: number, end: number): void {
  if (Array.isArray(places)) {
    places.splice(start, count);
    return;
  }
  for (let column = start; column < end; column++) {
    const place = places[column + count];
    if (place !== undefined) places[column] = place;
  }
}

function isLineClass(value: unknown): value is LineClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && 'addCodepointToCell' in value.prototype;
}

function isBufferClass(value: unknown): value is ScreenBuffer {
  return typeof value === 'object' && value !== null && 'getBlankLine' in value && 'fillViewportRows' in value;
}
