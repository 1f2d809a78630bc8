import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium, type Page } from '@playwright/test';
import { findBrowser } from './find-browser.ts';
import { projectRoot } from './project.ts';
import { buildOutdated } from './vite-build.ts';

// npm run screenshot: docs/screenshot.png, of the web host with a home folder made for the picture.

const target = join(projectRoot, 'docs', 'screenshot.png');
const browserFile = (await findBrowser())?.path;
if (!browserFile) throw new Error('No browser to take the picture with: install Chromium or Chrome.');
await buildOutdated(['renderer']);

const folder = await mkdtemp(join(tmpdir(), 'sandglass-screenshot-'));
const home = join(folder, 'home');
await makeHome(home);
const host = spawn(process.execPath, [join(projectRoot, 'electron', 'hosts', 'web', 'serve.ts')], {
  env: {
    PATH: process.env.PATH,
    HOME: home,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    SANDGLASS_HOME: join(folder, 'sandglass'),
    // So that the picture shows a countdown.
    SESSION_TIMEOUT_SECS: '290',
  },
  stdio: ['pipe', 'pipe', 'inherit'],
});
try {
  await using browser = await chromium.launch({ executablePath: browserFile });
  const page = await browser.newPage({
    viewport: { width: 1120, height: 640 },
    deviceScaleFactor: 2,
    colorScheme: 'dark',
  });
  await page.goto(await addressOf(host.stdout));
  await fillWindow(page);
  await mkdir(join(projectRoot, 'docs'), { recursive: true });
  await page.screenshot({ path: target });
  console.log(`Wrote ${target}`);
} finally {
  const ended = new Promise((resolve) => host.once('exit', resolve));
  host.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
}

/** A home folder with a small project in it and a short prompt. */
async function makeHome(path: string): Promise<void> {
  const project = join(path, 'src', 'parser');
  await mkdir(join(project, 'tests'), { recursive: true });
  await mkdir(join(path, 'src', 'site'));
  // The folder as the title of the tab, then a prompt that names no machine and no user.
  const prompt = "PS1='\\[\\e]0;\\W\\a\\]\\[\\e[36m\\]\\w\\[\\e[0m\\] $ '";
  await writeFile(join(path, '.bashrc'), `${prompt}\nunset HISTFILE\nalias ls='ls --color'\n`);
  await writeFile(
    join(project, 'package.json'),
    '{ "name": "parser", "type": "module", "scripts": { "test": "node --test" } }\n',
  );
  await writeFile(join(project, 'parse.js'), 'export const parse = (text) => text.trim().split(/\\s+/);\n');
  const test = `import { strictEqual } from 'node:assert';
import { describe, it } from 'node:test';
import { parse } from '../parse.js';

describe('parse', () => {
  it('splits at white space', () => strictEqual(parse('a b').length, 2));
  it('ignores it at both ends', () => strictEqual(parse(' a ')[0], 'a'));
  it('takes tabs as well', () => strictEqual(parse('a\\tb').length, 2));
});
`;
  await writeFile(join(project, 'tests', 'parse.test.mjs'), test);
}

/** The address that the web host prints. */
async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const address = /https?:\/\/\S+/.exec(line)?.[0];
    if (address) {
      output.resume();
      return address;
    }
  }
  throw new Error('The web host ended without an address; what it said is above.');
}

/** Three tabs, the second of which has ended, and a test run in the one that is shown. */
async function fillWindow(page: Page): Promise<void> {
  const tabs = page.getByRole('tab');
  const type = async (line: string, until: string) => {
    await page.keyboard.type(`${line}\n`);
    await page.locator('.xterm:visible .xterm-rows', { hasText: until }).waitFor();
  };
  const newTab = async () => {
    const before = await tabs.count();
    await page.keyboard.press('Alt+Shift+T');
    await tabs.nth(before).waitFor();
    await page.locator('.xterm:visible .xterm-rows', { hasText: '~ $' }).waitFor();
  };
  await page.getByTestId('new-tab').waitFor();
  await newTab();
  await type('cd ~/src/site', 'src/site $');
  await newTab();
  await page.keyboard.type('exit\n');
  await page.getByRole('button', { name: 'New session' }).waitFor();
  await newTab();
  await type('cd ~/src/parser', 'src/parser $');
  await type('ls -l --time-style=+', 'tests');
  await type('cat parse.js', 'export');
  await type('node --test --test-reporter=spec', 'duration_ms');
}
