import type { Cell, Line, ScreenBuffer, TerminalCore, UniformCells } from './core.ts';

/** A cell of these has attributes that need more than its numbers: BgFlags.HAS_EXTENDED of xterm.js. */
const HAS_EXTENDED = 0x10000000;
/** How a cell's content is made up, in xterm.js: Content.IS_COMBINED_MASK, WIDTH_MASK and WIDTH_SHIFT. */
const IS_COMBINED = 0x200000;
/** A character: Content.HAS_CONTENT_MASK. */
const HAS_CONTENT = 0x3fffff;
const WIDTH_MASK = 0xc00000;
const WIDTH_SHIFT = 22;
const WIDTH_ONE = 1 << WIDTH_SHIFT;
/** A protected cell (DECSCA): BgFlags.PROTECTED. */
const PROTECTED = 0x20000000;
/** Numbers for each cell of a row. */
export const CELL_SIZE = 3;
/** More than these on one character are left out, in UTF-16 units; what no script needs takes a browser seconds to draw. */
const MAX_CLUSTER_LENGTH = 64;
/** How many kinds of uniform rows are kept at hand. */
const MAX_KINDS = 16;

/** The kinds of uniform rows that were used last, at a place that depends on their numbers. */
const kinds: (UniformCells | undefined)[] = new Array<UniformCells | undefined>(MAX_KINDS).fill(undefined);

/** Whether a row can be filled with `cell` by its numbers alone. */
export function isPlain(cell: Cell): boolean {
  return (cell.bg & HAS_EXTENDED) === 0 && (cell.content & (IS_COMBINED | WIDTH_MASK)) === WIDTH_ONE;
}

export function uniformCells({ content, fg, bg }: Cell, length: number): UniformCells {
  const slot = (content ^ fg ^ (fg >>> 7) ^ bg ^ (bg >>> 5)) & (MAX_KINDS - 1);
  const known = kinds[slot];
  if (
    known !== undefined &&
    known.bg === bg &&
    known.fg === fg &&
    known.content === content &&
    known.data.length === length * CELL_SIZE
  ) {
    return known;
  }
  const data = new Uint32Array(length * CELL_SIZE);
  fillCells(data, 0, data.length, content, fg, bg);
  const made = { content, fg, bg, data };
  kinds[slot] = made;
  return made;
}

function fillCells(data: Uint32Array, start: number, end: number, content: number, fg: number, bg: number): void {
  for (let index = start; index < end; index += CELL_SIZE) {
    data[index] = content;
    data[index + 1] = fg;
    data[index + 2] = bg;
  }
}

/** Whether every cell of the row is that of `uniform`. */
export function holds(line: Line, uniform: UniformCells): boolean {
  return line._uniform === uniform && line._data === uniform.data;
}

/** The same, for a cell with nothing but numbers. */
function isFilledWith(line: Line, { content, fg, bg }: Cell): boolean {
  const uniform = line._uniform;
  if (uniform === undefined || line._data !== uniform.data) return false;
  return uniform.bg === bg && uniform.fg === fg && uniform.content === content;
}

/** Fills a row in one step, whatever its length is. */
export function share(line: Line, uniform: UniformCells): void {
  if (holds(line, uniform)) return;
  if (line._uniform === undefined || line._data !== line._uniform.data) {
    line._spare = line._data;
    line._combined = {};
    line._extendedAttrs = {};
  }
  line._data = uniform.data;
  line._uniform = uniform;
}

/** Gives a row cells of its own, before something is written to them. */
function own(line: Line): void {
  const uniform = line._uniform;
  line._uniform = undefined;
  if (uniform === undefined || line._data !== uniform.data) return;
  const spare = line._spare;
  line._spare = undefined;
  if (spare !== undefined && spare.length === uniform.data.length) {
    spare.set(uniform.data);
    line._data = spare;
  } else {
    line._data = uniform.data.slice();
  }
}

/** No row has these cells. */
const NO_CELLS = new Uint32Array(0);
let erased: UniformCells = { content: WIDTH_ONE, fg: 0, bg: 0, data: NO_CELLS };

/**
 * Marks rows whose unprotected cells all are `cell`, until something is written to them: erasing those again changes
 * nothing. It takes the place of the cells that a row shares, since that is what each writer looks at.
 */
function erasedWith({ content, fg, bg }: Cell): UniformCells {
  if (erased.bg !== bg || erased.fg !== fg || erased.content !== content) erased = { content, fg, bg, data: NO_CELLS };
  return erased;
}

/** Whether erasing what is not protected in this row changes nothing. */
function isErased(line: Line, cell: Cell): boolean {
  const uniform = line._uniform;
  if (uniform === undefined) return false;
  return uniform.data === line._data ? (uniform.bg & PROTECTED) !== 0 : isPlain(cell) && uniform === erasedWith(cell);
}

function isEmpty(record: object): boolean {
  for (const _key in record) return false;
  return true;
}

/** The class of a row; there is one in each of the packages. */
interface LineClass {
  new (cols: number, cell?: Cell, isWrapped?: boolean): Line;
  readonly prototype: Line;
}

/** Makes rows of the class that {@link shareRows} was given, without the cells that the constructor fills one by one. */
type NewRow = (isWrapped: boolean) => Line;

const makers = new WeakMap<object, NewRow>();

/**
 * Lets the rows of a terminal share the cells of rows that are blank, or hold the same cell everywhere: clearing,
 * inserting, deleting and scrolling rows take a step for each row, where xterm.js writes each cell, and blank rows of the
 * scrollback hold no cells. A row gets cells of its own when something is written to it.
 */
export function shareRows(core: TerminalCore): void {
  const { buffers } = core._bufferService;
  const line = buffers.normal.lines.get(0);
  if (line === undefined) return;
  const newRow = rowMaker(line);
  if (newRow === undefined) return;
  shareInBuffer(buffers.normal, newRow);
  for (let index = 0; index < buffers.normal.lines.length; index++) {
    const row = buffers.normal.lines.get(index);
    if (row !== undefined) buffers.normal.lines.set(index, row.clone());
  }
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
    const uniform = uniformCells(cell, this._bufferService.cols);
    const row = newRow(isWrapped === true);
    share(row, uniform);
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
  const none = new Uint32Array(0);
  const newRow = rowsLike(base, none);
  makers.set(base.prototype, newRow);
  writeToOwnCells(base.prototype, newRow);
  fillTogether(base.prototype);
  moveCellsTogether(base.prototype);
  return newRow;
}

/** Rows that are the same to xterm.js, but are made without cells and always have the same shape. */
function rowsLike(base: LineClass, none: Uint32Array): NewRow {
  class Row {
    _data = none;
    _combined = {};
    _extendedAttrs = {};
    isWrapped: boolean;
    length = 0;
    _uniform: UniformCells | undefined = undefined;
    _spare: Uint32Array | undefined = undefined;

    constructor(isWrapped: boolean) {
      this.isWrapped = isWrapped;
    }
  }
  Object.setPrototypeOf(Row.prototype, base.prototype);
  const isRow = (row: object): row is Line => row instanceof base;
  return (isWrapped) => {
    const row: object = new Row(isWrapped);
    if (!isRow(row)) throw new Error('Rows of the terminal cannot be made');
    return row;
  };
}

/** Everything that writes to a row gives it cells of its own first. */
function writeToOwnCells(prototype: Line, newRow: NewRow): void {
  const { setCell, set, addCodepointToCell, copyCellsFrom, copyFrom, clone, resize } = prototype;
  prototype.setCellFromCodepoint = function (index, codePoint, width, attributes) {
    if (this._uniform !== undefined) own(this);
    if ((attributes.bg & HAS_EXTENDED) !== 0) this._extendedAttrs[index] = attributes.extended;
    const data = this._data;
    const at = index * CELL_SIZE;
    data[at] = codePoint | (width << WIDTH_SHIFT);
    data[at + 1] = attributes.fg;
    data[at + 2] = attributes.bg;
  };
  prototype.ownCells = function () {
    if (this._uniform !== undefined) own(this);
  };
  prototype.setCell = function (index, cell) {
    if (this._uniform !== undefined) own(this);
    setCell.call(this, index, cell);
  };
  prototype.set = function (index, value) {
    if (this._uniform !== undefined) own(this);
    set.call(this, index, value);
  };
  prototype.addCodepointToCell = function (index, codePoint, width) {
    if (this._uniform !== undefined) own(this);
    const at = index * CELL_SIZE;
    const content = this._data[at] ?? 0;
    if ((content & IS_COMBINED) === 0 || (this._combined[index]?.length ?? 0) < MAX_CLUSTER_LENGTH) {
      addCodepointToCell.call(this, index, codePoint, width);
    } else if (width > 0) {
      this._data[at] = (content & ~WIDTH_MASK) | (width << WIDTH_SHIFT);
    }
  };
  prototype.copyCellsFrom = function (source, from, to, length, inReverse) {
    if (this._uniform !== undefined) own(this);
    copyCellsFrom.call(this, source, from, to, length, inReverse);
  };
  prototype.copyFrom = function (source) {
    const uniform = source._uniform;
    if (uniform !== undefined && source._data === uniform.data) {
      share(this, uniform);
      this.length = source.length;
      this.isWrapped = source.isWrapped;
      return;
    }
    if (this._uniform !== undefined) own(this);
    copyFrom.call(this, source);
  };
  prototype.clone = function () {
    const uniform = this._uniform;
    if (uniform !== undefined && this._data === uniform.data) {
      const row = newRow(this.isWrapped);
      row._data = uniform.data;
      row._uniform = uniform;
      row.length = this.length;
      return row;
    }
    return clone.call(this);
  };
  prototype.resize = function (cols, cell) {
    if (this._uniform !== undefined) own(this);
    this._spare = undefined;
    return resize.call(this, cols, cell);
  };
}

/** Rows and parts of them are filled by their numbers, where a cell has no more than those. */
function fillTogether(prototype: Line): void {
  const { fill, replaceCells, getTrimmedLength } = prototype;
  prototype.getTrimmedLength = function () {
    const uniform = this._uniform;
    if (uniform === undefined || uniform.data !== this._data) return getTrimmedLength.call(this);
    return (uniform.content & HAS_CONTENT) === 0 ? 0 : this.length;
  };
  prototype.fill = function (cell, respectProtect) {
    if (respectProtect === true || !isPlain(cell)) {
      if (isFilledWith(this, cell) || (respectProtect === true && isErased(this, cell))) return;
      if (this._uniform !== undefined) own(this);
      fill.call(this, cell, respectProtect);
      if (respectProtect === true && isPlain(cell)) this._uniform = erasedWith(cell);
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
    if (this._uniform !== undefined) own(this);
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
      if (hasMore(this)) for (let column = length - 1; column >= end; column--) moveMore(this, column - count, column);
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
      if (hasMore(this)) for (let column = start; column < end; column++) moveMore(this, column + count, column);
    }
    fillCells(data, end * CELL_SIZE, length * CELL_SIZE, cell.content, cell.fg, cell.bg);
    if (start > 0 && isWide(this, start - 1)) clear(this, start - 1, cell);
    // The second half of a wide character.
    if ((data[start * CELL_SIZE] ?? 0) === 0) clear(this, start, cell);
  };
}

/** Whether cells of a row may have more than their numbers. */
function hasMore(line: Line): boolean {
  return !isEmpty(line._combined) || !isEmpty(line._extendedAttrs);
}

/** Lets a cell whose numbers have been moved find its characters and attributes at its new place. */
function moveMore(line: Line, from: number, to: number): void {
  const at = to * CELL_SIZE;
  if (((line._data[at] ?? 0) & IS_COMBINED) !== 0) line._combined[to] = line._combined[from] ?? '';
  if (((line._data[at + 2] ?? 0) & HAS_EXTENDED) !== 0) line._extendedAttrs[to] = line._extendedAttrs[from];
}

function isLineClass(value: unknown): value is LineClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && 'addCodepointToCell' in value.prototype;
}

function isBufferClass(value: unknown): value is ScreenBuffer {
  return typeof value === 'object' && value !== null && 'getBlankLine' in value && 'fillViewportRows' in value;
}
