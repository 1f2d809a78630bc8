import { describe, expect, it } from 'vitest';
import { SESSION_STATES, type SessionEvent } from '../../shared/session.ts';
import { Lifecycle } from './lifecycle.ts';
import { TestClock } from './testing/test-clock.ts';

function lifecycleOf() {
  const clock = new TestClock();
  const events: SessionEvent[] = [];
  const createdAt = clock.wall();
  const lifecycle = new Lifecycle({
    sessionId: '01M7Y85E6BXST0XRN70G4B9GBG',
    createdAt,
    clock,
    newEventId: () => `event-${events.length}`,
    onEvent: (event) => events.push(event),
    onChange: () => {},
  });
  return { clock, createdAt, events, lifecycle };
}

describe('the lifecycle of a session', () => {
  it('refuses a transition that the table does not have', () => {
    const { lifecycle } = lifecycleOf();
    lifecycle.transition('waiting');
    expect(() => lifecycle.transition('ended')).toThrow('A session cannot go from waiting to ended');
    for (const state of SESSION_STATES) if (state === 'starting') expect(() => lifecycle.transition(state)).toThrow();
  });

  it('emits and keeps each transition once', () => {
    const { events, lifecycle } = lifecycleOf();
    lifecycle.transition('waiting');
    lifecycle.transition('waiting');
    expect(events).toMatchObject([{ type: 'session:state', from: 'starting', to: 'waiting' }]);
    expect(lifecycle.events.kept).toEqual(events);
  });

  it('has no event before the session was created, however the wall clock is set', () => {
    const { clock, createdAt, events, lifecycle } = lifecycleOf();
    clock.setWall(-3_600_000);
    lifecycle.transition('waiting');
    expect(events[0]?.at).toBe(createdAt);
  });
});
