import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { readChangelog, releases } from '../changelog.ts';
import { projectRoot } from '../project.ts';
import { MakerDeb } from './deb.ts';
import { APP_ID } from './linux-tree.ts';
import { linuxVersion } from './package-info.ts';
import { MakerRpm } from './rpm.ts';
import { runTool } from './run-tool.ts';
import { StandInApp } from './testing/stand-in-app.ts';
import { needsTools } from './testing/tools.ts';

const EXECUTABLES = ['sandglass', 'chrome-sandbox'];
const OTHERS = ['resources/app.asar', 'LICENSES.chromium.html'];

/** What has to be in both packages beside the app. */
const INSTALLED = [
  '/usr/bin/sandglass',
  '/usr/lib/sandglass/sandglass',
  '/usr/lib/sandglass/resources/app.asar',
  `/usr/share/applications/${APP_ID}.desktop`,
  `/usr/share/metainfo/${APP_ID}.metainfo.xml`,
  `/usr/share/icons/hicolor/16x16/apps/${APP_ID}.png`,
  `/usr/share/icons/hicolor/512x512/apps/${APP_ID}.png`,
  `/usr/share/icons/hicolor/scalable/apps/${APP_ID}.svg`,
  '/usr/share/man/man1/sandglass.1.gz',
];

test('a pre-release sorts before its release', () => {
  expect(linuxVersion('1.0.0-beta.1')).toBe('1.0.0~beta.1');
  expect(linuxVersion('1.0.0')).toBe('1.0.0');
});

const debTools = needsTools(['dpkg-deb', 'md5sum']);
describe.runIf(debTools.ok)('the package for Debian', debTools.options, () => {
  let app: StandInApp;
  let file: string;
  beforeAll(async () => {
    app = await StandInApp.create(EXECUTABLES, OTHERS);
    [file = ''] = await new MakerDeb().make(app.packaged);
  });
  afterAll(() => app[Symbol.asyncDispose]());
  const field = (name: string) => runTool('dpkg-deb', ['--field', file, name]).trim();

  test('has the version and the architecture in its name and its fields', () => {
    expect(file).toBe(join(app.root, 'make', 'deb', 'x64', `sandglass_${packageJson.version}-1_amd64.deb`));
    expect([field('Package'), field('Version'), field('Architecture')]).toEqual([
      'sandglass',
      `${packageJson.version}-1`,
      'amd64',
    ]);
    expect(Number(field('Installed-Size'))).toBeGreaterThan(0);
  });

  test('holds the app and all that belongs into a desktop, owned by root and writable by no one else', () => {
    const lines = runTool('dpkg-deb', ['--contents', file]).trim().split('\n');
    const listed = lines.map((line) => {
      const [mode = '', owner = '', , , , path = ''] = line.split(/\s+/);
      return { mode, owner, path: path.slice(1) };
    });
    expect(listed.map(({ path }) => path)).toEqual(expect.arrayContaining(INSTALLED));
    expect(listed.filter(({ owner }) => owner !== 'root/root')).toEqual([]);
    expect(listed.filter(({ mode }) => !/^(l|[-d]rw[xs]r-xr-x|-rw-r--r--)/.test(mode))).toEqual([]);
    const setuid = listed.filter(({ mode }) => mode.includes('s')).map(({ path }) => path);
    expect(setuid).toEqual(['/usr/lib/sandglass/chrome-sandbox']);
  });

  test('has a checksum of every file, which holds after unpacking', async () => {
    const root = await mkdtemp(join(tmpdir(), 'sandglass-unpacked-'));
    try {
      runTool('dpkg-deb', ['--raw-extract', file, root]);
      const sums = await readFile(join(root, 'DEBIAN', 'md5sums'), 'utf8');
      expect(sums).toContain('  usr/lib/sandglass/resources/app.asar\n');
      runTool('sh', ['-c', 'cd "$1" && md5sum --check --strict --quiet DEBIAN/md5sums', 'sh', root]);
      expect(await readFile(join(root, 'usr/bin/sandglass'), 'utf8')).toBe('stand-in for sandglass\n');
      expect(await readFile(join(root, 'usr/share/doc/sandglass/copyright'), 'utf8')).toContain('MIT License');
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  test('is the same, byte for byte, when it is made again', async () => {
    const first = await readFile(file);
    await new MakerDeb().make(app.packaged);
    expect((await readFile(file)).equals(first)).toBe(true);
  });

  test('an architecture that Debian does not have is an error', async () => {
    await expect(new MakerDeb().make({ ...app.packaged, targetArch: 'ia32' })).rejects.toThrow('ia32');
  });
});

const rpmTools = needsTools(['rpmbuild', 'rpm']);
describe.runIf(rpmTools.ok)('the package for Fedora', rpmTools.options, () => {
  let app: StandInApp;
  let file: string;
  beforeAll(async () => {
    app = await StandInApp.create(EXECUTABLES, OTHERS);
    [file = ''] = await new MakerRpm().make(app.packaged);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  test('has the version and the architecture in its name and its fields', () => {
    expect(file).toBe(join(app.root, 'make', 'rpm', 'x64', `sandglass-${packageJson.version}-1.x86_64.rpm`));
    const fields = runTool('rpm', ['-qp', '--queryformat', '%{NAME} %{VERSION} %{ARCH} %{LICENSE}', file]);
    expect(fields).toBe(`sandglass ${packageJson.version} x86_64 MIT`);
  });

  test('holds the app and all that belongs into a desktop, owned by root and writable by no one else', () => {
    const format = '[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\n]';
    const listed = runTool('rpm', ['-qp', '--queryformat', format, file])
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(listed.map(([, , path]) => path)).toEqual(expect.arrayContaining(INSTALLED));
    expect(listed.filter(([, owner]) => owner !== 'root')).toEqual([]);
    expect(listed.filter(([mode = '']) => !/^(l|[-d]rw[xs]r-xr-x|-rw-r--r--)/.test(mode))).toEqual([]);
    const setuid = listed.filter(([mode = '']) => mode.includes('s')).map(([, , path]) => path);
    expect(setuid).toEqual(['/usr/lib/sandglass/chrome-sandbox']);
  });
});

const desktopTools = needsTools(['desktop-file-validate', 'appstreamcli', 'man']);
describe.runIf(desktopTools.ok)('what desktops and people read', desktopTools.options, () => {
  test('the desktop entry is valid', () => {
    const file = join(projectRoot, 'packaging', 'linux', `${APP_ID}.desktop`);
    expect(runTool('desktop-file-validate', [file])).toBe('');
    expect(packageJson.desktopName).toBe(`${APP_ID}.desktop`);
  });

  test('the AppStream component is valid', () => {
    const file = join(projectRoot, 'packaging', 'linux', `${APP_ID}.metainfo.xml`);
    expect(runTool('appstreamcli', ['validate', '--no-net', file])).toContain('successful');
  });

  test('the manual page has no mistakes', () => {
    const page = join(projectRoot, 'man', 'sandglass.1');
    const script = 'LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null';
    expect(runTool('sh', ['-c', script, 'sh', page])).toBe('');
  });
});

test('the manual page and the AppStream component are of the newest release', async () => {
  const [newest] = releases(readChangelog());
  expect(newest?.version).toBe(packageJson.version);
  const page = await readFile(join(projectRoot, 'man', 'sandglass.1'), 'utf8');
  expect(page).toContain(`.TH SANDGLASS 1 ${newest?.date} "Sandglass ${newest?.version}" "User Commands"`);
  const component = await readFile(join(projectRoot, 'packaging', 'linux', `${APP_ID}.metainfo.xml`), 'utf8');
  const [, version, date] = /<release version="([^"]+)" date="([^"]+)"/.exec(component) ?? [];
  expect([version, date]).toEqual([newest?.version, newest?.date]);
});
