import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { START_STAGES } from './session.ts';
import { START_FAILURES } from './start-failures.ts';

const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'start-failures.md'), 'utf8');

test.each(START_STAGES)('the page on failed starts has stage %s as its card shows it', (stage) => {
  const { title, explanation, whatToDo } = START_FAILURES[stage];
  expect(page).toContain(`| \`${stage}\` | ${title} | ${explanation} | ${whatToDo} |`);
});
