import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { icns, ico, iconFiles, iconFolder } from './icon-files.ts';

// Processors of another kind may round the edge of a shape differently.
const drawsTheSame = process.platform === 'linux' && process.arch === 'x64';
test.runIf(drawsTheSame)('the icons in the project are those that npm run icons writes', () => {
  const files = iconFiles();
  expect(readdirSync(iconFolder).toSorted()).toEqual([...files.keys()].toSorted());
  for (const [name, content] of files) {
    expect(readFileSync(join(iconFolder, name)).equals(content), `${name}: run npm run icons`).toBe(true);
  }
});

test('a PNG has the size of its name', () => {
  for (const [name, content] of iconFiles()) {
    if (!name.endsWith('.png')) continue;
    expect([content.readUInt32BE(16), content.readUInt32BE(20)], name).toEqual(
      Array(2).fill(Number.parseInt(name, 10)),
    );
  }
});

test('each entry of an .ico file points to its picture', () => {
  const pictures = [16, 256].map((size) => ({ size, png: Buffer.from(`picture ${size}`) }));
  const file = ico(pictures);
  expect(file.readUInt16LE(4)).toBe(2);
  expect(file.readUInt8(6)).toBe(16);
  expect(file.readUInt8(22), 'the edge of 256 pixels').toBe(0);
  for (const [index, { png }] of pictures.entries()) {
    const length = file.readUInt32LE(6 + 16 * index + 8);
    const offset = file.readUInt32LE(6 + 16 * index + 12);
    expect(file.subarray(offset, offset + length)).toEqual(png);
  }
});

test('an .icns file and each of its blocks name their lengths', () => {
  const file = icns([
    { type: 'ic07', png: Buffer.from('small') },
    { type: 'ic10', png: Buffer.from('large picture') },
  ]);
  expect(file.toString('latin1', 0, 4)).toBe('icns');
  expect(file.readUInt32BE(4)).toBe(file.length);
  const first = file.readUInt32BE(12);
  expect(file.toString('latin1', 8, 12)).toBe('ic07');
  expect(file.toString('latin1', 16, 8 + first)).toBe('small');
  expect(file.toString('latin1', 8 + first, 12 + first)).toBe('ic10');
});
