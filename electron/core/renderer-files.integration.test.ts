import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectRoot } from '../../scripts/project.ts';
import { readRendererFile, rendererPath } from './renderer-files.ts';

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-renderer-'));
  root = join(folder, 'main_window');
  await mkdir(join(root, 'assets'), { recursive: true });
  await writeFile(join(root, 'index.html'), '<!doctype html>');
  await writeFile(join(root, 'assets', 'index-abc123.js'), 'export {};');
  await writeFile(join(folder, 'secret.json'), '{}');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The window as it is shipped; built before the tests. */
const built = join(projectRoot, '.vite', 'renderer', 'main_window');

test('the start page and hashed files are found with their type', async () => {
  const page = await readRendererFile(root, '/');
  expect(page).toMatchObject({ mediaType: 'text/html; charset=utf-8', immutable: false });
  const script = await readRendererFile(root, '/assets/index-abc123.js');
  expect(script).toMatchObject({ mediaType: 'text/javascript; charset=utf-8', immutable: true });
  expect(script?.body.toString()).toBe('export {};');
});

test('every file that the window loads has a type, so that it is served', async () => {
  const files = (await readdir(built, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => `/${relative(built, join(entry.parentPath, entry.name)).replaceAll(sep, '/')}`);
  expect(files).toEqual(expect.arrayContaining([expect.stringMatching(/\.woff2$/), expect.stringMatching(/\.otf$/)]));
  for (const file of files) expect(await readRendererFile(built, file), file).not.toBeNull();
});

test.each([
  '/../secret.json',
  '/assets/../../secret.json',
  '/%2e%2e/secret.json',
  '/..%2fsecret.json',
  '/assets%2f..%2f..%2fsecret.json',
  '/..\\secret.json',
  '//etc/passwd',
  '/.env.json',
  '/assets',
  '/%',
  '/%00.js',
  '',
  'index.html',
])('%j leads nowhere', async (pathname) => {
  expect(await readRendererFile(root, pathname)).toBeNull();
});

test('no path leads out of the folder', () => {
  const part = fc.constantFrom('..', '.', '/', '\\', '%2e', '%2f', '%5c', '%00', 'a', 'secret.json', 'index.html');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const file = rendererPath(root, `/${parts.join('')}`);
      expect(file === null || (file.startsWith(root + sep) && !file.split(sep).includes('..'))).toBe(true);
    }),
  );
});
