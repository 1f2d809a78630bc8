import { describe, expect, test } from 'vitest';
import { crashProblem } from './crash-problem.ts';

const AT = new Date(2026, 10, 21, 14, 3).getTime();
const facts = { crashedAt: [AT - 60_000, AT], reattached: 0, troubles: [], now: AT + 3_600_000 };

describe('what the window says after a crash', () => {
  test('is nothing when nothing was open', () => {
    expect(crashProblem({ ...facts, crashedAt: [] })).toBeNull();
  });

  test('is when it was, what became of the sessions, and what can be done', () => {
    expect(crashProblem(facts)).toEqual({
      id: 'app-crash',
      severity: 'warning',
      title: 'Sandglass stopped unexpectedly',
      message:
        'Sandglass stopped unexpectedly at 14:03. 2 sessions that were open have ended; their tabs show what was left, and Reopen starts them again.',
    });
    expect(crashProblem({ ...facts, crashedAt: [AT] })?.message).toBe(
      'Sandglass stopped unexpectedly at 14:03. A session that was open has ended; its tab shows what was left, and Reopen starts it again.',
    );
  });

  test('names the day when it was another', () => {
    expect(crashProblem({ ...facts, now: AT + 86_400_000 })?.message).toContain('unexpectedly on 2026-11-21 at 14:03.');
  });

  test('names sessions that continued, and what could not be written', () => {
    expect(crashProblem({ ...facts, crashedAt: [], reattached: 2 })?.message).toBe(
      'Sandglass stopped unexpectedly. 2 sessions in containers went on; their tabs are attached to them again.',
    );
    expect(crashProblem({ ...facts, troubles: ['The disk is full.', 'The same.'] })).toMatchObject({
      severity: 'error',
      message: expect.stringMatching(
        /put right: The disk is full\. The same holds for 1 more; the log names them\. It is tried again at the next start\.$/,
      ),
    });
  });
});
