import { expect, test } from 'vitest';
import { describeRunning } from './running.ts';

const session = (title: string, foreground: string | null, ...background: string[]) => ({
  title,
  running: { foreground, background },
});

test('what still runs is named with its tab, and with where it runs', () => {
  expect(describeRunning([])).toBeNull();
  expect(describeRunning([session('src', 'vim')])).toBe('Still running: vim in “src”.');
  expect(describeRunning([session('src', 'vim', 'node'), session('api', null, 'tmux: server', 'sleep')])).toBe(
    'Still running: vim (in the background: node) in “src”; tmux: server, sleep in the background of “api”.',
  );
});

test('many sessions are counted instead of named', () => {
  const many = Array.from({ length: 7 }, (_, index) => session(`tab ${index}`, 'vim'));
  expect(describeRunning(many)).toMatch(/vim in “tab 4”; programs in 2 more\.$/);
});
