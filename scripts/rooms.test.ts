import { describe, expect, test } from 'vitest';
import { circlesOf, type Imports, readImports } from './imports.ts';
import { projectRoot } from './project.ts';
import { ROOMS, type Room } from './rooms.ts';

const imports = readImports(projectRoot, ['bench', 'chaos', 'e2e', 'electron', 'renderer', 'scripts', 'shared']);

/** What ships: neither tests nor what they alone use. */
const shipped = [...imports.keys()].filter(
  (file) => /^(electron|renderer|shared)\//.test(file) && !/\.test\.tsx?$|\/testing\//.test(file),
);

function roomOf(file: string): Room | undefined {
  const around = ROOMS.filter(({ path }) => file === path || file.startsWith(`${path}/`));
  return around.toSorted((a, b) => b.path.length - a.path.length)[0];
}

describe('rooms', () => {
  test('have every file that ships in one of them', () => {
    expect(shipped.length).toBeGreaterThan(400);
    expect(shipped.filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  test('import only from rooms below them', () => {
    const paths = ROOMS.map(({ path }) => path);
    const wrong = ROOMS.flatMap(({ path, imports: below }, index) =>
      below.filter((other) => paths.indexOf(other) <= index).map((other) => `${path} > ${other}`),
    );
    expect(wrong).toEqual([]);
  });

  test('import what they may, and may import nothing that they do not', () => {
    const against: string[] = [];
    const unused = new Set(ROOMS.flatMap((room) => room.imports.map((other) => `${room.path} > ${other}`)));
    for (const file of shipped) {
      for (const target of imports.get(file) ?? []) {
        const [from, to] = [roomOf(file), roomOf(target)];
        if (from === to) continue;
        unused.delete(`${from?.path} > ${to?.path}`);
        if (to === undefined || !from?.imports.includes(to.path)) against.push(`${file} > ${target}`);
      }
    }
    expect(against).toEqual([]);
    expect([...unused]).toEqual([]);
  });
});

describe('circles of imports, type-only ones included', () => {
  test('are none', () => {
    expect(circlesOf(imports)).toEqual([]);
  });

  test('are found whichever way leads to them, each with its files', () => {
    const graph: Imports = new Map([
      ['a.ts', new Set(['b.ts'])],
      ['b.ts', new Set(['c.ts', 'd.ts'])],
      ['c.ts', new Set<string>()],
      ['d.ts', new Set(['b.ts'])],
      ['e.ts', new Set(['e.ts', 'a.ts'])],
    ]);
    expect(circlesOf(graph)).toEqual([['b.ts', 'd.ts'], ['e.ts']]);
  });
});
