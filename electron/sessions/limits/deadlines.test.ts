import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEADLINES } from '../../../shared/session.ts';
import {
  applicableWarnings,
  deadlines,
  givenAfterChange,
  grantExtension,
  judge,
  lastWarningSeconds,
  notBeforeAfterChange,
  type TimeState,
  thawEnd,
} from './deadlines.ts';

const CHANGE_NOTICE_SECONDS = 10;
const limits = { idleTimeoutSeconds: 900, maxDurationSeconds: 3_600, warnBeforeSeconds: [300, 60, 10] };
const fresh: TimeState = { startedMs: 0, lastActivityMs: 0, idleExtraMs: 0, maxExtraMs: 0 };

const anyLimits = fc.record({
  idleTimeoutSeconds: fc.integer({ min: 0, max: 604_800 }),
  maxDurationSeconds: fc.integer({ min: 0, max: 604_800 }),
  warnBeforeSeconds: fc.array(fc.integer({ min: 1, max: 86_400 }), { maxLength: 8 }),
});
const anyTime = fc
  .record({
    startedMs: fc.integer({ min: 0, max: 1e9 }),
    sinceMs: fc.integer({ min: 0, max: 1e9 }),
    idleExtraMs: fc.integer({ min: 0, max: 1e9 }),
    maxExtraMs: fc.integer({ min: 0, max: 1e9 }),
  })
  .map(({ startedMs, sinceMs, ...extra }) => ({ startedMs, lastActivityMs: startedMs + sinceMs, ...extra }));

describe('a deadline', () => {
  it('comes its limit after the last activity, or after the start', () => {
    expect(deadlines(limits, { ...fresh, lastActivityMs: 5_000 })).toEqual({
      idle_timeout: 905_000,
      max_duration: 3_600_000,
    });
  });

  it('is moved by what extensions added', () => {
    expect(deadlines(limits, { ...fresh, idleExtraMs: 7, maxExtraMs: 9 })).toEqual({
      idle_timeout: 900_007,
      max_duration: 3_600_009,
    });
  });

  it('does not exist where its limit is off', () => {
    expect(deadlines({ ...limits, idleTimeoutSeconds: 0, maxDurationSeconds: 0 }, fresh)).toEqual({
      idle_timeout: null,
      max_duration: null,
    });
  });
});

describe('a verdict', () => {
  it('expires at the deadline and not a millisecond before', () => {
    expect(judge(limits, fresh, 899_999).expired).toBeNull();
    expect(judge(limits, fresh, 900_000).expired).toEqual({ deadline: 'idle_timeout', atMs: 900_000 });
  });

  it('names the deadline that came first when both have passed', () => {
    const late = { ...fresh, lastActivityMs: 3_599_000 };
    expect(judge(limits, late, 9e9).expired?.deadline).toBe('max_duration');
  });

  it('warns in stages, and says which is the last', () => {
    expect(judge(limits, fresh, 599_999).warning).toBeNull();
    expect(judge(limits, fresh, 600_000).warning).toEqual({
      deadline: 'idle',
      beforeSeconds: 300,
      stage: 0,
      last: false,
    });
    expect(judge(limits, fresh, 840_000).warning).toMatchObject({ beforeSeconds: 60, stage: 1, last: false });
    expect(judge(limits, fresh, 890_000).warning).toMatchObject({ beforeSeconds: 10, stage: 2, last: true });
  });

  it('has no warning that is not shorter than its timeout', () => {
    expect(applicableWarnings([60, 300, 10, 60], 60)).toEqual([10]);
    expect(judge({ ...limits, idleTimeoutSeconds: 60 }, fresh, 0).warning).toBeNull();
  });

  it('never fires early, whatever the limits', () => {
    fc.assert(
      fc.property(anyLimits, anyTime, fc.integer({ min: 0, max: 4e9 }), (someLimits, time, now) => {
        const at = deadlines(someLimits, time);
        const { expired } = judge(someLimits, time, now);
        if (expired !== null) expect(now).toBeGreaterThanOrEqual(expired.atMs);
        else for (const each of [at.idle_timeout, at.max_duration]) if (each !== null) expect(now).toBeLessThan(each);
      }),
    );
  });

  it('wakes up at the next thing that happens, and never later', () => {
    fc.assert(
      fc.property(anyLimits, anyTime, fc.integer({ min: 0, max: 4e9 }), (someLimits, time, now) => {
        const verdict = judge(someLimits, time, now);
        if (verdict.expired !== null || verdict.wakeAtMs === null) return;
        expect(verdict.wakeAtMs).toBeGreaterThan(now);
        const justBefore = judge(someLimits, time, verdict.wakeAtMs - 0.001);
        expect(justBefore.due).toEqual(verdict.due);
        expect(justBefore.expired).toBeNull();
        const then = judge(someLimits, time, verdict.wakeAtMs);
        expect(
          then.expired !== null ||
            then.due.idle_timeout > verdict.due.idle_timeout ||
            then.due.max_duration > verdict.due.max_duration,
        ).toBe(true);
      }),
    );
  });
});

describe('an extension', () => {
  const extendable = { ...limits, extensions: { count: 2, seconds: 1_800 } };

  it('adds its time to both deadlines', () => {
    const caps = { idleTimeoutSeconds: 0, maxDurationSeconds: 0 };
    expect(grantExtension(extendable, caps, fresh)).toEqual({ idleMs: 1_800_000, maxMs: 1_800_000 });
  });

  it('adds nothing to a deadline that is off', () => {
    const off = { ...extendable, idleTimeoutSeconds: 0 };
    expect(grantExtension(off, { idleTimeoutSeconds: 0, maxDurationSeconds: 0 }, fresh)).toEqual({
      idleMs: 0,
      maxMs: 1_800_000,
    });
  });

  it('never passes the policy', () => {
    fc.assert(
      fc.property(anyLimits, anyTime, fc.integer({ min: 1, max: 604_800 }), (someLimits, time, cap) => {
        const within = { ...someLimits, extensions: { count: 1, seconds: 3_600 } };
        const grant = grantExtension(within, { idleTimeoutSeconds: cap, maxDurationSeconds: cap }, time);
        expect(grant.idleMs).toBeGreaterThanOrEqual(0);
        if (grant.idleMs > 0)
          expect(someLimits.idleTimeoutSeconds * 1_000 + time.idleExtraMs + grant.idleMs).toBeLessThanOrEqual(
            cap * 1_000,
          );
        if (grant.maxMs > 0)
          expect(someLimits.maxDurationSeconds * 1_000 + time.maxExtraMs + grant.maxMs).toBeLessThanOrEqual(
            cap * 1_000,
          );
      }),
    );
  });
});

describe('a change of limits', () => {
  const anyMoment = fc.integer({ min: 0, max: 2e9 });
  const change = (oldLimits: typeof limits, newLimits: typeof limits, time: TimeState, now: number) => {
    const before = deadlines(oldLimits, time);
    const alone = deadlines(newLimits, { ...time, notBefore: { idle_timeout: null, max_duration: null } });
    const notice = {
      idle_timeout: lastWarningSeconds(newLimits.warnBeforeSeconds, newLimits.idleTimeoutSeconds),
      max_duration: lastWarningSeconds(newLimits.warnBeforeSeconds, newLimits.maxDurationSeconds),
    };
    const notBefore = {
      idle_timeout: notBeforeAfterChange(before.idle_timeout, alone.idle_timeout, notice.idle_timeout, now),
      max_duration: notBeforeAfterChange(before.max_duration, alone.max_duration, notice.max_duration, now),
    };
    return { before, alone, notice, after: { ...time, notBefore } };
  };

  it('ends no session before its last warning has had its time, unless it had less left anyway', () => {
    fc.assert(
      fc.property(anyLimits, anyLimits, anyTime, anyMoment, (oldLimits, newLimits, time, now) => {
        const { before, notice, after } = change(oldLimits, newLimits, time, now);
        const at = deadlines(newLimits, after);
        for (const kind of DEADLINES) {
          if (at[kind] === null) continue;
          const warned = now + notice[kind] * 1_000;
          expect(at[kind]).toBeGreaterThanOrEqual(Math.min(before[kind] ?? Number.POSITIVE_INFINITY, warned));
        }
      }),
    );
  });

  it('moves no deadline beyond both that of the new limits and that of the old ones', () => {
    fc.assert(
      fc.property(anyLimits, anyLimits, anyTime, anyMoment, (oldLimits, newLimits, time, now) => {
        const { before, alone, after } = change(oldLimits, newLimits, time, now);
        const at = deadlines(newLimits, after);
        for (const kind of DEADLINES) {
          if (at[kind] === null) continue;
          expect(at[kind]).toBeLessThanOrEqual(Math.max(alone[kind] ?? 0, before[kind] ?? Number.POSITIVE_INFINITY));
        }
      }),
    );
  });

  it('that had lowered a limit and is undone in time leaves the deadline where it was', () => {
    fc.assert(
      fc.property(anyLimits, anyLimits, anyTime, anyMoment, anyMoment, (oldLimits, newLimits, time, now, laterMs) => {
        const { after, before } = change(oldLimits, newLimits, time, now);
        const lowered = deadlines(newLimits, after);
        const undone = deadlines(oldLimits, change(newLimits, oldLimits, after, now + laterMs).after);
        for (const kind of DEADLINES) {
          const wasLowered = lowered[kind] !== null && lowered[kind] <= (before[kind] ?? Number.POSITIVE_INFINITY);
          if (wasLowered) expect(undone[kind]).toBe(before[kind]);
        }
      }),
    );
  });

  it('gives the time of the shortest warning that applies, and a moment where none does', () => {
    expect(lastWarningSeconds([300, 60, 10], 20)).toBe(10);
    expect(lastWarningSeconds([300, 60, 10], 3_600)).toBe(10);
    expect(lastWarningSeconds([300, 60], 20)).toBe(CHANGE_NOTICE_SECONDS);
    expect(lastWarningSeconds([], 20)).toBe(CHANGE_NOTICE_SECONDS);
  });

  it('warns again where the end is nearer than the session was warned of, and only there', () => {
    const warnings = [300, 60, 10];
    const given = (before: number, after: number) =>
      givenAfterChange({ warnings, due: before }, { warnings, due: after });
    expect(given(0, 3)).toBe(2);
    expect(given(1, 3)).toBe(2);
    expect(given(3, 3)).toBe(3);
    expect(given(3, 1)).toBe(1);
    expect(given(2, 0)).toBe(0);
    expect(givenAfterChange({ warnings: [300], due: 1 }, { warnings: [10], due: 1 })).toBe(0);
  });
});

it('lets a frozen session be thawed for its window, but never once the policy or its last extension would be over', () => {
  const seconds = fc.integer({ min: 1, max: 10_000 });
  const scene = fc.record({
    maxDurationSeconds: fc.oneof(fc.constant(0), seconds),
    thawWindowSeconds: seconds,
    extensionSeconds: seconds,
    capSeconds: fc.oneof(fc.constant(0), seconds),
    frozenAfterMs: fc.integer({ min: 0, max: 20_000_000 }),
    canExtend: fc.boolean(),
  });
  fc.assert(
    fc.property(scene, fc.constantFrom(...DEADLINES), (values, by) => {
      const { maxDurationSeconds, thawWindowSeconds, capSeconds, canExtend } = values;
      const limits = {
        idleTimeoutSeconds: 60,
        maxDurationSeconds,
        warnBeforeSeconds: [],
        thawWindowSeconds,
        extensions: { count: 1, seconds: values.extensionSeconds },
      };
      const time = { startedMs: 0, lastActivityMs: 0, idleExtraMs: 0, maxExtraMs: 0 };
      const sinceMs = values.frozenAfterMs;
      const caps = { idleTimeoutSeconds: 0, maxDurationSeconds: capSeconds };
      const end = thawEnd(limits, caps, time, { by, sinceMs }, canExtend);
      expect(end.atMs).toBeLessThanOrEqual(sinceMs + thawWindowSeconds * 1_000);
      if (maxDurationSeconds > 0) {
        const longest = maxDurationSeconds + (canExtend ? values.extensionSeconds : 0);
        expect(end.atMs).toBeLessThanOrEqual(longest * 1_000);
        if (capSeconds > 0) expect(end.atMs).toBeLessThanOrEqual(Math.max(capSeconds, maxDurationSeconds) * 1_000);
      }
      expect(end.deadline === by || end.deadline === 'max_duration').toBe(true);
    }),
  );
});
