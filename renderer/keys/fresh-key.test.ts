import { expect, test } from 'vitest';
import { opensFresh, type TypedKey, typedText } from './fresh-key.ts';

function press(key: string, ...held: ('Ctrl' | 'Alt' | 'Cmd' | 'AltGraph')[]): TypedKey {
  return {
    key,
    ctrlKey: held.includes('Ctrl'),
    altKey: held.includes('Alt'),
    metaKey: held.includes('Cmd'),
    getModifierState: () => held.includes('AltGraph'),
  };
}

test('what prints opens a fresh session, and Enter; what only leads to another key does, too', () => {
  for (const key of ['a', 'A', 'ß', '日', '😀', ' ', 'Enter', 'Dead', 'Process']) {
    expect(opensFresh(press(key)), key).toBe(true);
  }
  expect(opensFresh(press('@', 'Ctrl', 'Alt', 'AltGraph'))).toBe(true);
});

test('modifiers, shortcuts and keys that walk or delete do not', () => {
  for (const key of ['Shift', 'Control', 'Alt', 'Meta', 'F2', 'Escape', 'Tab', 'ArrowUp', 'PageDown', 'Backspace']) {
    expect(opensFresh(press(key)), key).toBe(false);
  }
  expect(opensFresh(press('c', 'Ctrl'))).toBe(false);
  expect(opensFresh(press('b', 'Alt'))).toBe(false);
  expect(opensFresh(press('c', 'Cmd'))).toBe(false);
});

test('what is typed ahead reaches the shell as it would have', () => {
  expect(['l', 's', 'Enter', 'Backspace', 'Tab'].map((key) => typedText(press(key)))).toEqual([
    'l',
    's',
    '\r',
    '\x7f',
    '\t',
  ]);
  expect(typedText(press('ArrowUp'))).toBeNull();
  expect(typedText(press('a', 'Ctrl'))).toBeNull();
});
