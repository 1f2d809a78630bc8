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

test('what prints opens a new session, and Enter; what only leads to another key does, too', () => {
  for (const key of ['a', 'A', 'ß', '日', '😀', ' ', 'Enter', 'Dead', 'Process']) {
    expect(opensFresh(press(key), 'other'), key).toBe(true);
  }
  expect(opensFresh(press('@', 'Ctrl', 'Alt', 'AltGraph'), 'other')).toBe(true);
});

test('modifiers, shortcuts and keys that walk or delete do not', () => {
  for (const key of ['Shift', 'Control', 'Alt', 'Meta', 'F2', 'Escape', 'Tab', 'ArrowUp', 'PageDown', 'Backspace']) {
    expect(opensFresh(press(key), 'other'), key).toBe(false);
  }
  expect(opensFresh(press('c', 'Ctrl'), 'other')).toBe(false);
  expect(opensFresh(press('b', 'Alt'), 'other')).toBe(false);
  expect(opensFresh(press('c', 'Cmd'), 'other')).toBe(false);
});

test('what is typed ahead reaches the shell as it would have', () => {
  expect(['l', 's', 'Enter', 'Backspace', 'Tab'].map((key) => typedText(press(key), 'other'))).toEqual([
    'l',
    's',
    '\r',
    '\x7f',
    '\t',
  ]);
  expect(typedText(press('ArrowUp'), 'other')).toBeNull();
  expect(typedText(press('a', 'Ctrl'), 'other')).toBeNull();
});

test('characters that Option prints on macOS are typed, those of Alt elsewhere are not', () => {
  expect(typedText(press('[', 'Alt'), 'mac')).toBe('[');
  expect(opensFresh(press('[', 'Alt'), 'mac')).toBe(true);
  expect(typedText(press('[', 'Alt'), 'other')).toBeNull();
  expect(opensFresh(press('[', 'Alt', 'Cmd'), 'mac')).toBe(false);
});
