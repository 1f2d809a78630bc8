import type { Cell, SharedCells } from './core.ts';

/** A cell of these has attributes that need more than its numbers: BgFlags.HAS_EXTENDED of xterm.js. */
export const HAS_EXTENDED = 0x10000000;
/** How a cell's content is made up, in xterm.js: Content.IS_COMBINED_MASK, WIDTH_MASK and WIDTH_SHIFT. */
export const IS_COMBINED = 0x200000;
export const WIDTH_MASK = 0xc00000;
export const WIDTH_SHIFT = 22;
export const WIDTH_ONE = 1 << WIDTH_SHIFT;
/** Numbers for each cell of a row. */
export const CELL_SIZE = 3;
/** How many kinds of uniform rows are kept at hand. */
const MAX_KINDS = 16;
/** Rows get their cells from blocks of this many bytes: an array buffer for each row takes longer than writing to it. */
const BLOCK_BYTES = 8_192;
/** What no cell contains: the content of shared cells that are not all the same. */
export const DIFFERENT = -1;

/** The kinds of uniform rows that were used last, at a place that depends on their numbers. */
const kinds: (SharedCells | undefined)[] = new Array<SharedCells | undefined>(MAX_KINDS).fill(undefined);

let block = new ArrayBuffer(0);
let used = 0;

/** Room for the cells of a row, not yet filled. Rows that are made one after another lie in one block of memory. */
export function newCells(length: number): Uint32Array {
  const bytes = length * CELL_SIZE * Uint32Array.BYTES_PER_ELEMENT;
  if (bytes > BLOCK_BYTES / 2) return new Uint32Array(length * CELL_SIZE);
  if (used + bytes > block.byteLength) {
    block = new ArrayBuffer(BLOCK_BYTES);
    used = 0;
  }
  const cells = new Uint32Array(block, used, length * CELL_SIZE);
  used += bytes;
  return cells;
}

/** Whether a row can be filled with `cell` by its numbers alone. */
export function isPlain(cell: Cell): boolean {
  return (cell.bg & HAS_EXTENDED) === 0 && (cell.content & (IS_COMBINED | WIDTH_MASK)) === WIDTH_ONE;
}

/** The numbers of a cell. */
type Numbers = Pick<Cell, 'content' | 'fg' | 'bg'>;

/** Cells for rows that hold `cell` everywhere. */
export function uniformCells({ content, fg, bg }: Numbers, length: number): SharedCells {
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

/** Fills part of the numbers of a row. */
export function fillCells(
  data: Uint32Array,
  start: number,
  end: number,
  content: number,
  fg: number,
  bg: number,
): void {
  for (let index = start; index < end; index += CELL_SIZE) {
    data[index] = content;
    data[index + 1] = fg;
    data[index + 2] = bg;
  }
}
