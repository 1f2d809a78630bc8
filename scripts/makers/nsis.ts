import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MakerBase } from '@electron-forge/maker-base';
import { projectRoot } from '../project.ts';
import { type Packaged, readPackageInfo } from './package-info.ts';
import { runTool } from './run-tool.ts';

/**
 * Makes an installer for Windows with NSIS (https://nsis.sourceforge.io), from `packaging/windows/installer.nsi`. `makensis` runs
 * on Linux, too.
 */
export class MakerNsis extends MakerBase<Record<string, never>> {
  name = 'nsis';
  defaultPlatforms: 'win32'[] = ['win32'];
  override requiredExternalBinaries = ['makensis'];

  override isSupportedOnCurrentPlatform(): boolean {
    return true;
  }

  override async make({ dir, makeDir, targetArch, packageJSON }: Packaged): Promise<string[]> {
    const info = readPackageInfo(packageJSON);
    const output = join(makeDir, 'nsis', targetArch, `${info.productName}-${info.version}-${targetArch}-Setup.exe`);
    await this.ensureFile(output);
    const values = {
      APP_FOLDER: dir,
      OUTPUT: output,
      VERSION: info.version,
      FILE_VERSION: this.normalizeWindowsVersion(info.version),
      PUBLISHER: info.author,
      DESCRIPTION: info.description,
      KIBIBYTES: String(await kibibytes(dir)),
      ICON: join(projectRoot, 'packaging', 'icons', 'sandglass.ico'),
      PICTURE: join(projectRoot, 'packaging', 'icons', '256.png'),
    };
    // makensis takes options with - on every system, and warnings as errors.
    runTool('makensis', [
      '-WX',
      '-V2',
      '-INPUTCHARSET',
      'UTF8',
      ...Object.entries(values).map(([name, value]) => `-D${name}=${value}`),
      join(projectRoot, 'packaging', 'windows', 'installer.nsi'),
    ]);
    return [output];
  }
}

/** What the installed app takes on disk. */
async function kibibytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return Math.ceil(bytes / 1024);
}
