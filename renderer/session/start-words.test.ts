import { expect, test } from 'vitest';
import type { StartProgress } from '../../shared/session.ts';
import { milestone, spoken } from './start-words.ts';

const pull = (fraction: number | null, detail = ''): StartProgress => ({
  stage: 'pull',
  message: 'Pulling debian:bookworm-slim',
  detail,
  fraction,
});

test('a long start is told by its steps and quarters, not by every byte', () => {
  const said = new Set<string>();
  for (let index = 0; index <= 1_000; index++) said.add(milestone(pull(index / 1_000, `${index} of 1000 kB`)));
  expect(said.size).toBe(5);
  expect(milestone(pull(null, 'a'))).toBe(milestone(pull(null, 'b')));
  expect(milestone(pull(null))).not.toBe(milestone({ ...pull(null), stage: 'create', message: 'Creating it' }));
});

test('what is said aloud has no figures before there is something to tell', () => {
  expect(spoken(pull(null))).toBe('Pulling debian:bookworm-slim');
  expect(spoken(pull(0.1))).toBe('Pulling debian:bookworm-slim');
  expect(spoken(pull(0.6))).toBe('Pulling debian:bookworm-slim, 50 percent');
});
