import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MIN_SIZE, placeWindow, readWindowState, writeWindowState } from './window-state.ts';

const screen = { x: 0, y: 25, width: 1920, height: 1055 };
const state = { x: 100, y: 100, width: 1000, height: 600, maximized: false };

test('a window comes back where it was', () => {
  expect(placeWindow(state, [screen])).toEqual(state);
});

test('a window on a screen that is gone comes back on one that is there', () => {
  expect(placeWindow({ ...state, x: 2500 }, [screen])).toEqual({ width: 1000, height: 600, maximized: false });
  expect(placeWindow({ ...state, y: 5 }, [screen])).not.toHaveProperty('y');
});

test('a window is never smaller than what works, and its top edge can always be reached', () => {
  const number = fc.integer({ min: -5_000, max: 5_000 });
  const size = fc.integer({ min: 1, max: 8_000 });
  fc.assert(
    fc.property(number, number, size, size, (x, y, width, height) => {
      const place = placeWindow({ x, y, width, height, maximized: false }, [screen]);
      expect(place.width).toBeGreaterThanOrEqual(MIN_SIZE.width);
      expect(place.height).toBeGreaterThanOrEqual(MIN_SIZE.height);
      if (place.y !== undefined) expect(place.y).toBeGreaterThanOrEqual(screen.y);
    }),
  );
});

test('it is kept in a file, and a damaged file counts as none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandglass-window-'));
  const file = join(folder, 'window.json');
  expect(readWindowState(file)).toBeNull();
  writeWindowState(file, state);
  expect(readWindowState(file)).toEqual(state);
  await writeFile(file, '{"x":1e99}');
  expect(readWindowState(file)).toBeNull();
  await rm(folder, { recursive: true });
});
