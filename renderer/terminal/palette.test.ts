import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contrast, parseColour } from '../testing/pixels.ts';

const tokens = readFileSync(join(import.meta.dirname, '..', 'styles', 'tokens.css'), 'utf8');
const [light = '', dark = ''] = tokens.split(':root.dark');

const COLOURS = ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan'] as const;

function between(theme: string, one: string, other: string): number {
  const read = (name: string) => parseColour(new RegExp(`--term-${name}: (#[0-9a-f]{6});`).exec(theme)?.[1] ?? '');
  return contrast(read(one), read(other));
}

describe.each([
  ['light', light],
  ['dark', dark],
])('the %s palette', (name, theme) => {
  test.each(COLOURS)('has a legible %s, normal and bright', (colour) => {
    expect(between(theme, colour, 'background')).toBeGreaterThanOrEqual(4.2);
    expect(between(theme, `bright-${colour}`, 'background')).toBeGreaterThanOrEqual(4.5);
  });

  test('has whites that can be read on the background', () => {
    for (const white of ['white', 'bright-white']) {
      expect(between(theme, white, 'background'), white).toBeGreaterThanOrEqual(3);
    }
    expect(between(theme, 'bright-black', 'background')).toBeGreaterThanOrEqual(4.5);
    if (name === 'light') expect(between(theme, 'black', 'background')).toBeGreaterThanOrEqual(4.5);
  });

  test('suits programs with panels: white on blue and red, black on white and cyan', () => {
    expect(between(theme, 'white', 'blue')).toBeGreaterThanOrEqual(3);
    expect(between(theme, 'bright-white', 'blue')).toBeGreaterThanOrEqual(3);
    expect(between(theme, 'bright-white', 'red')).toBeGreaterThanOrEqual(3);
    expect(between(theme, 'black', 'white')).toBeGreaterThanOrEqual(3);
    expect(between(theme, 'bright-yellow', 'blue')).toBeGreaterThanOrEqual(2.5);
    expect(between(theme, 'black', 'cyan')).toBeGreaterThanOrEqual(2.5);
    expect(between(theme, 'bright-white', 'cyan')).toBeGreaterThanOrEqual(2.5);
  });

  test('marks the active match more strongly than the others', () => {
    const [active, other] = ['match-active', 'match'].map((mark) => between(theme, mark, 'background'));
    expect(active).toBeGreaterThan(1.25 * (other ?? 21));
  });
});
