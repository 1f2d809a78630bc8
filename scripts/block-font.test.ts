import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import opentype from 'opentype.js';
import { expect, test } from 'vitest';
import { BLOCKS, blockFont } from './block-font.ts';
import { projectRoot } from './project.ts';

/** The time a font was last changed lies at this offset of its `head` table, and its checksum at the other. */
const MODIFIED = { start: 28, end: 36 };
const CHECKSUM = { start: 8, end: 12 };

/** The font without what says when it was made. */
function timeless(font: Uint8Array): Buffer {
  const bytes = Buffer.from(font);
  const tables = bytes.readUInt16BE(4);
  for (let index = 0; index < tables; index++) {
    const entry = 12 + 16 * index;
    if (bytes.toString('latin1', entry, entry + 4) !== 'head') continue;
    const head = bytes.readUInt32BE(entry + 8);
    bytes.fill(0, entry + 4, entry + 8);
    bytes.fill(0, head + MODIFIED.start, head + MODIFIED.end);
    bytes.fill(0, head + CHECKSUM.start, head + CHECKSUM.end);
  }
  return bytes;
}

test('the font of block elements in the repository is the one that its shapes make', () => {
  const file = readFileSync(join(projectRoot, 'renderer', 'styles', 'blocks.otf'));
  expect(timeless(file).equals(timeless(blockFont()))).toBe(true);
});

test('the font has every block element but the shades', () => {
  const font = opentype.parse(blockFont().buffer);
  for (let code = 0x2580; code <= 0x259f; code++) {
    const isShade = code >= 0x2591 && code <= 0x2593;
    expect(BLOCKS.has(code), code.toString(16)).toBe(!isShade);
    if (!isShade) expect(font.charToGlyph(String.fromCodePoint(code)).advanceWidth).toBe(600);
  }
});
