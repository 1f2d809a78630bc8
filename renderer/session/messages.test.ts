import { expect, test } from 'vitest';
import { endedWith, fakeSession } from '../testing/fake-session.ts';
import { asSentence, endAdvice } from './messages.ts';

test('ends that nobody wanted say what became of the session, others need no advice', () => {
  const container = fakeSession(1, { backend: 'docker' });
  expect(endAdvice(container, endedWith({ reason: 'backend_lost' }))).toContain(
    'removed as soon as the engine is back',
  );
  expect(endAdvice(container, endedWith({ reason: 'out_of_memory' }))).toContain('raise the memory limit');
  expect(endAdvice(fakeSession(1), endedWith({ reason: 'out_of_memory' }))).toBe(
    'The system had no memory left for it.',
  );
  expect(endAdvice(container, endedWith({ reason: 'idle_timeout' }))).toBeNull();
});

test('words from the engine end as sentences do, once', () => {
  expect(asSentence('Docker stopped answering')).toBe('Docker stopped answering.');
  expect(asSentence('Docker stopped answering.')).toBe('Docker stopped answering.');
  expect(asSentence(' ')).toBe('');
});
