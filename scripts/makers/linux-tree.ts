import { chmod, cp, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pngSizes } from '../icon-files.ts';

/** The app's id on Linux: the name of its desktop entry, its icons and its AppStream component. */
export const APP_ID = 'org.sandglass.Sandglass';

/** Where the app lies, from the root of the file system. */
export const APP_FOLDER = 'usr/lib/sandglass';

/** Chromium's helper for sandboxes where unprivileged user namespaces are not allowed; it works with this mode alone. */
export const SANDBOX_HELPER = `${APP_FOLDER}/chrome-sandbox`;
const SANDBOX_HELPER_MODE = 0o4755;

/** Sizes that the hicolor theme has a folder for everywhere. */
const themeSizes = pngSizes.filter((size) => size <= 512);

/** What a Linux package is made from. */
export interface LinuxApp {
  /** The packaged app. */
  readonly appFolder: string;
  /** The project, which has the icons, the desktop entry and the manual page. */
  readonly projectFolder: string;
}

/**
 * Writes the files of a Linux package below `tree`, as they lie below `/` once installed: the app, its command, the entry in the
 * desktop's menus, icons, what software centres show, the manual page and the licence. Modes are set; owners are not, since
 * both package formats set them.
 */
export async function writeLinuxTree(tree: string, { appFolder, projectFolder }: LinuxApp): Promise<void> {
  const packaging = join(projectFolder, 'packaging');
  const share = join(tree, 'usr', 'share');
  const copies: (readonly [from: string, to: string])[] = [
    [join(packaging, 'linux', `${APP_ID}.desktop`), join(share, 'applications', `${APP_ID}.desktop`)],
    [join(packaging, 'linux', `${APP_ID}.metainfo.xml`), join(share, 'metainfo', `${APP_ID}.metainfo.xml`)],
    [join(projectFolder, 'renderer', 'icon.svg'), join(share, 'icons', 'hicolor', 'scalable', 'apps', `${APP_ID}.svg`)],
    ...themeSizes.map(
      (size) =>
        [
          join(packaging, 'icons', `${size}.png`),
          join(share, 'icons', 'hicolor', `${size}x${size}`, 'apps', `${APP_ID}.png`),
        ] as const,
    ),
  ];
  await cp(appFolder, join(tree, APP_FOLDER), { recursive: true, verbatimSymlinks: true });
  for (const [from, to] of copies) await cp(from, to);
  await writeCompressed(
    join(share, 'man', 'man1', 'sandglass.1.gz'),
    await readFile(join(projectFolder, 'man', 'sandglass.1')),
  );
  await mkdir(join(tree, 'usr', 'bin'), { recursive: true });
  await symlink('../lib/sandglass/sandglass', join(tree, 'usr', 'bin', 'sandglass'));
}

/** Writes a file as gzip does with its best compression; the same content gives the same bytes. */
export async function writeCompressed(file: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, gzipSync(content, { level: 9 }));
}

/** Makes all of a tree readable by everyone and writable by its owner alone, whatever the umask and the modes of its sources. */
export async function setModes(tree: string): Promise<void> {
  await chmod(tree, 0o755);
  for (const file of await filesOf(tree)) {
    const path = join(tree, file);
    const { mode } = await lstat(path);
    await chmod(path, file === SANDBOX_HELPER ? SANDBOX_HELPER_MODE : mode & 0o111 ? 0o755 : 0o644);
  }
}

/** Every folder and file of a tree but symbolic links, as paths from its root with `/`, sorted. */
export async function filesOf(tree: string): Promise<string[]> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1))
    .toSorted();
}
