import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MakerBase } from '@electron-forge/maker-base';
import { readChangelog, releaseOf } from '../changelog.ts';
import { projectRoot } from '../project.ts';
import { APP_FOLDER, APP_ID, SANDBOX_HELPER, setModes, writeLinuxTree } from './linux-tree.ts';
import { linuxVersion, type Packaged, type PackageInfo, readPackageInfo } from './package-info.ts';
import { runTool } from './run-tool.ts';

/** The names of architectures that rpm uses. */
const architectures: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', armv7l: 'armv7hl' };

/** What Electron's binary is linked to or loads at run time, as Fedora or openSUSE name it. */
const requires = [
  '(alsa-lib or libasound2)',
  'at-spi2-core',
  '(libdrm or libdrm2)',
  '(mesa-libgbm or libgbm1)',
  '(gtk3 or libgtk-3-0)',
  '(libnotify or libnotify4)',
  '(nss or mozilla-nss)',
  '(libsecret or libsecret-1-0)',
  'xdg-utils',
];

/** Makes a package for Fedora, openSUSE and their relatives with `rpmbuild`. */
export class MakerRpm extends MakerBase<Record<string, never>> {
  name = 'rpm';
  defaultPlatforms: 'linux'[] = ['linux'];
  override requiredExternalBinaries = ['rpmbuild'];

  override isSupportedOnCurrentPlatform(): boolean {
    return process.platform === 'linux';
  }

  override async make({ dir, makeDir, targetArch, packageJSON }: Packaged): Promise<string[]> {
    const info = readPackageInfo(packageJSON);
    const release = releaseOf(readChangelog(), info.version);
    const architecture = architectures[targetArch];
    if (architecture === undefined) throw new Error(`There is no architecture of rpm for ${targetArch}.`);
    const outputFolder = join(makeDir, 'rpm', targetArch);
    await this.ensureDirectory(outputFolder);

    const top = await mkdtemp(join(tmpdir(), 'sandglass-rpm-'));
    try {
      const tree = join(top, 'tree');
      await writeLinuxTree(tree, { appFolder: dir, projectFolder: projectRoot });
      const documentation = join(tree, 'usr', 'share', 'doc', info.name);
      await mkdir(documentation, { recursive: true });
      for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md']) {
        await cp(join(projectRoot, name), join(documentation, name));
      }
      await setModes(tree);
      const spec = join(top, `${info.name}.spec`);
      await writeFile(spec, specFile(info, tree, existsSync(join(tree, SANDBOX_HELPER))));
      const topFolders = ['--define', `_topdir ${top}`, '--define', `_rpmdir ${outputFolder}`];
      runTool('rpmbuild', ['-bb', '--target', architecture, ...topFolders, spec], {
        SOURCE_DATE_EPOCH: String(Date.parse(release.date) / 1000),
      });
    } finally {
      await rm(top, { recursive: true, force: true });
    }
    const made = await readdir(outputFolder);
    return made.filter((name) => name.endsWith('.rpm')).map((name) => join(outputFolder, name));
  }
}

/** The spec file (https://rpm-software-management.github.io/rpm/manual/spec.html). Nothing in the app is stripped, compiled or scanned. */
function specFile(info: PackageInfo, tree: string, hasSandboxHelper: boolean): string {
  return `%global __os_install_post %{nil}
%global _build_id_links none
%global debug_package %{nil}
%global _binary_payload w19.zstdio
%global _rpmfilename %{name}-%{version}-%{release}.%{arch}.rpm
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global _buildhost localhost

Name: ${info.name}
Version: ${linuxVersion(info.version)}
Release: 1
Summary: ${info.description.replace(/\.$/, '')}
License: ${info.license}
Packager: ${info.author}
Group: System/X11/Terminals
AutoReqProv: no
${requires.map((name) => `Requires: ${name}`).join('\n')}
Recommends: bubblewrap
Suggests: (podman or docker)

%description
Every tab of this terminal has a time limit and can be sandboxed: a local shell, a bubblewrap sandbox or a container, chosen
by profile. A session that is idle or open for too long warns you, says why it closes, and leaves no process behind. Sessions
are recorded in asciicast format.

%install
mkdir -p %{buildroot}
cp -a '${tree}'/. %{buildroot}/

%files
%defattr(-, root, root, -)
/usr/bin/${info.name}
/${APP_FOLDER}
${hasSandboxHelper ? `%attr(4755, root, root) /${SANDBOX_HELPER}\n` : ''}/usr/share/applications/${APP_ID}.desktop
/usr/share/metainfo/${APP_ID}.metainfo.xml
/usr/share/icons/hicolor/*/apps/${APP_ID}.*
/usr/share/man/man1/${info.name}.1.gz
%doc /usr/share/doc/${info.name}
`;
}
