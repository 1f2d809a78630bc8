import { expect, test } from 'vitest';
import type { RunningSession } from '../../../shared/running.ts';
import { createInterrupt } from './interrupt.ts';

function setUp(sessions: number, programs: readonly RunningSession[] = []) {
  const said: string[] = [];
  let quits = 0;
  let now = 0;
  const interrupt = createInterrupt({
    liveSessions: () => sessions,
    stillRunning: async () => programs,
    now: () => now,
    say: (line) => said.push(line),
    quit: () => {
      quits += 1;
    },
  });
  return { interrupt, said, quits: () => quits, pass: (ms: number) => (now += ms) };
}

test('quits at once when no session runs', () => {
  const { interrupt, said, quits } = setUp(0);
  interrupt();
  expect(quits()).toBe(1);
  expect(said).toEqual([]);
});

test('asks once when sessions run, and quits at the second press within 5 s', () => {
  const { interrupt, said, quits, pass } = setUp(3);
  interrupt();
  expect(quits()).toBe(0);
  expect(said).toEqual(['3 sessions are running. Press Ctrl+C again within 5 s to end them and quit.']);
  pass(5_000);
  interrupt();
  expect(quits()).toBe(1);
});

test('a second press that comes later asks again', () => {
  const { interrupt, said, quits, pass } = setUp(1);
  interrupt();
  pass(5_001);
  interrupt();
  expect(quits()).toBe(0);
  expect(said).toHaveLength(2);
  expect(said[0]).toBe('1 session is running. Press Ctrl+C again within 5 s to end it and quit.');
});

test('names what still runs in sessions', async () => {
  const { interrupt, said } = setUp(1, [{ title: 'api', running: { foreground: 'make', background: ['node'] } }]);
  interrupt();
  await expect.poll(() => said[1]).toBe('Still running: make (in the background: node) in “api”.');
});
