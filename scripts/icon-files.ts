import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { projectRoot } from './project.ts';

/** Where {@link iconFiles} lie in the project. */
export const iconFolder = join(projectRoot, 'packaging', 'icons');

/** The drawing that every icon is made from. Browsers show it as it is. */
const iconSource = join(projectRoot, 'renderer', 'icon.svg');

/** Edge lengths of the PNG files, in pixels; those of the hicolor theme (https://specifications.freedesktop.org/icon-theme-spec). */
export const pngSizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;

/** What Windows picks from for lists, taskbars and tiles at its usual scales. */
const icoSizes = [16, 20, 24, 32, 40, 48, 64, 256] as const;

/**
 * The types of an `.icns` file that hold a PNG, and its edge in pixels. Those below 32 pixels hold no PNG on every version of
 * macOS, which shrinks the next larger one instead.
 */
const icnsTypes = [
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
] as const;

/** Of an icon's 1,024 units on macOS the shape has 824 (https://developer.apple.com/design/human-interface-guidelines/app-icons). */
const MAC_SHAPE = 824 / 1024;

/** Every generated icon by its file name. The same drawing gives the same bytes on every machine with one kind of processor. */
export function iconFiles(): ReadonlyMap<string, Buffer> {
  const svg = readFileSync(iconSource, 'utf8');
  const macSvg = withMargin(svg, MAC_SHAPE);
  const files = new Map<string, Buffer>();
  for (const size of pngSizes) files.set(`${size}.png`, render(svg, size));
  files.set('sandglass.ico', ico(icoSizes.map((size) => ({ size, png: render(svg, size) }))));
  files.set('sandglass.icns', icns(icnsTypes.map(([type, size]) => ({ type, png: render(macSvg, size) }))));
  return files;
}

function render(svg: string, size: number): Buffer {
  return new Resvg(svg, { fitTo: { mode: 'width', value: size }, font: { loadSystemFonts: false } }).render().asPng();
}

/** The drawing in the middle of a larger square, of which it takes that share of each edge. */
function withMargin(svg: string, share: number): string {
  const box = /viewBox="0 0 (\d+) \1"/.exec(svg);
  if (box === null) throw new Error(`The viewBox in ${iconSource} is not a square at 0 0.`);
  const edge = Number(box[1]) / share;
  const offset = (Number(box[1]) - edge) / 2;
  return svg.replace(box[0], `viewBox="${offset} ${offset} ${edge} ${edge}"`);
}

/** An icon of Windows: a directory of 16 bytes for each picture, then the pictures (https://learn.microsoft.com/previous-versions/ms997538). */
export function ico(pictures: readonly { readonly size: number; readonly png: Buffer }[]): Buffer {
  const header = Buffer.alloc(6 + 16 * pictures.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(pictures.length, 4);
  let offset = header.length;
  for (const [index, { size, png }] of pictures.entries()) {
    const entry = 6 + 16 * index;
    // 256 does not fit into a byte, and is written as 0.
    header.writeUInt8(size % 256, entry);
    header.writeUInt8(size % 256, entry + 1);
    header.writeUInt16LE(1, entry + 4);
    header.writeUInt16LE(32, entry + 6);
    header.writeUInt32LE(png.length, entry + 8);
    header.writeUInt32LE(offset, entry + 12);
    offset += png.length;
  }
  return Buffer.concat([header, ...pictures.map(({ png }) => png)]);
}

/** An icon of macOS: each picture after its type and length, and so the whole. */
export function icns(pictures: readonly { readonly type: string; readonly png: Buffer }[]): Buffer {
  const block = (type: string, content: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(head.length + content.length, 4);
    return Buffer.concat([head, content]);
  };
  return block('icns', Buffer.concat(pictures.map(({ type, png }) => block(type, png))));
}
