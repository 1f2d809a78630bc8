import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from './project.ts';

const rows = readFileSync(join(projectRoot, 'docs', 'terminology.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, word = '', , place = ''] = line.split(' | ').length === 3 ? line.split(/^\| | \| | \|$/) : [];
    return place.startsWith('`') ? [[word, place.replaceAll('`', '')] as const] : [];
  });

test('the glossary has its words', () => {
  expect(rows.length).toBeGreaterThan(50);
});

test.each(rows)('the place of “%s” exists', (_word, place) => {
  expect(existsSync(join(projectRoot, place)), place).toBe(true);
});
