import { describe, expect, test } from 'vitest';
import { BINDINGS, bindingOf, type Host, type KeyPress, type Platform, shortcutsOf, shortcutText } from './keys.ts';

function press(shortcut: string, change: Partial<KeyPress> = {}): KeyPress {
  const parts = shortcut.split('+');
  const key = parts.at(-1) ?? '';
  return {
    key,
    code: '',
    ctrlKey: parts.includes('Ctrl'),
    shiftKey: parts.includes('Shift'),
    altKey: parts.includes('Alt'),
    metaKey: parts.includes('Cmd'),
    getModifierState: () => false,
    ...change,
  };
}

const places: readonly (readonly [Platform, Host])[] = [
  ['other', 'desktop'],
  ['other', 'web'],
  ['mac', 'desktop'],
  ['mac', 'web'],
];

describe.each(places)('on %s, %s', (platform, host) => {
  test('every shortcut leads to its own command and to no other', () => {
    for (const binding of BINDINGS) {
      for (const shortcut of shortcutsOf(binding, platform, host)) {
        expect(bindingOf(press(shortcut), platform, host)?.command, shortcut).toBe(binding.command);
      }
    }
  });

  test('plain typing and the shell’s own keys stay the program’s', () => {
    for (const key of ['a', 'Enter', 'Tab', 'Ctrl+c', 'Ctrl+r', 'Ctrl+w', 'Alt+b', 'F3', 'Escape', 'Shift+F3']) {
      expect(bindingOf(press(key), platform, host), key).toBeNull();
    }
  });
});

test('a browser that keeps Ctrl+Shift+T to itself has Alt+Shift+T', () => {
  expect(bindingOf(press('Alt+Shift+T'), 'other', 'web')?.command).toBe('newTab');
  expect(bindingOf(press('Alt+Shift+T'), 'other', 'desktop')).toBeNull();
  expect(shortcutText('newTab', 'other', 'web')).toBe('Alt+Shift+T');
  expect(shortcutText('newTab', 'mac', 'desktop')).toBe('⌘T');
});

test('letters are found by their place on layouts that do not print them', () => {
  expect(bindingOf(press('Ctrl+Shift+Е', { code: 'KeyT' }), 'other', 'desktop')?.command).toBe('newTab');
  expect(bindingOf(press('Alt+&', { code: 'Digit1' }), 'other', 'desktop')?.command).toBe('selectTab1');
});

test('the key that reloads a page restarts no session', () => {
  expect(bindingOf(press('Ctrl+Shift+R'), 'other', 'desktop')?.command).toBe('restart');
  expect(bindingOf(press('Ctrl+Shift+R'), 'other', 'web')).toBeNull();
  expect(bindingOf(press('Alt+Shift+R'), 'other', 'web')?.command).toBe('restart');
});
