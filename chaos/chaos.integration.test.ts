import { describe, expect, test } from 'vitest';
import { NO_CONTAINERS, NO_SANDBOXES } from '../e2e/runner/containers.ts';
import { runChaos } from './harness.ts';
import { Random } from './random.ts';

/** Enough to meet each kind of moment; `npm run chaos` goes on for longer. */
const KILLS = 4;
const SEED = 20_261;
const LIMIT_MS = 240_000;

test('a seed repeats its choices', () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.between(0, 1_000));
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  for (const value of draw(9)) expect(value).toBeLessThanOrEqual(1_000);
});

const missing = NO_SANDBOXES || NO_CONTAINERS;

describe.runIf(missing === '')(
  'an app that is killed at random moments',
  missing === '' ? {} : { meta: { needs: missing } },
  () => {
    test('tells of every end once, leaves recordings that can be trusted, and nothing else', {
      timeout: LIMIT_MS,
      retry: 0,
    }, async () => {
      const lines: string[] = [];
      const report = await runChaos({ kills: KILLS, seed: SEED, sessions: 6, log: (line) => lines.push(line) });
      expect(report.violations, lines.join('\n')).toEqual([]);
      expect(report.sessions).toBeGreaterThan(0);
      expect(report.received).toBeGreaterThanOrEqual(2 * report.sessions);
      expect(report.reattached).toBeGreaterThan(0);
    });
  },
);
