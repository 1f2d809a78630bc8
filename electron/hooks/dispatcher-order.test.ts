import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionRecord } from '../journal/journal.ts';
import { DispatcherRig, FAILED, OK, seeded } from './testing/dispatcher-rig.ts';

const MAX_ATTEMPTS_PER_HOOK = 4;

const BUSY = { kind: 'failed', words: '429 Too Many Requests', retryAfterMs: null, busy: true } as const;

test('every event arrives at least once and in order of its ordering key, whatever fails', async () => {
  const names = ['a', 'b', 'c'];
  const session = fc.record({
    /** Which earlier session it follows, if any. */
    follows: fc.option(fc.nat(20), { nil: null }),
    extensions: fc.nat(3),
    hooks: fc.subarray(names, { minLength: 1 }),
    pauseMs: fc.nat(5_000),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(session, { minLength: 1, maxLength: 20 }),
      fc.integer(),
      fc.double({ min: 0, max: 0.7, noNaN: true }),
      fc.array(fc.integer({ min: -7_200_000, max: 7_200_000 }), { maxLength: 5 }),
      async (sessions, seed, failing, jumps) => {
        const draw = seeded(seed);
        await using rig = new DispatcherRig(
          names,
          { retry: { attempts: 50, initialBackoffMs: 1_000, maxBackoffMs: 20_000 } },
          draw,
        );
        rig.answer = () => (draw() < failing ? (draw() < 0.2 ? { ...BUSY, retryAfterMs: 3_000 } : FAILED) : OK);
        rig.fault = () => {
          if (draw() < 0.05) throw new Error('database is locked');
        };
        const made: SessionRecord[] = [];
        const followed = new Set<number>();
        for (const [index, each] of sessions.entries()) {
          const follows = each.follows !== null && made.length > 0 ? each.follows % made.length : null;
          const previous = follows !== null && !followed.has(follows) ? (made[follows] ?? null) : null;
          if (previous !== null && follows !== null) followed.add(follows);
          made.push(rig.enqueue(each.hooks, each.extensions, previous));
          const jump = jumps[index];
          if (jump !== undefined) rig.clock.setWall(jump);
          await rig.clock.advance(each.pauseMs);
        }
        for (let round = 0; round < 400 && names.some((name) => rig.outbox.counts(name).pending > 0); round += 1) {
          await rig.clock.advance(30_000);
        }
        for (const name of names) {
          const deliveries = rig.list(name);
          expect(deliveries.every(({ state }) => state === 'delivered')).toBe(true);
          const byKey = Map.groupBy(
            rig.attempts.filter((each) => each.hook === name),
            ({ delivery }) => delivery.orderingKey,
          );
          for (const attempts of byKey.values()) {
            const ids = attempts.map(({ delivery }) => delivery.id);
            expect(ids).toEqual(ids.toSorted((a, b) => a - b));
          }
          expect(new Set(rig.attempts.filter((each) => each.hook === name).map(({ delivery }) => delivery.id))).toEqual(
            new Set(deliveries.map(({ id }) => id)),
          );
        }
        expect(rig.most.hook).toBeLessThanOrEqual(MAX_ATTEMPTS_PER_HOOK);
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
