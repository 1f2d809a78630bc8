import { expect, test } from 'vitest';
import { bindingOf, type KeyPress } from './keys.ts';
import { platformOf } from './platform.ts';

const option = (key: string, code: string): KeyPress => ({
  key,
  code,
  ctrlKey: false,
  shiftKey: false,
  altKey: true,
  metaKey: false,
  getModifierState: () => false,
});

test('the keyboard’s platform is what the browser says, by client hints first', () => {
  expect(platformOf({ platform: 'MacIntel' })).toBe('mac');
  expect(platformOf({ platform: 'Linux x86_64', userAgentData: { platform: 'macOS' } })).toBe('mac');
  expect(platformOf({ platform: 'MacIntel', userAgentData: { platform: 'Windows' } })).toBe('other');
  expect(platformOf({ platform: 'MacIntel', userAgentData: { platform: '' } })).toBe('mac');
  expect(platformOf({ platform: 'Linux x86_64' })).toBe('other');
});

test.each(['desktop', 'web'] as const)('what Option prints on macOS is the program’s, %s', (host) => {
  const printed = [
    ['[', 'Digit5'],
    [']', 'Digit6'],
    ['|', 'Digit7'],
    ['{', 'Digit8'],
    ['#', 'Digit3'],
    ['ˇ', 'KeyT'],
    ['Ø', 'KeyO'],
  ] as const;
  for (const [key, code] of printed) {
    for (const shiftKey of [false, true]) {
      expect(bindingOf({ ...option(key, code), shiftKey }, 'mac', host), key).toBeNull();
    }
  }
  expect(bindingOf(option('1', 'Digit1'), 'other', host)?.command).toBe('selectTab1');
});

test('what AltGr prints is the program’s everywhere', () => {
  const graph = { ...option('1', 'Digit1'), getModifierState: () => true };
  expect(bindingOf(graph, 'other', 'web')).toBeNull();
});
