import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkExecutable } from './check-executable.ts';

describe.runIf(process.platform !== 'win32')('on Unix', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-check-'));
    writeFileSync(join(folder, 'interpreter'), '', { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const check = (content: string | Buffer): Promise<string | null> => {
    writeFileSync(join(folder, 'run'), content);
    chmodSync(join(folder, 'run'), 0o755);
    return checkExecutable(join(folder, 'run'), `/nonexistent:${folder}:/bin`);
  };

  test.each([
    ['a script', '#!/bin/sh\nexit 0\n'],
    ['one with an option', '#! /bin/sh -e\n'],
    ['one whose only line has no end', '#!/bin/sh'],
    ['one without a first line that names an interpreter', 'echo\n'],
    ['one that asks env', '#!/usr/bin/env sh\n'],
    ['one that asks env with options and variables', '#!/usr/bin/env -S A=1 sh -e\n'],
    ['one whose interpreter lies beside it', '#!interpreter\n'],
    ['one whose interpreter is found in PATH', '#!/usr/bin/env interpreter\n'],
    ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0xff])],
    ['an empty file', ''],
  ])('%s is fine', async (_, content) => {
    expect(await check(content)).toBeNull();
  });

  test.each([
    ['#!/bin/sh\r\n', 'run has Windows line ends (CR LF) in its first line; save it with LF alone'],
    ['#!/bin/zzz -x\n', 'the interpreter in the first line of run is missing: /bin/zzz'],
    ['#!/usr/bin/env zzz\n', 'the interpreter in the first line of run is in no folder of PATH: zzz'],
    ['#!\n', 'run has a first line that names no interpreter'],
    [
      '\u{feff}#!/bin/sh\n',
      'run begins with a byte order mark, so that its first line is not seen; save it without one',
    ],
  ])('%j: %s', async (content, words) => {
    expect(await check(content)).toBe(words);
  });

  test('a command to paste is quoted where it must be', async () => {
    const path = join(folder, "it's");
    writeFileSync(path, '');
    expect(await checkExecutable(path, '')).toBe(
      `it's is not executable; run chmod +x '${folder.replaceAll("'", "'\\''")}/it'\\''s'`,
    );
  });
});

test('on Windows a file is run by its ending', async () => {
  expect(await checkExecutable(import.meta.filename, '', 'win32')).toBe(
    'check-executable.test.ts is nothing that Windows runs by itself: use a file that ends in .exe, .com, .cmd, .bat',
  );
});
