import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quotePath } from './dropped-files.ts';
import {
  excerptOf,
  hasHidden,
  NO_CONSENT,
  notationOf,
  pasteData,
  pasteLines,
  reviewPaste,
  withoutHidden,
} from './paste.ts';

const bracketed = { bracketed: true, maxLineBytes: 4_095 };
const plain = { bracketed: false, maxLineBytes: 4_095 };
const END = '\x1b[201~';

/** Texts made of what attacks are made of. */
const hostileText = fc
  .array(
    fc.constantFrom('\x1b', '[', '201~', '\x1b[201~', '\x1b[200~', '\u009b', '\x03', '\x1a', '\r', '\n', 'id', '\x0f'),
  )
  .map((parts) => parts.join(''));

describe('characters that a program can act on', () => {
  test.each([
    ['the end of a bracketed paste', `ls${END}id\r`, '^['],
    ['a nested end of a paste', `ls\x1b${END}[201~id\r`, '^['],
    ['8-bit CSI', 'ls\u009b201~id', 'M-^['],
    ['interrupt', 'ls\x03id\r', '^C'],
    ['suspend', 'ls\x1aid\r', '^Z'],
    ['operate-and-get-next', 'id\x0f', '^O'],
    ['null', 'a\0b', '^@'],
    ['delete', 'a\x7fb', '^?'],
    ['vertical tab', 'a\x0bb', '^K'],
    ['form feed', 'a\x0cb', '^L'],
    ['next line', 'a\u0085b', 'M-^E'],
    ['a line end to Node.js', 'a\u2028b', '<U+2028>'],
    ['a text direction override', 'a\u202eb', '<U+202E>'],
    ['an invisible tag', 'a\u{e0041}b', '<U+E0041>'],
  ])('%s needs consent, with bracketed paste and without', (_name, text, notation) => {
    for (const target of [bracketed, plain]) {
      const review = reviewPaste(text, target, { ...NO_CONSENT, lines: true, longLines: true });
      expect(review?.hidden.map((kind) => kind.notation)).toEqual([notation]);
    }
    expect(excerptOf(text).some((part) => part.isHidden && part.text === notation)).toBe(true);
    expect(hasHidden(withoutHidden(text))).toBe(false);
  });

  test('tabs, line ends, letters of any script and emoji are text', () => {
    const text = 'a\tb\r\nc\rd\ne é 日本 שלום \u200f 👩‍💻 ½';
    expect(reviewPaste(text, bracketed)).toBeNull();
    expect(withoutHidden(text)).toBe(text);
  });

  test('nothing nested survives when they are left out', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const clean = withoutHidden(text);
        expect(hasHidden(clean)).toBe(false);
        expect(pasteData(clean, true).indexOf(END)).toBe(pasteData(clean, true).length - END.length);
      }),
    );
  });

  test('a bracketed paste ends at its end alone, whatever was agreed to', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const data = pasteData(text, true);
        expect(data.indexOf(END)).toBe(data.length - END.length);
        expect(data.slice(0, -END.length)).not.toContain('\u009b201~');
      }),
    );
  });

  test('are not counted without end', () => {
    expect(reviewPaste('\x1b'.repeat(1_000_000), bracketed)?.hiddenCount).toBe(100_000);
  });

  test('are shown where they are, however deep in the text', () => {
    const parts = excerptOf(`${'x'.repeat(3_000_000)}\x1b[201~id`);
    expect(parts.find((part) => part.isHidden)?.text).toBe('^[');
    expect(parts.reduce((sum, part) => sum + part.text.length, 0)).toBeLessThan(2_100);
  });

  test('are shown between the lines that would run, whatever ends those', () => {
    expect(excerptOf('a\rb\r\nc\x03').map((part) => part.text)).toEqual(['a\nb\nc', '^C']);
  });

  test('have one notation each', () => {
    expect([...'\0\x1b\x7f\u009b\u2029\u{e007f}'].map(notationOf)).toEqual([
      '^@',
      '^[',
      '^?',
      'M-^[',
      '<U+2029>',
      '<U+E007F>',
    ]);
  });
});

describe('lines', () => {
  test('are asked about only when they would run at once', () => {
    expect(reviewPaste('one line', plain)).toBeNull();
    expect(reviewPaste('one line\n', plain)?.lines).toBe(1);
    expect(reviewPaste('two\nlines', plain)?.lines).toBe(2);
    expect(reviewPaste('two\nlines\n', bracketed)).toBeNull();
  });

  test('are asked about again when the program left bracketed paste since', () => {
    const consent = { ...NO_CONSENT, hidden: true };
    expect(reviewPaste('a\x1b\nb', bracketed, consent)).toBeNull();
    expect(reviewPaste('a\x1b\nb', plain, consent)?.lines).toBe(2);
  });

  test('are counted as a person does', () => {
    expect(pasteLines('a')).toBe(1);
    expect(pasteLines('a\n')).toBe(1);
    expect(pasteLines('a\r\nb\r\n')).toBe(2);
  });

  test('that are longer than a terminal in line mode keeps are named, in bytes', () => {
    expect(reviewPaste('x'.repeat(4_095), plain)).toBeNull();
    expect(reviewPaste('x'.repeat(4_096), plain)?.longestLineBytes).toBe(4_096);
    expect(reviewPaste('é'.repeat(2_048), plain)?.longestLineBytes).toBe(4_096);
    expect(reviewPaste('x'.repeat(4_096), bracketed)).toBeNull();
    expect(reviewPaste('x'.repeat(4_096), plain, { ...NO_CONSENT, longLines: true })).toBeNull();
  });
});

test('names of dropped files are one argument each to a shell', () => {
  expect(quotePath('/tmp/a-b_c.txt', 'linux')).toBe('/tmp/a-b_c.txt');
  expect(quotePath("/tmp/it's $(id)", 'linux')).toBe(`'/tmp/it'\\''s $(id)'`);
  expect(quotePath('-rf', 'linux')).toBe('-rf');
  expect(quotePath('C:\\My files\\a.txt', 'win32')).toBe('"C:\\My files\\a.txt"');
});
