import { expect, test } from 'vitest';
import { WindowSizes } from './window-sizes.ts';

const WIDE = { cols: 200, rows: 50 };
const NARROW = { cols: 80, rows: 24 };

function sizes(): { readonly applied: unknown[]; readonly sizes: WindowSizes } {
  const applied: unknown[] = [];
  return { applied, sizes: new WindowSizes((size) => applied.push(size)) };
}

test('the window that was used last sets the size', () => {
  const { applied, sizes: windows } = sizes();
  const [first, second] = [{}, {}];
  windows.claim(first, WIDE);
  windows.claim(second, NARROW);
  windows.use(second);
  windows.use(first);
  windows.use(first);
  expect(applied).toEqual([WIDE, NARROW, WIDE]);
});

test('a window that goes gives the size back to the one that was used before it', () => {
  const { applied, sizes: windows } = sizes();
  const [first, second, third] = [{}, {}, {}];
  windows.claim(first, WIDE);
  windows.claim(second, NARROW);
  windows.claim(third, { cols: 100, rows: 30 });
  windows.leave(second);
  windows.leave(third);
  windows.leave(first);
  expect(applied).toEqual([WIDE, NARROW, { cols: 100, rows: 30 }, WIDE]);
});

test('a window that has said nothing of its size sets none', () => {
  const { applied, sizes: windows } = sizes();
  windows.use({});
  windows.leave({});
  expect(applied).toEqual([]);
});
