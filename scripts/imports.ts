import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { parseSync, Visitor } from 'vite';

/** Files, each with the files it imports: paths from the project's folder, with slashes. */
export type Imports = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Reads what the TypeScript files of some folders import from each other: statically, dynamically, as types alone, and by
 * exporting it again. Packages, and files that are not TypeScript, are left out.
 *
 * @throws for a file that cannot be parsed.
 */
export function readImports(root: string, folders: readonly string[]): Imports {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root }));
  const paths = new Set(files.map((file) => file.replaceAll('\\', '/')));
  return new Map(
    [...paths].sort().map((path) => {
      const specifiers = importedBy(path, readFileSync(`${root}/${path}`, 'utf8'));
      const targets = specifiers.filter((specifier) => specifier.startsWith('.'));
      return [
        path,
        new Set(targets.map((target) => join(dirname(path), target)).filter((target) => paths.has(target))),
      ];
    }),
  );
}

/** What a file names in its imports, as it names it. */
function importedBy(path: string, text: string): string[] {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const specifiers: string[] = [];
  new Visitor({
    ImportDeclaration: ({ source }) => specifiers.push(source.value),
    ExportAllDeclaration: ({ source }) => specifiers.push(source.value),
    ExportNamedDeclaration: ({ source }) => source && specifiers.push(source.value),
    TSImportType: ({ source }) => specifiers.push(source.value),
    ImportExpression: ({ source }) => {
      if (source.type === 'Literal' && typeof source.value === 'string') specifiers.push(source.value);
    },
  }).visit(program);
  return specifiers;
}

/** The groups of files that import each other, directly or by others of the group; each sorted by name. */
export function circlesOf(imports: Imports): string[][] {
  // Tarjan's strongly connected components, https://doi.org/10.1137/0201010
  const order = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    const index = order.size;
    let low = index;
    order.set(file, index);
    open.push(file);
    for (const target of imports.get(file) ?? []) {
      const seen = order.get(target);
      if (seen === undefined) low = Math.min(low, visit(target));
      else if (open.includes(target)) low = Math.min(low, seen);
    }
    if (low === index) {
      const group = open.splice(open.indexOf(file)).sort();
      if (group.length > 1 || imports.get(file)?.has(file)) circles.push(group);
    }
    return low;
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return circles.sort(([a = ''], [b = '']) => a.localeCompare(b));
}
