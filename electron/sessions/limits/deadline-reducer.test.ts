import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ON_EXPIRY } from '../../../shared/limits.ts';
import { limitsWith } from '../testing/limits.ts';
import { type DeadlineEffect, type DeadlineEvent, reduce, type Step } from './deadline-reducer.ts';
import { type DeadlineState, deadlinesOf, initialState, restingSince, thawUntil } from './deadline-state.ts';

const seconds = (max: number) => fc.oneof(fc.constant(0), fc.integer({ min: 1, max }));
const anyLimits = fc
  .record({
    idleTimeoutSeconds: seconds(100),
    maxDurationSeconds: seconds(300),
    warnBeforeSeconds: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
    extensions: fc.record({ count: fc.integer({ min: 0, max: 2 }), seconds: fc.integer({ min: 1, max: 100 }) }),
    onExpiry: fc.constantFrom(...ON_EXPIRY),
    thawWindowSeconds: fc.integer({ min: 1, max: 100 }),
    activity: fc.constantFrom(['input'] as const, ['input', 'cpu'] as const).map((kinds) => [...kinds]),
  })
  .map((values) => limitsWith(values));
const activity = fc.constant({ type: 'activity', kind: 'input', atMs: 0 } as const);
const anyEvent: fc.Arbitrary<DeadlineEvent> = fc.oneof(
  { weight: 4, arbitrary: activity },
  { weight: 4, arbitrary: fc.constant({ type: 'checked', byTimer: true } as const) },
  fc.constantFrom(
    ...(['extended', 'frozen', 'freeze_succeeded', 'freeze_failed', 'wanted', 'thawed'] as const).map((type) => ({
      type,
    })),
  ),
  fc.record({ type: fc.constant('probed' as const), found: fc.constant(null), byTimer: fc.boolean() }),
  fc.record({ type: fc.constant('limits_changed' as const), limits: anyLimits }),
);
/** What happens, each so many milliseconds after the one before. */
const anyHistory = fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), anyEvent), { maxLength: 30 });
type History = readonly (readonly [number, DeadlineEvent])[];

interface Moment extends Step {
  readonly before: DeadlineState;
  readonly event: DeadlineEvent;
  readonly nowMs: number;
}

/** Every step of a session that starts at 0. */
function play(limits: ReturnType<typeof limitsWith>, history: History): Moment[] {
  let nowMs = 0;
  let state = reduce(initialState(limits, 0, 0), { type: 'started' }, 0).state;
  return history.map(([afterMs, each]) => {
    nowMs += afterMs;
    const event = each.type === 'activity' ? { ...each, atMs: nowMs } : each;
    const before = state;
    const step = reduce(state, event, nowMs);
    state = step.state;
    return { ...step, before, event, nowMs };
  });
}

const types = (effects: readonly DeadlineEffect[]): string[] => effects.map(({ type }) => type);

describe('the deadlines of any session', () => {
  it('end it at most once, and have no effect after that', () => {
    fc.assert(
      fc.property(anyLimits, anyHistory, (limits, history) => {
        const moments = play(limits, history);
        const ends = moments.findIndex(({ effects }) => types(effects).includes('expire'));
        if (ends < 0) return;
        expect(types(moments[ends]?.effects ?? []).at(-1)).toBe('expire');
        for (const { effects, state } of moments.slice(ends + 1)) {
          expect(types(effects).filter((type) => type !== 'extended')).toEqual([]);
          expect(state.wakeAtMs).toBeNull();
        }
      }),
    );
  });

  it('never close or freeze it early', () => {
    fc.assert(
      fc.property(anyLimits, anyHistory, (limits, history) => {
        for (const { before, event, effects, nowMs } of play(limits, history)) {
          if (event.type === 'limits_changed') continue;
          for (const effect of effects) {
            if (effect.type === 'freeze') {
              const { idle_timeout: idleMs, max_duration: maxMs } = deadlinesOf(before);
              expect(
                Math.min(idleMs ?? Number.POSITIVE_INFINITY, maxMs ?? Number.POSITIVE_INFINITY),
              ).toBeLessThanOrEqual(nowMs);
            }
            if (effect.type === 'expire' && before.freeze.kind === 'frozen_by_limit' && event.type === 'checked')
              expect(thawUntil(before)).toBeLessThanOrEqual(nowMs);
          }
        }
      }),
    );
  });

  it('always wake up again while one of them counts', () => {
    fc.assert(
      fc.property(anyLimits, anyHistory, (limits, history) => {
        for (const { state, event } of play(limits, history)) {
          if (event.type !== 'checked' || state.watch !== 'watching') continue;
          if (state.isProbing || state.freeze.kind === 'freezing') expect(state.wakeAtMs).toBeNull();
          else {
            const { idle_timeout: idleMs, max_duration: maxMs } = deadlinesOf(state);
            const hasDeadline = idleMs !== null || maxMs !== null || thawUntil(state) !== null;
            expect(state.wakeAtMs !== null).toBe(hasDeadline);
          }
        }
      }),
    );
  });

  it('do not count idle time while it is frozen', () => {
    fc.assert(
      fc.property(anyLimits, anyHistory, (limits, history) => {
        for (const { state } of play(limits, history))
          if (restingSince(state) !== null) expect(deadlinesOf(state).idle_timeout).toBeNull();
      }),
    );
  });

  it('never grant more extensions than the limits have', () => {
    fc.assert(
      fc.property(anyLimits, anyHistory, (limits, history) => {
        let most = limits.values.extensions.count;
        for (const { event, state } of play(limits, history)) {
          if (event.type === 'limits_changed') most = Math.max(most, event.limits.values.extensions.count);
          expect(state.extensionsUsed).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  it('come out the same when activity in a row is summed up in the last of it', () => {
    const keys = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(anyLimits, anyHistory, keys, (limits, history, gaps) => {
        const start = play(limits, history).at(-1);
        if (start === undefined || start.state.warned.idle_timeout > 0) return;
        let nowMs = start.nowMs;
        let each = start.state;
        for (const gap of gaps) {
          nowMs += gap;
          each = reduce(each, { type: 'activity', kind: 'input', atMs: nowMs }, nowMs).state;
        }
        const last = reduce(start.state, { type: 'activity', kind: 'input', atMs: nowMs }, nowMs).state;
        expect(last).toEqual(each);
      }),
    );
  });
});

describe('a session that is being frozen because its time is up', () => {
  const limits = limitsWith({ idleTimeoutSeconds: 60, onExpiry: 'freeze' });
  const freezing = (): DeadlineState => {
    const { state } = reduce(initialState(limits, 0, 0), { type: 'started' }, 0);
    const { state: probing } = reduce(state, { type: 'checked', byTimer: true }, 60_000);
    return reduce(probing, { type: 'probed', found: null, byTimer: true }, 60_000).state;
  };

  it('is frozen once the program is stopped, and thawed at once if the user did something meanwhile', () => {
    const quiet = reduce(freezing(), { type: 'freeze_succeeded' }, 61_000);
    expect(quiet.effects).toEqual([{ type: 'frozen', by: 'idle_timeout' }]);
    const { state: wanted } = reduce(freezing(), { type: 'wanted' }, 60_500);
    expect(types(reduce(wanted, { type: 'freeze_succeeded' }, 61_000).effects)).toEqual(['frozen', 'thaw']);
  });

  it('ends where the program cannot be stopped', () => {
    const { effects, state } = reduce(freezing(), { type: 'freeze_failed' }, 61_000);
    expect(effects).toEqual([{ type: 'expire', by: 'idle_timeout' }]);
    expect(state.watch).toBe('over');
  });

  it('belongs to the user who was quicker to freeze it, for as long as they like', () => {
    const { state } = reduce(freezing(), { type: 'frozen' }, 60_500);
    expect(state.freeze).toEqual({ kind: 'frozen_by_user', sinceMs: 60_500 });
    expect(reduce(state, { type: 'freeze_succeeded' }, 61_000)).toEqual({ state, effects: [] });
  });
});
