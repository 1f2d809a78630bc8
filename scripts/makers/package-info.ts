import { z } from 'zod';

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
