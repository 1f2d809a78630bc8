import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MakerBase } from '@electron-forge/maker-base';
import { type Packaged, readPackageInfo } from './package-info.ts';
import { runTool } from './run-tool.ts';

/** Makes a disk image with the app and a link to drag it to, by `hdiutil`, which macOS has. */
export class MakerDmg extends MakerBase<Record<string, never>> {
  name = 'dmg';
  defaultPlatforms: 'darwin'[] = ['darwin'];
  override requiredExternalBinaries = ['hdiutil'];

  override isSupportedOnCurrentPlatform(): boolean {
    return process.platform === 'darwin';
  }

  override async make({ dir, makeDir, targetArch, packageJSON }: Packaged): Promise<string[]> {
    const { productName, version } = readPackageInfo(packageJSON);
    const output = join(makeDir, 'dmg', targetArch, `${productName}-${version}-${targetArch}.dmg`);
    await this.ensureFile(output);
    const folder = await mkdtemp(join(tmpdir(), 'sandglass-dmg-'));
    try {
      // Links inside the app are part of its signature.
      await cp(join(dir, `${productName}.app`), join(folder, `${productName}.app`), {
        recursive: true,
        verbatimSymlinks: true,
      });
      await symlink('/Applications', join(folder, 'Applications'));
      const name = ['-volname', `${productName} ${version}`];
      runTool('hdiutil', ['create', ...name, '-srcfolder', folder, '-fs', 'HFS+', '-format', 'UDZO', output]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return [output];
  }
}
