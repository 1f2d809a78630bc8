import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from './project.ts';

/** A Chromium to test with. */
export interface Browser {
  /** What to start. It takes Chromium's arguments. */
  path: string;
  /** Where it comes from: `SANDGLASS_BROWSER`, the system, Playwright's own download, or the npm package. */
  source: 'environment' | 'system' | 'playwright' | 'package';
}

/** The places to look in, in this order. A test leaves some out. */
export interface BrowserPlaces {
  /** A path that somebody chose: taken without a look at the others. */
  chosen?: string | undefined;
  /** Files that may be a Chromium or a Chrome of the system. */
  system: string[];
  /** Where Playwright would have put its own. */
  playwright?: string | undefined;
  /** Where to unpack the npm package's, about 220 MB; undefined where it does not run. */
  unpackTo?: string | undefined;
}

/**
 * The first browser of the places that starts; undefined if none does.
 *
 * @throws when a chosen one does not start: another in its place would test something else than was asked for.
 */
export async function findBrowser(places?: BrowserPlaces): Promise<Browser | undefined> {
  const { chosen, system, playwright, unpackTo } = places ?? (await usualPlaces());
  if (chosen) {
    if (!starts(chosen)) throw new Error(`SANDGLASS_BROWSER names ${chosen}, which does not start.`);
    return { path: chosen, source: 'environment' };
  }
  for (const path of system) {
    if (starts(path)) return { path, source: 'system' };
  }
  if (playwright && starts(playwright)) return { path: playwright, source: 'playwright' };
  if (unpackTo) {
    const path = await unpackPackagedBrowser(unpackTo);
    if (starts(path)) return { path, source: 'package' };
  }
  return undefined;
}

/** Where browsers are on this machine. */
export async function usualPlaces(): Promise<BrowserPlaces> {
  return {
    chosen: process.env.SANDGLASS_BROWSER || undefined,
    system: systemBrowsers(),
    playwright: await playwrightBrowser(),
    unpackTo: await packagedBrowserFolder(),
  };
}

function systemBrowsers(): string[] {
  if (process.platform === 'darwin') {
    return ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  }
  if (process.platform === 'win32') {
    return [process.env.ProgramFiles, process.env['ProgramFiles(x86)'], process.env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'));
  }
  // The first is Chromium without a window's frame around each page: all that tests need, at three quarters of the time.
  const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

async function playwrightBrowser(): Promise<string | undefined> {
  const { chromium } = await import('@playwright/test');
  return chromium.executablePath() || undefined;
}

/** The npm package holds a Chromium for Linux on x64 only. */
async function packagedBrowserFolder(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const file = join(projectRoot, 'node_modules', '@sparticuz', 'chromium', 'package.json');
  if (!existsSync(file)) return undefined;
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(file, 'utf8')));
  return join(projectRoot, 'node_modules', '.cache', 'sandglass', `chromium-${version}`);
}

/** Whether a browser is there and runs: a file may be the stub of a package that is not installed, or lack its libraries. */
function starts(path: string): boolean {
  if (!existsSync(path)) return false;
  // On Windows, Chrome opens a window instead of printing its version.
  if (process.platform === 'win32') return true;
  return spawnSync(path, ['--version'], { timeout: 20_000, stdio: 'ignore' }).status === 0;
}

/**
 * Unpacks the Chromium of the npm package `@sparticuz/chromium`, with the libraries and fonts that a bare Linux lacks, and
 * gives a program that starts it with them: so they reach the browser and nothing that the tests start beside it.
 */
async function unpackPackagedBrowser(folder: string): Promise<string> {
  const starter = join(folder, 'start');
  if (existsSync(starter)) return starter;
  await mkdir(dirname(folder), { recursive: true });
  // Complete or not there at all: it gets its name when it is whole, also when two runs unpack at the same time.
  const partial = await mkdtemp(`${folder}.partial-`);
  try {
    await inflatePackage(partial);
    await writeFile(join(partial, 'fonts.conf'), fontsConfiguration(join(folder, 'fonts')));
    await writeFile(join(partial, 'start'), starterScript());
    await chmod(join(partial, 'start'), 0o755);
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(starter)) throw error;
  }
  return starter;
}

async function inflatePackage(folder: string): Promise<void> {
  // The package reads both at import and writes to the folder for temporary files; neither may reach what we start later.
  const before = { ...process.env };
  process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs22.x';
  process.env.TMPDIR = folder;
  try {
    const { default: chromium } = await import('@sparticuz/chromium');
    await chromium.executablePath();
  } finally {
    for (const name of ['AWS_LAMBDA_JS_RUNTIME', 'TMPDIR', 'LD_LIBRARY_PATH', 'FONTCONFIG_PATH', 'HOME']) {
      const value = before[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** The package's own configuration names folders of the service it was made for. */
function fontsConfiguration(fonts: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${fonts}</dir>
  <cachedir>${fonts}/cache</cachedir>
</fontconfig>
`;
}

/** WebGL2 is drawn in software: there is no other way in a browser without a graphics card's driver. */
function starterScript(): string {
  return `#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here/al2023/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader "$@"
`;
}
