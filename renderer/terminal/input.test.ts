import { describe, expect, test } from 'vitest';
import { isSoftwareRenderer } from './gpu.ts';
import { binaryBytes, type InputContext, inputSource } from './input.ts';
import { openableLink } from './links.ts';

const context = (change: Partial<InputContext> = {}): InputContext => ({
  eventType: undefined,
  ownAction: false,
  composing: false,
  ...change,
});

describe('who caused input', () => {
  test.each(['keydown', 'keypress', 'input', 'paste', 'mousedown', 'mouseup', 'wheel'])(
    '%s is the user’s',
    (eventType) => {
      expect(inputSource('x', context({ eventType }))).toBe('user');
    },
  );

  test('a key whose bytes look like an answer is still the user’s', () => {
    // Shift+F3 sends what a cursor position report in row 1 is.
    expect(inputSource('\x1b[1;2R', context({ eventType: 'keydown' }))).toBe('user');
  });

  test.each(['\x1b[1;2R', '\x1b[?1;2c', '\x1b]11;rgb:1111/1111/1313\x1b\\', '\x1bP1$r0m\x1b\\', 'plain text'])(
    'what comes out of the parser is the terminal’s, whatever it says: %j',
    (data) => {
      expect(inputSource(data, context())).toBe('terminal');
      expect(inputSource(data, context({ eventType: 'message' }))).toBe('terminal');
    },
  );

  test.each(['focus', 'blur', 'mousemove'])('a report on %s is the terminal’s', (eventType) => {
    expect(inputSource('\x1b[I', context({ eventType }))).toBe('terminal');
  });

  test('composed text comes from a timer and is the user’s; an answer in that moment is not', () => {
    expect(inputSource('日本', context({ composing: true }))).toBe('user');
    expect(inputSource('\x1b[5;5R', context({ composing: true }))).toBe('terminal');
  });

  test('what a menu pastes is the user’s', () => {
    expect(inputSource('\x1b[200~x\x1b[201~', context({ ownAction: true }))).toBe('user');
  });
});

test('binary data keeps one byte per character', () => {
  expect([...binaryBytes('\x1b[M\u00ff ')]).toEqual([0x1b, 0x5b, 0x4d, 0xff, 0x20]);
});

test('only http and https links of hostile output can be opened', () => {
  expect(openableLink('https://example.org/a?b#c')).toBe('https://example.org/a?b#c');
  expect(openableLink('HTTP://example.org')).toBe('http://example.org/');
  for (const text of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'vscode://x',
    '//example.org',
    '',
  ]) {
    expect(openableLink(text)).toBeNull();
  }
});

test.each([
  ['ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)', true],
  ['ANGLE (Mesa, llvmpipe (LLVM 17.0.6 256 bits), OpenGL 4.5)', true],
  ['ANGLE (Microsoft, Microsoft Basic Render Driver (0x0000008C) Direct3D11)', true],
  ['', true],
  ['ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)', false],
  ['ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0)', false],
  ['ANGLE (Apple, ANGLE Metal Renderer: Apple M1, Unspecified Version)', false],
])('%s is drawn in software: %s', (name, software) => {
  expect(isSoftwareRenderer(name)).toBe(software);
});
