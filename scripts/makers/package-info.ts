import type { MakerOptions } from '@electron-forge/maker-base';
import { z } from 'zod';

/** What a maker of this project uses of a packaged app: its folder, where packages go, its architecture and `package.json`. */
export type Packaged = Pick<MakerOptions, 'dir' | 'makeDir' | 'targetArch' | 'packageJSON'>;

const PackageJson = z.object({
  name: z.string(),
  productName: z.string(),
  version: z.string(),
  description: z.string(),
  author: z.string(),
  license: z.string(),
});

/** What a package says about the app, from its `package.json`. */
export type PackageInfo = z.infer<typeof PackageJson>;

/** @throws when `package.json` lacks something that packages have to state. */
export function readPackageInfo(packageJson: unknown): PackageInfo {
  return PackageJson.parse(packageJson);
}

/** A version as dpkg and rpm compare it: there `~` comes before the release that a pre-release leads up to. */
export function linuxVersion(version: string): string {
  return version.replace('-', '~');
}
