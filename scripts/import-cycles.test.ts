import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from './project.ts';

/** The sources of these folders, tests left out, form no circle: not even one of types, which lint does not see. */
const FOLDERS = ['renderer', 'shared'];

const RELATIVE_IMPORT = /(?:\bfrom|\bimport|\bimport\()\s*'(\.[^']*)'/g;

/** The relative imports of each source file, `import type` included. */
function importGraph(folder: string): Map<string, string[]> {
  const files = globSync(`${folder}/**/*.{ts,tsx}`, { cwd: projectRoot }).filter((file) => !/\.test\.tsx?$/.test(file));
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(projectRoot, file), 'utf8');
      return [file, [...text.matchAll(RELATIVE_IMPORT)].map(([, path = '']) => join(dirname(file), path))];
    }),
  );
}

/** One circle of a graph, its first file repeated at the end; null: there is none. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | null => {
    const index = path.indexOf(file);
    if (index >= 0) return [...path.slice(index), file];
    if (done.has(file)) return null;
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next, [...path, file]);
      if (circle !== null) return circle;
    }
    done.add(file);
    return null;
  };
  for (const file of graph.keys()) {
    const circle = visit(file, []);
    if (circle !== null) return circle;
  }
  return null;
}

test.each(FOLDERS)('the files of %s import each other in one direction', (folder) => {
  const graph = importGraph(folder);
  expect(graph.size).toBeGreaterThan(10);
  expect(findCircle(graph)).toBeNull();
});

test('a circle is found, whichever way leads to it', () => {
  const graph = new Map([
    ['a.ts', ['b.ts']],
    ['b.ts', ['c.ts', 'd.ts']],
    ['c.ts', []],
    ['d.ts', ['b.ts']],
  ]);
  expect(findCircle(graph)).toEqual(['b.ts', 'd.ts', 'b.ts']);
});
