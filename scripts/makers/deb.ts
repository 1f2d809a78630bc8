import { createHash } from 'node:crypto';
import { cp, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MakerBase } from '@electron-forge/maker-base';
import { type Release, readChangelog, releaseOf } from '../changelog.ts';
import { projectRoot } from '../project.ts';
import { APP_FOLDER, filesOf, setModes, writeCompressed, writeLinuxTree } from './linux-tree.ts';
import { linuxVersion, type Packaged, type PackageInfo, readPackageInfo } from './package-info.ts';
import { runTool } from './run-tool.ts';

/** Debian's names of architectures. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', armv7l: 'armhf' };

/**
 * What Electron's binary is linked to or loads at run time, less what these depend on themselves. Where Debian and Ubuntu have
 * renamed a library for 64-bit times, the new name comes first.
 */
const depends = [
  'libasound2t64 | libasound2',
  'libatspi2.0-0t64 | libatspi2.0-0',
  'libc6 (>= 2.28)',
  'libdrm2',
  'libgbm1',
  'libgtk-3-0t64 | libgtk-3-0',
  'libnotify4',
  'libnss3',
  'libsecret-1-0',
  'xdg-utils',
];

/** Makes a package for Debian and Ubuntu with `dpkg-deb`. */
export class MakerDeb extends MakerBase<Record<string, never>> {
  name = 'deb';
  defaultPlatforms: 'linux'[] = ['linux'];
  override requiredExternalBinaries = ['dpkg-deb'];

  override isSupportedOnCurrentPlatform(): boolean {
    return process.platform === 'linux';
  }

  override async make({ dir, makeDir, targetArch, packageJSON }: Packaged): Promise<string[]> {
    const info = readPackageInfo(packageJSON);
    const release = releaseOf(readChangelog(), info.version);
    const architecture = architectures[targetArch];
    if (architecture === undefined) throw new Error(`There is no Debian architecture for ${targetArch}.`);
    const version = `${linuxVersion(info.version)}-1`;
    const output = join(makeDir, 'deb', targetArch, `${info.name}_${version}_${architecture}.deb`);
    await this.ensureFile(output);

    const tree = await mkdtemp(join(tmpdir(), 'sandglass-deb-'));
    try {
      await writeLinuxTree(tree, { appFolder: dir, projectFolder: projectRoot });
      await writeDocumentation(tree, info, version, release);
      await setModes(tree);
      await mkdir(join(tree, 'DEBIAN'), { mode: 0o755 });
      const files = await filesOf(join(tree, 'usr'));
      await writeFile(join(tree, 'DEBIAN', 'md5sums'), await checksums(tree, files), { mode: 0o644 });
      const size = await installedKibibytes(join(tree, 'usr'), files);
      await writeFile(join(tree, 'DEBIAN', 'control'), control(info, version, architecture, size), { mode: 0o644 });
      runTool('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, output], {
        SOURCE_DATE_EPOCH: String(Date.parse(release.date) / 1000),
      });
    } finally {
      await rm(tree, { recursive: true, force: true });
    }
    return [output];
  }
}

/** The file `control` (https://www.debian.org/doc/debian-policy/ch-controlfields.html). */
function control(info: PackageInfo, version: string, architecture: string, kibibytes: number): string {
  return `${[
    `Package: ${info.name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${info.author}`,
    `Installed-Size: ${kibibytes}`,
    `Depends: ${depends.join(', ')}`,
    'Recommends: bubblewrap',
    'Suggests: docker.io | podman, gnome-keyring',
    'Section: utils',
    'Priority: optional',
    `Description: ${info.description.replace(/\.$/, '')}`,
    ' Every tab of this terminal has a time limit and can be sandboxed: a local',
    ' shell, a bubblewrap sandbox or a container, chosen by profile. A session that',
    ' is idle or open for too long warns you, says why it closes, and leaves no',
    ' process behind. Sessions are recorded in asciicast format.',
  ].join('\n')}\n`;
}

/** The files that Debian expects of every package below `/usr/share/doc`. */
async function writeDocumentation(tree: string, info: PackageInfo, version: string, release: Release): Promise<void> {
  const folder = join(tree, 'usr', 'share', 'doc', info.name);
  await mkdir(folder, { recursive: true });
  const licence = await readFile(join(projectRoot, 'LICENSE'), 'utf8');
  const others = `The licences of the packages by others are in /${APP_FOLDER}: resources/THIRD_PARTY_NOTICES.txt for those of the app,\nLICENSE for Electron and LICENSES.chromium.html for Chromium.`;
  await writeFile(join(folder, 'copyright'), `${licence}\n${others}\n`);
  await writeCompressed(join(folder, 'changelog.gz'), readChangelog());
  const date = new Date(`${release.date}T00:00:00Z`).toUTCString().replace('GMT', '+0000');
  await writeCompressed(
    join(folder, 'changelog.Debian.gz'),
    `${info.name} (${version}) unstable; urgency=medium\n\n  * Release ${info.version}; changelog.gz says what is new.\n\n -- ${info.author}  ${date}\n`,
  );
  await cp(join(projectRoot, 'README.md'), join(folder, 'README.md'));
}

/** The file `md5sums`, by which dpkg finds files that were changed after installation. */
async function checksums(tree: string, files: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const file of files) {
    const path = join(tree, 'usr', file);
    if (!(await lstat(path)).isFile()) continue;
    lines.push(
      `${createHash('md5')
        .update(await readFile(path))
        .digest('hex')}  usr/${file}\n`,
    );
  }
  return lines.join('');
}

/** Each file takes whole units of 1,024 bytes, and each folder one. */
async function installedKibibytes(folder: string, files: readonly string[]): Promise<number> {
  let kibibytes = 0;
  for (const file of files) {
    const status = await lstat(join(folder, file));
    kibibytes += status.isFile() ? Math.ceil(status.size / 1024) : 1;
  }
  return kibibytes;
}
