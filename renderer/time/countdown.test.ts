import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SessionTiming } from '../../shared/session.ts';
import { fakeId, fakeSession } from '../testing/fake-session.ts';
import { closesNext, countdowns, remainingSeconds, ringFraction, ringStage, showsTime } from './countdown.ts';

const timing = (change: Partial<SessionTiming> = {}): SessionTiming => ({
  id: fakeId(1),
  ageMs: 100_000,
  idleMs: 10_000,
  idleRemainingMs: 50_000,
  maxRemainingMs: 500_000,
  thawRemainingMs: null,
  revokedRemainingMs: null,
  lastActivity: { kind: 'input', at: 0 },
  ...change,
});

describe('countdowns', () => {
  test('move on with the local clock alone', () => {
    const now = countdowns({ timing: timing(), at: 1_000 }, 21_000);
    expect(now.idle).toMatchObject({ elapsedMs: 30_000, remainingMs: 30_000, spanMs: 60_000, fraction: 0.5 });
    expect(now.max).toMatchObject({ elapsedMs: 120_000, remainingMs: 480_000, spanMs: 600_000 });
  });

  test('the nearer deadline is the one that a tab shows', () => {
    expect(countdowns({ timing: timing(), at: 0 }, 0).nearest?.kind).toBe('idle');
    expect(countdowns({ timing: timing({ maxRemainingMs: 20_000 }), at: 0 }, 0).nearest?.kind).toBe('max');
    expect(countdowns({ timing: timing({ idleRemainingMs: null }), at: 0 }, 0).nearest?.kind).toBe('max');
    expect(
      countdowns({ timing: timing({ idleRemainingMs: null, maxRemainingMs: null }), at: 0 }, 0).nearest,
    ).toBeNull();
  });

  test('never go below zero, and never run backwards', () => {
    const amount = fc.nat({ max: 1e9 });
    fc.assert(
      fc.property(amount, amount, amount, amount, (idleMs, remaining, first, more) => {
        const sample = { timing: timing({ idleMs, idleRemainingMs: remaining }), at: 500 };
        const early = countdowns(sample, 500 + first).idle;
        const late = countdowns(sample, 500 + first + more).idle;
        expect(early?.remainingMs).toBeGreaterThanOrEqual(late?.remainingMs ?? Number.NaN);
        expect(late?.remainingMs).toBeGreaterThanOrEqual(0);
        expect(late?.fraction).toBeGreaterThanOrEqual(0);
        expect(early?.fraction).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('a clock that was set back changes nothing', () => {
    expect(countdowns({ timing: timing(), at: 10_000 }, 0).idle?.remainingMs).toBe(50_000);
  });

  test('0:00 is shown only when nothing is left', () => {
    expect(remainingSeconds(1)).toBe(1);
    expect(remainingSeconds(0)).toBe(0);
    expect(remainingSeconds(-5)).toBe(0);
  });
});

describe('a tab', () => {
  const nearest = (remainingMs: number) =>
    countdowns({ timing: timing({ idleRemainingMs: remainingMs }), at: 0 }, 0).nearest;

  test('in the background shows its time in the last five minutes', () => {
    expect(showsTime(nearest(300_001), false)).toBe(false);
    expect(showsTime(nearest(300_000), false)).toBe(true);
    expect(showsTime(nearest(400_000), true)).toBe(true);
    expect(showsTime(null, true)).toBe(false);
  });

  test('wears the stage of its warning, and how it ended', () => {
    const warning = { deadline: 'idle', beforeSeconds: 300, stage: 0, last: false } as const;
    expect(ringStage(fakeSession(1), nearest(1_000))).toBe('calm');
    expect(ringStage(fakeSession(1), null)).toBe('open');
    expect(ringStage(fakeSession(1, { state: 'starting' }), null)).toBe('starting');
    expect(ringStage(fakeSession(1, { warning }), nearest(1_000))).toBe('warned');
    expect(ringStage(fakeSession(1, { warning: { ...warning, last: true } }), nearest(1_000))).toBe('last');
    const end = {
      reason: 'exited' as const,
      at: 0,
      durationSeconds: 1,
      exitCode: 0,
      signal: null,
      limitSeconds: null,
      elapsedSeconds: null,
      expired: null,
      failure: null,
      detail: null,
      survivors: [],
    };
    expect(ringStage(fakeSession(1, { end }), null)).toBe('ended');
    expect(ringStage(fakeSession(1, { end: { ...end, exitCode: 2 } }), null)).toBe('failed');
    expect(ringStage(fakeSession(1, { end: { ...end, survivors: [{ pid: 4, command: 'x' }] } }), null)).toBe('failed');
    expect(ringStage(fakeSession(1, { end: { ...end, reason: 'idle_timeout', signal: 'SIGHUP' } }), null)).toBe(
      'ended',
    );
  });

  test('fills its ring with the time since the first warning once there was one', () => {
    const warning = { deadline: 'idle', beforeSeconds: 60, stage: 1, last: false } as const;
    const long = countdowns({ timing: timing({ idleMs: 3_450_000, idleRemainingMs: 150_000 }), at: 0 }, 0).nearest;
    expect(ringFraction(fakeSession(1, { warning }), long)).toBe(0.5);
    expect(ringFraction(fakeSession(1), long)).toBeCloseTo(150 / 3_600);
    expect(ringFraction(fakeSession(1), null)).toBe(1);
  });
});

describe('a session that its expiry has frozen', () => {
  const frozen = fakeSession(1, { state: 'frozen', frozenBy: 'max_duration' });
  const next = (thawRemainingMs: number, now = 0) =>
    closesNext(frozen, countdowns({ timing: timing({ maxRemainingMs: 0, thawRemainingMs }), at: 0 }, now));

  test('counts down its thaw window instead of its deadlines', () => {
    expect(next(600_000, 48_000)).toMatchObject({ kind: 'thaw', remainingMs: 552_000, fraction: 0.92 });
    expect(next(600_000, 900_000)?.remainingMs).toBe(0);
    expect(closesNext(frozen, countdowns({ timing: timing(), at: 0 }, 0))?.kind).toBe('idle');
  });

  test('wears it on its tab, also in the background', () => {
    expect(showsTime(next(600_000), false)).toBe(true);
    expect(ringStage(frozen, next(600_000))).toBe('warned');
    expect(ringStage(frozen, next(59_000))).toBe('last');
    expect(ringFraction(frozen, next(300_000))).toBe(0.5);
  });
});
