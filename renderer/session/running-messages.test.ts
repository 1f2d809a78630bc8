import { expect, test } from 'vitest';
import { runningObject, runningPhrases } from './running-messages.ts';

const sentence = (foreground: string | null, background: string[]): string =>
  runningPhrases({ foreground, background })
    .map(({ text, isName }) => (isName ? `<${text}>` : text))
    .join('');

test('what still runs is named, with where it runs', () => {
  expect(sentence('vim', [])).toBe('<vim> is still running.');
  expect(sentence(null, ['node'])).toBe('<node> is still running in the background.');
  expect(sentence(null, ['node', 'tmux: server'])).toBe(
    '<node> and <tmux: server> are still running in the background.',
  );
  expect(sentence('make', ['node'])).toBe('<make> is still running, and <node> in the background.');
  expect(sentence('make', ['a', 'b', 'c'])).toBe('<make> is still running, and <a>, <b> and <c> in the background.');
});

test('many programs are counted instead of named', () => {
  expect(sentence(null, ['a', 'b', 'c', 'd', 'e', 'f'])).toBe(
    '<a>, <b>, <c>, <d> and 2 more are still running in the background.',
  );
});

test('what ends is one program or several', () => {
  expect(runningObject({ foreground: 'vim', background: [] })).toBe('it and everything it started');
  expect(runningObject({ foreground: null, background: ['node'] })).toBe('it and everything it started');
  expect(runningObject({ foreground: 'vim', background: ['node'] })).toBe('them and everything they started');
});
