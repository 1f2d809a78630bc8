import { expect, test } from 'vitest';
import {
  describeEnd,
  END_REASONS,
  endSchema,
  SESSION_STATES,
  type SessionEnd,
  type SessionState,
  sessionIdSchema,
  TRANSITIONS,
} from './session.ts';

function reachableFrom(start: SessionState): Set<SessionState> {
  const reached = new Set<SessionState>();
  const visit = (state: SessionState): void => {
    for (const next of TRANSITIONS[state]) {
      if (reached.has(next)) continue;
      reached.add(next);
      visit(next);
    }
  };
  visit(start);
  return reached;
}

test('a session begins in starting and never comes back to it', () => {
  for (const state of SESSION_STATES) expect(TRANSITIONS[state]).not.toContain('starting');
  expect(reachableFrom('starting')).toEqual(new Set(SESSION_STATES.filter((state) => state !== 'starting')));
});

test('there is one way out: every live state can close, only closing ends, and the end is for good', () => {
  for (const state of SESSION_STATES) {
    expect(TRANSITIONS[state].includes('closing')).toBe(state !== 'closing' && state !== 'ended');
    expect(TRANSITIONS[state].includes('ended')).toBe(state === 'closing');
  }
  expect(TRANSITIONS.closing).toEqual(['ended']);
  expect(TRANSITIONS.ended).toEqual([]);
});

test('no state leads to itself, and no transition is listed twice', () => {
  for (const state of SESSION_STATES) {
    expect(TRANSITIONS[state]).not.toContain(state);
    expect(new Set(TRANSITIONS[state]).size).toBe(TRANSITIONS[state].length);
  }
});

test('Ctrl+C is told apart only while a command runs', () => {
  const before = SESSION_STATES.filter((state) => TRANSITIONS[state].includes('interrupted'));
  expect(before).toEqual(['running']);
});

const end: SessionEnd = {
  reason: 'exited',
  at: 0,
  durationSeconds: 10,
  exitCode: 0,
  signal: null,
  limitSeconds: null,
  elapsedSeconds: null,
  expired: null,
  failure: null,
  detail: null,
  survivors: [],
};

test('every reason has words for a person', () => {
  for (const reason of END_REASONS) {
    const words = describeEnd(endSchema.parse({ ...end, reason, limitSeconds: 900 }));
    expect(words).toMatch(/^[A-Z].*[^.]$/);
    expect(words).not.toContain('_');
  }
});

test.each<[Partial<SessionEnd>, string]>([
  [{}, 'The shell exited'],
  [{ exitCode: 3 }, 'The shell exited with 3'],
  [{ exitCode: null, signal: 'SIGKILL' }, 'The shell was ended by SIGKILL'],
  [{ reason: 'idle_timeout', limitSeconds: 900 }, 'Closed after 15 minutes without activity'],
  [{ reason: 'max_duration', limitSeconds: 5_400 }, 'Closed after its maximum duration of 1 hour 30 minutes'],
  [
    { reason: 'start_failed', failure: { stage: 'shell', message: 'There is no /bin/fish', hint: 'Install it' } },
    'There is no /bin/fish',
  ],
  [{ reason: 'start_failed' }, 'Did not start'],
])('%j reads “%s”', (fields, words) => {
  expect(describeEnd({ ...end, ...fields })).toBe(words);
});

test.each([
  ['01ARZ3NDEKTSV4RRFFQ69G5FAV', true],
  ['01arz3ndektsv4rrffq69g5fav', false],
  ['01ARZ3NDEKTSV4RRFFQ69G5FA', false],
  ['01ARZ3NDEKTSV4RRFFQ69G5FAU', false],
  ['../../etc/passwd/aaaaaaaaa', false],
])('the id %s is taken: %s', (id, taken) => {
  expect(sessionIdSchema.safeParse(id).success).toBe(taken);
});
