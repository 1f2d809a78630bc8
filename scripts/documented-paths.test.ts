import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from './project.ts';

/** Pages that lead through the code: what they name has to be there. */
const pages = [
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/debugging.md',
  'docs/terminology.md',
  ...readdirSync(join(projectRoot, 'docs', 'decisions')).map((page) => `docs/decisions/${page}`),
].filter((page) => existsSync(join(projectRoot, page)));

const ROOTS = ['electron', 'renderer', 'shared', 'e2e', 'scripts', 'bench', 'chaos', 'docs', 'examples'];
/** A path in code quotes, in a picture, or in a command; as it is, or from `electron/`. */
const PATH = /(?<![\w./~-])(?:[a-z][\w-]*\/)+[\w-]*(?:\.[a-z]+)*(?![\w/])/g;

function namedPaths(text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\n]+)`|<br>([\w/.-]+)|node (\S+\.ts)/g)].map((match) =>
    match.slice(1).join(''),
  );
  return quoted
    .filter((piece) => !piece.includes(' ') || piece.startsWith('node '))
    .flatMap((piece) => [...piece.matchAll(PATH)].map(([path]) => path))
    .filter((path) => ROOTS.includes(path.split('/')[0] ?? '') || path.endsWith('.ts'));
}

test.each(pages)('%s names only paths that are there', (page) => {
  const text = readFileSync(join(projectRoot, page), 'utf8');
  const missing = namedPaths(text).filter(
    (path) => !existsSync(join(projectRoot, path)) && !existsSync(join(projectRoot, 'electron', path)),
  );
  expect(missing).toEqual([]);
});

test('the pages that lead through the code name paths at all', () => {
  expect(namedPaths(readFileSync(join(projectRoot, 'ARCHITECTURE.md'), 'utf8')).length).toBeGreaterThan(30);
});

test.each(pages)('%s links only to files that are there', (page) => {
  const text = readFileSync(join(projectRoot, page), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:|#|NNN)([^)#\s]+)/g)].map(([, link = '']) => link);
  const missing = links.filter((link) => !existsSync(join(projectRoot, page, '..', link)));
  expect(missing).toEqual([]);
});
