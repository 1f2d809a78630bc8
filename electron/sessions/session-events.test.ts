import { expect, test } from 'vitest';
import type { SessionEvent } from '../../shared/session.ts';
import { SessionEvents } from './session-events.ts';

const LATEST_EVENTS = 4_000;
const FIRST_EVENTS = 1_000;
const base = { sessionId: '01HZZZZZZZZZZZZZZZZZZZZZZZ', at: 0 };
const state = (index: number): SessionEvent => ({
  ...base,
  id: String(index),
  type: 'session:state',
  from: 'waiting',
  to: 'running',
});
const thawed = (index: number): SessionEvent => ({
  ...base,
  id: String(index),
  type: 'session:thawed',
  frozenSeconds: 1,
});

test('events are kept in order within a bound, and those left out are counted', () => {
  const events = new SessionEvents();
  for (let index = 0; index < 20_000; index += 1) events.add(state(index));
  expect(events.kept.length).toBeLessThanOrEqual(FIRST_EVENTS + LATEST_EVENTS + 500);
  expect(events.kept.length + events.leftOut).toBe(20_000);
  const ids = events.kept.map(({ id }) => Number(id));
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  expect(ids.slice(0, FIRST_EVENTS)).toEqual(Array.from({ length: FIRST_EVENTS }, (_, index) => index));
  expect(ids.slice(-LATEST_EVENTS / 2)).toEqual(
    Array.from({ length: LATEST_EVENTS / 2 }, (_, index) => 20_000 - LATEST_EVENTS / 2 + index),
  );
});

test('changes of state are left out before anything else', () => {
  const events = new SessionEvents();
  for (let index = 0; index < 12_000; index += 1) events.add(index % 10 === 0 ? thawed(index) : state(index));
  expect(events.kept.filter(({ type }) => type === 'session:thawed')).toHaveLength(1_200);
  expect(events.leftOut).toBeGreaterThan(0);
});

test('other events are within the bound, too', () => {
  const events = new SessionEvents([thawed(0)]);
  for (let index = 1; index < 12_000; index += 1) events.add(thawed(index));
  expect(events.kept.length).toBeLessThanOrEqual(FIRST_EVENTS + LATEST_EVENTS + 500);
  expect(events.kept[0]?.id).toBe('0');
});
