import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Plugin } from 'vite';
import { z } from 'zod';
import { type Notice, noticesFile } from '../shared/notices.ts';
import { projectRoot } from './project.ts';

/** The files of a package that its licence asks to pass on with every copy. */
const licenceFile = /^(licen[cs]e|copying|notice|ofl)([.-][\w.-]+)?$/i;

const Person = z.union([z.string(), z.object({ name: z.string() })]);
const PackageJson = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  /** The form before SPDX expressions, which old packages still have. */
  licenses: z.array(z.object({ type: z.string() })).optional(),
  author: Person.optional(),
  homepage: z.string().optional(),
});

const LockFile = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), devOptional: z.boolean().optional() })),
});

/**
 * Writes {@link noticesFile} into the output: one notice for each package that goes into the app. Those are the packages
 * whose modules or files are in this bundle, and those that the main process depends on, as the lock file has them.
 *
 * @throws when a package names no licence: it must not be shipped.
 */
export function thirdPartyNotices(root = projectRoot): Plugin {
  return {
    name: 'sandglass:third-party-notices',
    apply: 'build',
    generateBundle(_options, bundle) {
      const folders = new Set(mainProcessPackages(root));
      for (const output of Object.values(bundle)) {
        const files = output.type === 'chunk' ? output.moduleIds : output.originalFileNames;
        for (const file of files) {
          const folder = packageFolder(join(root, 'renderer'), file);
          if (folder !== null) folders.add(folder);
        }
      }
      const source = JSON.stringify(readNotices(folders), null, 1);
      this.emitFile({ type: 'asset', fileName: noticesFile, source });
    },
  };
}

/** The folders of the installed packages that the main process depends on, directly or not. */
function mainProcessPackages(root = projectRoot): string[] {
  const lock = LockFile.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path]) => join(root, path))
    .filter((folder) => existsSync(join(folder, 'package.json')));
}

/** The folder of the package that a module or file belongs to; null for the project's own and for virtual modules. */
function packageFolder(base: string, file: string): string | null {
  if (file.startsWith('\0')) return null;
  const path = join(file.startsWith(sep) || /^[A-Za-z]:/.test(file) ? '' : base, file.replace(/\?.*$/, ''));
  const match = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(path);
  return match?.[1] ?? null;
}

/** The notices of packages, by name. A package that is installed more than once in one version has one notice. */
function readNotices(folders: Iterable<string>): Notice[] {
  const notices = new Map<string, Notice>();
  for (const folder of folders) {
    const notice = readNotice(folder);
    notices.set(`${notice.name}@${notice.version}`, notice);
  }
  return [...notices.values()].toSorted((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
}

function readNotice(folder: string): Notice {
  const info = PackageJson.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const texts = readdirSync(folder)
    .filter((file) => licenceFile.test(file))
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const licence = info.license ?? info.licenses?.map(({ type }) => type).join(' OR ');
  if (licence === undefined) {
    throw new Error(`The package ${info.name} in ${folder} names no licence, so it must not be shipped.`);
  }
  const author = typeof info.author === 'string' ? info.author : info.author?.name;
  const text = texts.length > 0 ? texts.join('\n\n') : `Copyright ${author ?? `the authors of ${info.name}`}`;
  return {
    name: info.name,
    version: info.version,
    licence,
    homepage: info.homepage ?? null,
    text,
  };
}

/** All notices as one plain text, for the package's own folder. */
export function noticesText(notices: readonly Notice[]): string {
  const rule = '='.repeat(80);
  const parts = notices.map(
    ({ name, version, licence, text }) => `${rule}\n${name} ${version} (${licence})\n${rule}\n\n${text}\n`,
  );
  return `Sandglass includes the following packages by others.\n\n${parts.join('\n')}`;
}
