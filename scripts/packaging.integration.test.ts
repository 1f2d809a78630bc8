import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extractAll, extractFile, listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { noticeSchema, noticesFile } from '../shared/notices.ts';
import { copyNativePackages, isLeftOut, nativePackages } from './packaging.ts';
import { packageCommand, projectRoot } from './project.ts';

test.each([
  '/electron',
  '/electron/main.ts',
  '/README.md',
  '/docs',
  '/node_modules',
  '/.git',
  '/.vite-old/main.js',
  '/.env',
])('%s is left out of the package', (file) => {
  expect(isLeftOut(file)).toBe(true);
});

test.each(['', '/.vite', '/.vite/build/main.js', '/.vite/renderer/main_window/index.html'])(
  '%s goes into the package',
  (file) => {
    expect(isLeftOut(file)).toBe(false);
  },
);

test('a Mac App Store build takes the native files for macOS', () => {
  expect(nativePackages('mas', 'arm64')).toEqual(['node-pty', '@lydell/node-pty-darwin-arm64']);
});

test('a native package that is not installed is an error that says how to install it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandglass-native-'));
  await expect(copyNativePackages(folder, 'aix', 'ppc64')).rejects.toThrow('npm ci --os aix --cpu ppc64');
  await rm(folder, { recursive: true });
});

/** The zip that Electron is published as, with a stand-in for the binary: the mark and the fuses are all packaging reads. */
async function writeElectronZip(folder: string, version: string): Promise<void> {
  const fuses = [1, Object.values(FuseV1Options).filter((option) => typeof option === 'number').length];
  const zip = new ZipFile();
  const binary = Buffer.concat([
    Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
    Buffer.from(fuses),
    Buffer.alloc(fuses[1] ?? 0, FuseState.ENABLE),
  ]);
  zip.addBuffer(binary, 'electron', { mode: 0o100755 });
  zip.addBuffer(Buffer.from(version), 'version');
  zip.addBuffer(Buffer.from(''), 'LICENSE');
  zip.addBuffer(Buffer.from(''), 'resources/default_app.asar');
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(join(folder, `electron-v${version}-linux-${process.arch}.zip`)));
}

/** The path of a file in the archive, as its list of contents names it. */
function packedPath(line: string): string {
  return line.replace(/^(un)?pack\s*:\s\//, '');
}

/** The packages whose modules a build bundles, as Vite lists them. */
async function packagesIn(target: 'main' | 'renderer'): Promise<string[]> {
  const outDir = await mkdtemp(join(tmpdir(), `sandglass-licences-${target}-`));
  try {
    await build({
      configFile: join(projectRoot, `vite.${target}.config.ts`),
      logLevel: 'error',
      build: { outDir, emptyOutDir: true, license: { fileName: 'licences.json' } },
    });
    const listed = z.array(z.object({ name: z.string() }));
    return listed.parse(JSON.parse(await readFile(join(outDir, 'licences.json'), 'utf8'))).map(({ name }) => name);
  } finally {
    await rm(outDir, { recursive: true });
  }
}

describe.runIf(process.platform === 'linux')('the package', () => {
  let folder: string;
  let output: string;
  let files: string[];

  beforeAll(async () => {
    // A copy, since packaging empties the build folder that a running app may be reading.
    folder = await mkdtemp(join(tmpdir(), 'sandglass-package-'));
    const folders = ['electron', 'renderer', 'scripts', 'shared'];
    const configurations = [
      'tsconfig.base.json',
      'vite.main.config.ts',
      'vite.preload.config.ts',
      'vite.renderer.config.ts',
    ];
    const notPackaged = ['README.md', 'LICENSE'];
    for (const name of [
      'package.json',
      'package-lock.json',
      'forge.config.ts',
      ...folders,
      ...configurations,
      ...notPackaged,
    ]) {
      await cp(join(projectRoot, name), join(folder, name), { recursive: true });
    }
    await mkdir(join(folder, 'docs'));
    await writeFile(join(folder, 'docs', 'guide.md'), '# Guide\n');
    await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
    const electron = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(join(projectRoot, 'node_modules', 'electron', 'package.json'), 'utf8')));
    await writeElectronZip(folder, electron.version);

    const run = spawnSync(process.execPath, [packageCommand('@electron-forge/cli', 'electron-forge'), 'package'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ELECTRON_ZIP_DIR: folder, NODE_ENV: 'production' },
    });
    expect(run.status, run.stdout + run.stderr).toBe(0);
    output = join(folder, 'out', `Sandglass-linux-${process.arch}`);
    files = listPackage(join(output, 'resources', 'app.asar'), { isPack: true });
  }, 120_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('holds the built app', () => {
    const packed = files.map((line) => line.replace(/^pack\s+:\s/, ''));
    expect(packed).toEqual(
      expect.arrayContaining([
        '/package.json',
        '/.vite/build/main.js',
        '/.vite/build/checkpoint-worker.js',
        '/.vite/build/encoder-worker.js',
        '/.vite/build/reaper.js',
        '/.vite/build/preload.cjs',
        '/.vite/renderer/main_window/index.html',
      ]),
    );
  });

  test('holds node-pty and its native part, unpacked', async () => {
    expect(files).toContain('unpack : /node_modules/node-pty/index.js');
    const native = `/node_modules/@lydell/node-pty-linux-${process.arch}/pty.node`;
    expect(files).toContain(`unpack : ${native}`);
    const copied = await stat(join(output, 'resources', 'app.asar.unpacked', native));
    const installed = await stat(join(projectRoot, native));
    expect(copied.size).toBe(installed.size);
  });

  test('holds nothing else: no sources, no tests, no documents', () => {
    const rest = files
      .map((line) => line.replace(/^(un)?pack\s*:\s/, ''))
      .filter((file) => !/^\/(package\.json|\.vite(\/(build|renderer))?|node_modules(\/@lydell)?)$/.test(file))
      .filter((file) => !/^\/\.vite\/(build|renderer)\//.test(file))
      .filter((file) => !/^\/node_modules\/(node-pty|@lydell\/node-pty-linux-\w+)(\/|$)/.test(file));
    expect(rest).toEqual([]);
    expect(files.filter((file) => /\.(tsx?|md|map)$/.test(file))).toEqual([]);
    expect(files.filter((file) => /\.test\./.test(file))).toEqual([]);
  });

  test('stays small: what is ours is a fraction of Electron', async () => {
    const { size } = await stat(join(output, 'resources', 'app.asar'));
    expect(size, 'the archive, 7 MB in version 0.2.0').toBeLessThan(9_000_000);
    const page = files.filter((file) => /main_window\/assets\/[^/]+\.(js|css)$/.test(file));
    const sizes = page.map((file) => extractFile(join(output, 'resources', 'app.asar'), packedPath(file)).length);
    expect(
      sizes.reduce((sum, bytes) => sum + bytes, 0),
      'scripts and styles of the window, 1.5 MB in version 0.2.0',
    ).toBeLessThan(2_000_000);
    const unpacked = join(output, 'resources', 'app.asar.unpacked');
    const entries = await readdir(unpacked, { recursive: true, withFileTypes: true });
    const nativeFiles = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const nativeBytes = (await Promise.all(nativeFiles.map((file) => stat(file)))).reduce(
      (sum, file) => sum + file.size,
      0,
    );
    expect(nativeBytes, 'node-pty, 140 kB in version 0.2.0').toBeLessThan(400_000);
  });

  test('names itself to the desktop as its entry in the menus does', () => {
    const info = JSON.parse(extractFile(join(output, 'resources', 'app.asar'), 'package.json').toString());
    expect(info).toMatchObject({ desktopName: packageJson.desktopName, version: packageJson.version });
  });

  test('holds the licences of every package by others that is bundled into it', async () => {
    const archive = join(output, 'resources', 'app.asar');
    const built = extractFile(archive, join('.vite', 'renderer', 'main_window', noticesFile));
    const notices = z.array(noticeSchema).parse(JSON.parse(built.toString()));
    const named = new Set(notices.map(({ name }) => name));
    const bundled = new Set([...(await packagesIn('main')), ...(await packagesIn('renderer'))]);
    // Each of these is really in the bundles, or the comparison below would mean nothing.
    expect([...bundled]).toEqual(expect.arrayContaining(['react', '@xterm/xterm', 'zod', 'pino']));
    expect([...bundled].filter((name) => !named.has(name))).toEqual([]);

    const fonts = notices.filter(({ name }) => name.startsWith('@fontsource'));
    expect(fonts.map(({ licence }) => licence)).toEqual(['OFL-1.1', 'OFL-1.1']);
    expect(fonts[0]?.text).toContain('SIL OPEN FONT LICENSE');
    expect(named).toContain('@lydell/node-pty');
    expect(named).not.toContain('vite');

    const text = await readFile(join(output, 'resources', 'THIRD_PARTY_NOTICES.txt'), 'utf8');
    for (const notice of notices) {
      expect(text).toContain(`${notice.name} ${notice.version} (${notice.licence})`);
      expect(text).toContain(notice.text);
    }
    expect(await readFile(join(output, 'resources', 'LICENSE.txt'), 'utf8')).toContain('MIT License');
  }, 120_000);

  test('has every hardening fuse set', async () => {
    const { version: _, ...fuses } = await getCurrentFuseWire(join(output, 'sandglass'));
    const { ENABLE, DISABLE } = FuseState;
    expect(fuses).toMatchObject({
      // For the reaper; on other platforms it stays off.
      [FuseV1Options.RunAsNode]: ENABLE,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: DISABLE,
      [FuseV1Options.EnableNodeCliInspectArguments]: DISABLE,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: ENABLE,
      [FuseV1Options.OnlyLoadAppFromAsar]: ENABLE,
      [FuseV1Options.EnableCookieEncryption]: ENABLE,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: DISABLE,
    });
  });

  test('holds a reaper that runs from it alone', async () => {
    const unpacked = join(folder, 'unpacked');
    extractAll(join(output, 'resources', 'app.asar'), unpacked);
    const app = JSON.stringify({ kind: 'app', pid: process.pid, roots: [] });
    const run = spawnSync(process.execPath, [join(unpacked, '.vite', 'build', 'reaper.js')], {
      encoding: 'utf8',
      env: {},
      input: `${app}\n{"kind":"done"}\n`,
      timeout: 20_000,
    });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });

  test('no native module is left inside the archive, where it could not be loaded', () => {
    const packed = files.filter((line) => line.startsWith('pack ') && line.endsWith('.node'));
    expect(packed).toEqual([]);
  });
});
