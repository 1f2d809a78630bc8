import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { type Browser, chromium } from '@playwright/test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { create } from 'asciinema-player';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { findBrowser } from '../../../scripts/find-browser.ts';
import { type ExportFormat, metadataSchema, RECORDING_FILE, type SessionMetadata } from '../../../shared/recording.ts';
import { METADATA as BASE, openRecording, SESSION_ID, TempFolder } from '../testing/recordings.ts';
import { createExport } from './export.ts';

// Every export, read by a tool of others that reads such files.

const run = promisify(execFile);
const browserPath = (await findBrowser())?.path;
/** Of the session that {@link recordSession} records. */
const METADATA: SessionMetadata = { ...BASE, endedAt: BASE.startedAt + 2_000, durationSeconds: 2 };
const has = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;

/** A session of two seconds with what readers stumble over, and what its terminal shows at its end. */
async function recordSession(temp: TempFolder): Promise<{ folder: string; shown: string[] }> {
  const { recorder, folder } = await openRecording(temp.path);
  const output = (atMs: number, bytes: string | Uint8Array): void => recorder.output(atMs, Buffer.from(bytes));
  output(10, '$ \u001b[1;32mls\u001b[0m\r\ngröße \\ "a" ');
  // One character over two reads, and one byte that is no character.
  output(20, Buffer.from('日本 🎉').subarray(0, 2));
  output(30, Buffer.from('日本 🎉').subarray(2));
  output(40, Uint8Array.of(0x0d, 0x0a, 0xff, 0x0d, 0x0a));
  recorder.marker(500, 'warning: 1 minute left');
  recorder.resize(600, 100, 30);
  output(700, '\u001b[?1049h\u001b[2Jhidden\u001b[?1049l');
  output(1_000, '\u001b]0;title\u0007<b>&amp; </script>\r\n');
  output(1_900, 'end \u001b[38;2;10;20;30mof it\u001b[0m');
  await recorder.close(2_000, 3);
  return { folder, shown: ['$ ls', 'größe \\ "a" 日本 🎉', '\ufffd', '<b>&amp; </script>', 'end of it'] };
}

describe.runIf(browserPath !== undefined)('asciinema-player', { timeout: 120_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      ...(browserPath === undefined ? {} : { executablePath: browserPath }),
      args: ['--no-sandbox'],
    });
  }, 60_000);
  afterAll(() => browser.close());

  /** What the player makes of a file: what it showed at the end, the length, and the markers that it passed. */
  async function play(cast: Buffer, last: string) {
    const require = createRequire(import.meta.url);
    const bundle = (name: string): string => require.resolve(`asciinema-player/dist/bundle/${name}`);
    const server = createServer((request, response) => {
      if (request.url === '/a.cast') response.writeHead(200, { 'content-type': 'application/x-asciicast' }).end(cast);
      else response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><div id="player"></div>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The server does not listen');
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    try {
      await page.goto(`http://127.0.0.1:${address.port}/`);
      await page.addStyleTag({ path: bundle('asciinema-player.css') });
      await page.addScriptTag({ path: bundle('asciinema-player.min.js') });
      const played = await page.evaluate(async () => {
        const player = window.AsciinemaPlayer.create('/a.cast', document.querySelector('#player') ?? document.body, {
          speed: 4,
          fit: false,
          cursorMode: 'hidden',
        });
        const markers: string[] = [];
        player.addEventListener('marker', ({ label }) => markers.push(label));
        const ended = new Promise<void>((resolve) => player.addEventListener('ended', () => resolve()));
        await player.play();
        await ended;
        return { duration: player.getDuration(), markers };
      });
      // The last frame is drawn a moment later.
      const lines = page.locator('.ap-line');
      await lines.filter({ hasText: last }).waitFor();
      expect(faults).toEqual([]);
      return { ...played, lines: await lines.allTextContents() };
    } finally {
      await page.close();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test.each(['cast-v3', 'cast-v2'] as const)('plays %s to its end', async (format) => {
    await using temp = await TempFolder.make();
    const { folder, shown } = await recordSession(temp);
    const played = await play(
      await buffer(createExport(format, { folder, metadata: METADATA }).open()),
      shown.at(-1) ?? '',
    );
    expect(played.lines.map((line) => line.trimEnd()).filter((line) => line !== '')).toEqual(shown);
    expect(played.duration).toBeCloseTo(2, 1);
    expect(played.markers).toEqual(['warning: 1 minute left']);
  });
});

test.runIf(has('asciinema') && has('script'))('asciinema prints what v2 recorded', async () => {
  await using temp = await TempFolder.make();
  const { folder, shown } = await recordSession(temp);
  const file = join(temp.path, 'export.cast');
  await writeFile(file, createExport('cast-v2', { folder, metadata: METADATA }).open());
  const env = { ...process.env, LC_ALL: 'C.UTF-8', ASCIINEMA_CONFIG_HOME: temp.path };
  const { stdout } = await run('script', ['--quiet', '--return', '--command', `asciinema cat ${file}`, '/dev/null'], {
    env,
  });
  expect(stdout).toContain('größe \\ "a" 日本 🎉');
  expect(stdout).toContain(shown[3]);
});

test('a validator of JSON schemas takes session.json', async () => {
  await using temp = await TempFolder.make();
  const { folder } = await recordSession(temp);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(z.toJSONSchema(metadataSchema, { target: 'draft-2020-12' }));
  const metadata: unknown = JSON.parse(await text(createExport('json', { folder, metadata: METADATA }).open()));
  validate(metadata);
  expect(validate.errors ?? []).toEqual([]);
  expect(validate({ ...Object(metadata), startedAt: 'yesterday' })).toBe(false);
});

describe('the zip', () => {
  const names = [RECORDING_FILE, 'recording.v2.cast', 'output.txt', 'session.json'].map(
    (name) => `${SESSION_ID}/${name}`,
  );

  async function bundle(temp: TempFolder): Promise<{ file: string; folder: string }> {
    const { folder } = await recordSession(temp);
    const file = join(temp.path, 'bundle.zip');
    await writeFile(file, createExport('zip', { folder, metadata: METADATA }).open());
    return { file, folder };
  }

  test.runIf(has('unzip'))('is sound to unzip, which gives back each file', async () => {
    await using temp = await TempFolder.make();
    const { file, folder } = await bundle(temp);
    expect((await run('unzip', ['-t', file])).stdout).toContain('No errors detected');
    expect((await run('unzip', ['-Z1', file])).stdout.trim().split('\n')).toEqual(names);
    const formats: readonly ExportFormat[] = ['cast-v3', 'cast-v2', 'text', 'json'];
    for (const [index, format] of formats.entries()) {
      const { stdout } = await run('unzip', ['-p', file, names[index] ?? '']);
      expect(stdout).toBe(await text(createExport(format, { folder, metadata: METADATA }).open()));
    }
  });

  test.runIf(has('python3'))('is sound to Python’s zipfile', async () => {
    await using temp = await TempFolder.make();
    const { file } = await bundle(temp);
    const program =
      'import json,sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(json.dumps([z.testzip(), z.namelist()]))';
    expect(JSON.parse((await run('python3', ['-c', program, file])).stdout)).toEqual([null, names]);
  });
});

declare global {
  interface Window {
    readonly AsciinemaPlayer: { readonly create: typeof create };
  }
}
