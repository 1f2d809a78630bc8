import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeAge, offeredImages } from './images.ts';
import { argumentsText, memoryText, readArguments, readCount, readCpus, readMemory, readNames } from './text.ts';

test.each([
  ['512', 512],
  ['512 MB', 512],
  ['512m', 512],
  ['512 MiB', 512],
  ['2g', 2_048],
  ['1.5 GB', 1_536],
  ['1,5gb', 1_536],
  ['1 TB', 1_048_576],
  ['', null],
  ['no limit', null],
])('memory of “%s” is %j MiB', (text, value) => {
  expect(readMemory(text)).toEqual({ ok: true, value });
});

test('what is no size is refused with an example', () => {
  for (const text of ['much', '-1', '12 kB', '1 2', '1e3', '٣']) expect(readMemory(text).ok, text).toBe(false);
});

test('a size reads back as itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 1_048_576 }), (mebibytes) => {
      expect(readMemory(memoryText(mebibytes))).toEqual({ ok: true, value: mebibytes });
    }),
  );
  expect(memoryText(2_048)).toBe('2 GB');
  expect(memoryText(null)).toBe('');
});

test('processors may be parts of one, counts may not', () => {
  expect(readCpus('0.5')).toEqual({ ok: true, value: 0.5 });
  expect(readCpus('0,25')).toEqual({ ok: true, value: 0.25 });
  expect(readCpus(' ')).toEqual({ ok: true, value: null });
  for (const text of ['half', '-1', '1e1', '0.333']) expect(readCpus(text).ok, text).toBe(false);
  expect(readCount('256')).toEqual({ ok: true, value: 256 });
  for (const text of ['1.5', '-1', 'x', '9'.repeat(10)]) expect(readCount(text).ok, text).toBe(false);
});

test('arguments are kept unchanged, or reported as more than lines can express', () => {
  expect(readArguments('-l\n\n  -c \necho "a b"\n')).toEqual(['-l', '  -c ', 'echo "a b"']);
  expect(argumentsText(['-l', 'a b'])).toBe('-l\na b');
  expect(argumentsText([])).toBe('');
  for (const args of [[''], ['a\nb'], ['a', '  ']]) expect(argumentsText(args)).toBeNull();
  fc.assert(
    fc.property(fc.array(fc.string()), (args) => {
      const text = argumentsText(args);
      if (text !== null) expect(readArguments(text)).toEqual(args);
    }),
  );
});

test('names are separated by spaces, commas or lines, each once', () => {
  expect(readNames(' LANG, LC_*\nTZ  LANG,')).toEqual(['LANG', 'LC_*', 'TZ']);
  expect(readNames('')).toEqual([]);
});

test('images are all offered until something else is typed', () => {
  const image = (name: string) => ({ name, id: name, bytes: 1, createdAt: 0 });
  const images = [image('debian:bookworm-slim'), image('node:24')];
  const names = (text: string, openedWith: string | null) =>
    offeredImages(images, text, openedWith).map(({ name }) => name);
  expect(names('node:24', 'node:24')).toHaveLength(2);
  expect(names('NODE', 'node:24')).toEqual(['node:24']);
  expect(names('', 'node:24')).toHaveLength(2);
  expect(names('none', 'node:24')).toEqual([]);
});

test('an age is shown in its largest unit', () => {
  const day = 86_400_000;
  const ages = [0.5, 1, 40, 90, 800].map((days) => describeAge(1_000 * day - days * day, 1_000 * day));
  expect(ages).toEqual(['today', '1 day old', '40 days old', '3 months old', '2 years old']);
  expect(describeAge(day, 0)).toBe('today');
});
