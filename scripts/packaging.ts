import { cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { noticeSchema, noticesFile } from '../shared/notices.ts';
import { projectRoot } from './project.ts';
import { noticesText } from './third-party-notices.ts';

/**
 * Unpacked from the archive: whatever is in `node_modules`, since a native module and the programs beside it can only be
 * loaded and started from real files. A glob as `@electron/asar` reads it.
 */
export const unpackedFiles = '**/node_modules/**';

/**
 * Whether the packager leaves a file of the project out. Only what Vite built goes in: everything that the app needs is
 * bundled there, except the packages that {@link copyNativePackages} adds.
 *
 * @param file path from the project's folder, beginning with `/`; empty for the folder itself.
 */
export function isLeftOut(file: string): boolean {
  if (file === '') return false;
  return !['/.vite', '/.vite/build', '/.vite/renderer'].includes(file) && !/^\/\.vite\/(build|renderer)\//.test(file);
}

/** Files of the native packages that only developers read. */
const notNeededAtRunTime = /\.(md|d\.ts|map)$/;

/**
 * The packages that Vite cannot bundle because they have a native part, for one platform.
 *
 * @param platform as `process.platform` names it; a Mac App Store build (`mas`) runs the files for `darwin`.
 */
export function nativePackages(platform: string, arch: string): string[] {
  return ['node-pty', `@lydell/node-pty-${platform === 'mas' ? 'darwin' : platform}-${arch}`];
}

/**
 * Copies the native packages into the folder that becomes the archive.
 *
 * @throws when one is not installed: npm installs those of the machine it runs on only, so the error says how to add those
 *   of another platform.
 */
export async function copyNativePackages(
  buildPath: string,
  platform: string,
  arch: string,
  nodeModules = join(projectRoot, 'node_modules'),
): Promise<void> {
  for (const name of nativePackages(platform, arch)) {
    try {
      await cp(join(nodeModules, name), join(buildPath, 'node_modules', name), {
        recursive: true,
        dereference: true,
        filter: (source) => !notNeededAtRunTime.test(source),
      });
    } catch (cause) {
      throw new Error(
        `The package ${name} is not installed. To package for ${platform} ${arch}, run npm ci --os ${platform} --cpu ${arch} first.`,
        { cause },
      );
    }
  }
}

/**
 * Puts the licence of Sandglass, and those of the packages by others in it, beside the app's archive, where a person can
 * read them without starting the app.
 *
 * @param buildPath the folder that becomes the archive, with the built window in it.
 */
export async function writeLicences(buildPath: string, root = projectRoot): Promise<void> {
  const resources = dirname(buildPath);
  const built = join(buildPath, '.vite', 'renderer', 'main_window', noticesFile);
  const notices = z.array(noticeSchema).parse(JSON.parse(await readFile(built, 'utf8')));
  await writeFile(join(resources, 'THIRD_PARTY_NOTICES.txt'), noticesText(notices));
  await cp(join(root, 'LICENSE'), join(resources, 'LICENSE.txt'));
}
