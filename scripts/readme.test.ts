import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BINDINGS } from '../renderer/keys/keys.ts';
import { projectRoot } from './project.ts';

const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
/** The cells of each row of the keyboard table, by action. */
const rows = new Map(
  readme
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, action = '', ...keys]) => [action, keys]),
);

test.each(BINDINGS.filter(({ command }) => !command.startsWith('selectTab')))(
  'the keyboard table has the keys for $label',
  ({ label, keys, web, mac }) => {
    expect(rows.get(label)?.slice(0, 3)).toEqual([keys[0], web?.[0] ?? '', (mac ?? keys)[0]]);
  },
);
