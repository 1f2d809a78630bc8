import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SessionEnd } from '../../shared/session.ts';
import { fakeId, fakeSession } from '../testing/fake-session.ts';
import { fakeEvents } from '../testing/scenes.ts';
import {
  announce,
  changed,
  evicted,
  happened,
  listed,
  moved,
  neighbour,
  placedAt,
  removed,
  reordered,
  replacing,
  successorOf,
  timed,
} from './reduce.ts';
import { type AppState, INITIAL_STATE, SETTINGS_TAB } from './state.ts';

const end: SessionEnd = {
  reason: 'exited',
  at: 1,
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

function withTabs(...numbers: number[]): AppState {
  const sessions = numbers.map((n) => fakeSession(n));
  return { ...INITIAL_STATE, ...listed(INITIAL_STATE, sessions, 0) };
}

const ids = (...numbers: number[]) => numbers.map(fakeId);

describe('a reconnect', () => {
  test('takes the core’s order and keeps tabs that it no longer knows', () => {
    const state = withTabs(1, 2, 3);
    state.sessions = { ...state.sessions, [fakeId(2)]: fakeSession(2, { end }) };
    const next = { ...state, ...listed(state, [fakeSession(3)], 5) };
    expect(next.order).toEqual(ids(1, 2, 3));
    expect([...next.lost]).toEqual(ids(1));
    expect([...next.evicted]).toEqual(ids(2));
    expect(next.samples[fakeId(3)]?.at).toBe(5);
  });

  test('keeps the active tab, the settings page too', () => {
    const state: AppState = { ...withTabs(1, 2), active: SETTINGS_TAB, settingsOpen: true };
    expect(listed(state, [fakeSession(1)], 0).active).toBe(SETTINGS_TAB);
    expect(listed({ ...state, active: fakeId(2) }, [fakeSession(1), fakeSession(2)], 0).active).toBe(fakeId(2));
  });
});

describe('tabs', () => {
  test('a new session goes to the end, a known one stays where it is', () => {
    const state = withTabs(1, 2);
    expect(changed(state, fakeSession(3), 0).order).toEqual(ids(1, 2, 3));
    expect(changed(state, fakeSession(1, { title: 'other' }), 0).order).toBeUndefined();
  });

  test('closing the active one shows its neighbour to the right, else to the left', () => {
    const state = { ...withTabs(1, 2, 3), active: fakeId(2) };
    expect(removed(state, fakeId(2)).active).toBe(fakeId(3));
    expect(removed({ ...state, active: fakeId(3) }, fakeId(3)).active).toBe(fakeId(2));
    expect(removed(withTabs(1), fakeId(1)).active).toBeNull();
    expect(removed(state, fakeId(1)).active).toBeUndefined();
  });

  test('a new session takes the place of the one whose time was up, in every window', () => {
    const old = fakeSession(1, { end: { ...end, reason: 'auto_reset' } });
    const fresh = fakeSession(4, { previousId: old.id });
    const begun = withTabs(1, 2, 3);
    let state: AppState = { ...begun, sessions: { ...begun.sessions, [old.id]: old }, active: old.id };
    state = { ...state, ...replacing(state, old.id, true) };
    state = { ...state, ...changed(state, fresh, 0) };
    expect(successorOf(state, old.id)?.id).toBe(fresh.id);
    expect(placedAt(state.order, old.id, fresh.id)).toEqual(ids(4, 1, 2, 3));
    const next = { ...state, order: ids(4, 1, 2, 3), ...removed({ ...state, order: ids(4, 1, 2, 3) }, old.id) };
    expect(next.order).toEqual(ids(4, 2, 3));
    expect(next.active).toBe(fresh.id);
    expect(next.replacing.size).toBe(0);
  });

  test('closing what was reopened elsewhere shows the neighbour', () => {
    const state: AppState = { ...withTabs(1, 2, 3), active: fakeId(1) };
    const sessions = { ...state.sessions, [fakeId(3)]: fakeSession(3, { previousId: fakeId(1) }) };
    expect(removed({ ...state, sessions }, fakeId(1)).active).toBe(fakeId(2));
  });

  test('an evicted session keeps its tab', () => {
    const state = withTabs(1);
    expect({ ...state, ...evicted(state, fakeId(1)) }.order).toEqual(ids(1));
    expect(evicted(state, fakeId(9))).toEqual({});
  });

  test('moving keeps every tab, whatever the offset', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat({ max: 7 }),
        fc.integer({ min: -9, max: 9 }),
        (count, at, offset) => {
          const order = ids(...Array.from({ length: count }, (_, index) => index));
          const id = order[at % count] ?? '';
          const next = moved(order, id, offset);
          expect([...next].sort()).toEqual([...order].sort());
          expect(next.indexOf(id)).toBe(Math.min(count - 1, Math.max(0, (at % count) + offset)));
        },
      ),
    );
  });

  test('the core’s order holds, and ids it does not know are ignored', () => {
    expect(reordered(withTabs(1, 2, 3), ids(3, 9, 1, 2)).order).toEqual(ids(3, 1, 2));
  });

  test('next and previous go round, over the settings page as well', () => {
    const state: AppState = { ...withTabs(1, 2), settingsOpen: true };
    expect(neighbour({ ...state, active: fakeId(1) }, -1)).toBe(SETTINGS_TAB);
    expect(neighbour({ ...state, active: SETTINGS_TAB }, 1)).toBe(fakeId(1));
    expect(neighbour(INITIAL_STATE, 1)).toBeNull();
  });
});

test('timing of an unknown session is dropped', () => {
  const state = withTabs(1);
  const { timing } = fakeSession(1);
  const samples = timed(state, [timing, { ...timing, id: fakeId(7) }], 42).samples ?? {};
  expect(Object.keys(samples)).toEqual(ids(1));
  expect(samples[fakeId(1)]?.at).toBe(42);
});

test('an event is kept once, and only where events are shown', () => {
  const state = withTabs(1);
  const [event] = fakeEvents(fakeSession(1));
  if (event === undefined) throw new Error('There is no event.');
  expect(happened(state, event).events).toBeUndefined();
  const shown: AppState = { ...state, events: { [fakeId(1)]: [] } };
  const once = { ...shown, ...happened(shown, event) };
  expect(once.events[fakeId(1)]).toEqual([event]);
  expect(happened(once, event).events).toBeUndefined();
});

test('warnings and ends are said aloud, each once', () => {
  const calm = fakeSession(1);
  const warned = fakeSession(1, { warning: { deadline: 'idle', beforeSeconds: 300, stage: 0, last: false } });
  expect(announce(undefined, warned)).toBeNull();
  expect(announce(calm, warned)).toBe('bash closes in 5 minutes.');
  expect(announce(warned, warned)).toBeNull();
  expect(announce(warned, fakeSession(1, { end }))).toBe('bash ended: The shell exited.');
});

test('a freeze and its end are said aloud', () => {
  const frozen = fakeSession(1, { state: 'frozen' });
  expect(announce(fakeSession(1), frozen)).toBe('bash is frozen.');
  expect(announce(frozen, frozen)).toBeNull();
  expect(announce(frozen, fakeSession(1))).toBe('bash continues.');
  expect(announce(frozen, fakeSession(1, { end }))).toBe('bash ended: The shell exited.');
});

test('a freeze by a limit says how long there is to thaw it', () => {
  const frozen = fakeSession(1, { state: 'frozen', frozenBy: 'max_duration' });
  expect(announce(fakeSession(1), frozen)).toBe(
    'bash is frozen because its time is up. It closes in 10 minutes unless you thaw it.',
  );
});

test('a credential that is missing or could not be renewed is said aloud once', () => {
  const ready = fakeSession(1, { credentials: [{ env: 'TOKEN', state: 'ready', message: null }] });
  const stale = fakeSession(1, { credentials: [{ env: 'TOKEN', state: 'stale', message: 'It failed.' }] });
  expect(announce(ready, stale)).toBe('bash: the credential TOKEN is stale.');
  expect(announce(stale, stale)).toBeNull();
  expect(announce(stale, ready)).toBeNull();
});

test('the journal has something new when a session has begun or ended, and at nothing else', () => {
  const info = fakeSession(1, { end });
  const versions = fakeEvents(info).map((event) => [event.type, happened(withTabs(1), event).journalVersion]);
  expect(versions.filter(([, version]) => version !== undefined)).toEqual([
    ['session:start', 1],
    ['session:end', 1],
  ]);
});
