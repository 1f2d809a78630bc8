import type { Page } from '@playwright/test';

/** A colour as red, green and blue, 0 to 255 each. */
export type Colour = readonly [number, number, number];

/** A picture of a part of a page, in device pixels. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  at(x: number, y: number): Colour;
}

/** A part of a page, in CSS pixels. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

export async function takePicture(page: Page, clip: Area): Promise<Picture> {
  const png = (await page.screenshot({ clip })).toString('base64');
  const { width, height, data } = await page.evaluate(async (encoded) => {
    const response = await fetch(`data:image/png;base64,${encoded}`);
    const bitmap = await createImageBitmap(await response.blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('No canvas to draw on');
    context.drawImage(bitmap, 0, 0);
    const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    return { width: bitmap.width, height: bitmap.height, data: [...pixels] };
  }, png);
  const part = (index: number): number => data[index] ?? 0;
  return {
    width,
    height,
    at(x, y) {
      const index = 4 * (y * width + x);
      return [part(index), part(index + 1), part(index + 2)];
    },
  };
}

/** Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio, 1 to 21, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
export function contrast(one: Colour, other: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** `#RRGGBB` as a colour. */
export function parseColour(hex: string): Colour {
  const part = (start: number): number => Number.parseInt(hex.slice(start, start + 2), 16);
  return [part(1), part(3), part(5)];
}

/** The background of a picture of text, the colour it has most of, and its ink, the one with most contrast to that. */
export function textColours(picture: Picture): { background: Colour; ink: Colour } {
  const counts = new Map<string, { colour: Colour; count: number }>();
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const colour = picture.at(x, y);
      const known = counts.get(colour.join());
      if (known === undefined) counts.set(colour.join(), { colour, count: 1 });
      else known.count += 1;
    }
  }
  const colours = [...counts.values()].sort((a, b) => b.count - a.count).map(({ colour }) => colour);
  const background = colours[0] ?? [0, 0, 0];
  const ink = colours.reduce((best, colour) =>
    contrast(colour, background) > contrast(best, background) ? colour : best,
  );
  return { background, ink };
}
