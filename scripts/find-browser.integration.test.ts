import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser, usualPlaces } from './find-browser.ts';

describe.runIf(process.platform !== 'win32')('a browser', () => {
  let folder: string;
  const program = async (name: string, status: number) => {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\nexit ${status}\n`);
    await chmod(path, 0o755);
    return path;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandglass-browser-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('that was chosen comes first', async () => {
    const chosen = await program('chosen', 0);
    const system = [await program('system', 0)];
    expect(await findBrowser({ chosen, system })).toEqual({ path: chosen, source: 'environment' });
  });

  test('that was chosen and does not start is an error, not another browser', async () => {
    const chosen = join(folder, 'missing');
    const system = [await program('system', 0)];
    await expect(findBrowser({ chosen, system })).rejects.toThrow('does not start');
  });

  test('of the system is passed over when it does not start', async () => {
    const stub = await program('stub', 1);
    const playwright = await program('playwright', 0);
    expect(await findBrowser({ system: [join(folder, 'missing'), stub], playwright })).toEqual({
      path: playwright,
      source: 'playwright',
    });
  });

  test('that is nowhere is none', async () => {
    expect(await findBrowser({ system: [] })).toBeUndefined();
  });
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the npm package', () => {
  test('gives a browser with WebGL2 where the system has none, and leaves the environment as it was', async () => {
    const before = { ...process.env };
    const { unpackTo } = await usualPlaces();
    const found = await findBrowser({ system: [], unpackTo });
    expect(found?.source).toBe('package');
    expect({ ...process.env }).toEqual(before);

    await using browser = await chromium.launch({ executablePath: found?.path ?? '' });
    const page = await browser.newPage();
    await page.setContent('<canvas></canvas><p>Drawn in software</p>');
    const version = await page.evaluate(() => {
      const gl = document.querySelector('canvas')?.getContext('webgl2');
      return gl?.getParameter(gl.VERSION);
    });
    expect(version).toContain('WebGL 2.0');
    expect((await page.locator('p').boundingBox())?.height).toBeGreaterThan(0);
  }, 120_000);
});
