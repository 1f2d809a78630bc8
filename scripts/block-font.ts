import opentype from 'opentype.js';

/**
 * The font of block elements (U+2580 … U+259F without the shades, https://www.unicode.org/charts/PDF/U2580.pdf): rectangles
 * in the cell of JetBrains Mono. Where they touch the cell's edge they reach a little beyond it. Cells are laid on
 * fractions of pixels, and two edges that both end inside one pixel would show the background between them.
 */

/** The cell of JetBrains Mono, in units of 1/1000 em. */
const CELL = { width: 600, top: 1_020, bottom: -300 };
const HEIGHT = CELL.top - CELL.bottom;
/** How far a block reaches beyond its cell. */
const OVERLAP = { x: 30, y: 100 };

/** In fractions of the cell, from its left and from its bottom. */
interface Rectangle {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

const across = (left: number, right: number): Rectangle => ({ left, right, bottom: 0, top: 1 });
const down = (bottom: number, top: number): Rectangle => ({ left: 0, right: 1, bottom, top });
const UPPER_LEFT = { left: 0, right: 0.5, bottom: 0.5, top: 1 };
const UPPER_RIGHT = { left: 0.5, right: 1, bottom: 0.5, top: 1 };
const LOWER_LEFT = { left: 0, right: 0.5, bottom: 0, top: 0.5 };
const LOWER_RIGHT = { left: 0.5, right: 1, bottom: 0, top: 0.5 };

/** What each character is made of. */
export const BLOCKS: ReadonlyMap<number, readonly Rectangle[]> = new Map([
  [0x2580, [down(0.5, 1)]],
  ...Array.from({ length: 8 }, (_, index): [number, Rectangle[]] => [0x2581 + index, [down(0, (index + 1) / 8)]]),
  ...Array.from({ length: 7 }, (_, index): [number, Rectangle[]] => [0x2589 + index, [across(0, (7 - index) / 8)]]),
  [0x2590, [across(0.5, 1)]],
  [0x2594, [down(7 / 8, 1)]],
  [0x2595, [across(7 / 8, 1)]],
  [0x2596, [LOWER_LEFT]],
  [0x2597, [LOWER_RIGHT]],
  [0x2598, [UPPER_LEFT]],
  [0x2599, [across(0, 0.5), LOWER_RIGHT]],
  [0x259a, [UPPER_LEFT, LOWER_RIGHT]],
  [0x259b, [across(0, 0.5), UPPER_RIGHT]],
  [0x259c, [across(0.5, 1), UPPER_LEFT]],
  [0x259d, [UPPER_RIGHT]],
  [0x259e, [UPPER_RIGHT, LOWER_LEFT]],
  [0x259f, [across(0.5, 1), LOWER_LEFT]],
]);

/** The font file, the same bytes at each call. */
export function blockFont(): Uint8Array {
  const glyphs = [...BLOCKS].map(
    ([unicode, rectangles]) =>
      new opentype.Glyph({
        name: `uni${unicode.toString(16).toUpperCase()}`,
        unicode,
        advanceWidth: CELL.width,
        path: outline(rectangles),
      }),
  );
  const missing = new opentype.Glyph({ name: '.notdef', advanceWidth: CELL.width, path: new opentype.Path() });
  const font = new opentype.Font({
    familyName: 'Sandglass Blocks',
    styleName: 'Regular',
    unitsPerEm: 1_000,
    ascender: CELL.top,
    descender: CELL.bottom,
    createdTimestamp: 1,
    glyphs: [missing, ...glyphs],
  });
  return new Uint8Array(font.toArrayBuffer());
}

function outline(rectangles: readonly Rectangle[]): opentype.Path {
  const path = new opentype.Path();
  for (const rectangle of rectangles) {
    const left = rectangle.left === 0 ? -OVERLAP.x : rectangle.left * CELL.width;
    const right = rectangle.right === 1 ? CELL.width + OVERLAP.x : rectangle.right * CELL.width;
    const bottom = CELL.bottom + (rectangle.bottom === 0 ? -OVERLAP.y : Math.round(rectangle.bottom * HEIGHT));
    const top = CELL.bottom + (rectangle.top === 1 ? HEIGHT + OVERLAP.y : Math.round(rectangle.top * HEIGHT));
    path.moveTo(left, bottom);
    path.lineTo(right, bottom);
    path.lineTo(right, top);
    path.lineTo(left, top);
    path.close();
  }
  return path;
}
