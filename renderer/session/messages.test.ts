import { expect, test } from 'vitest';
import type { CredentialState, StartProgress } from '../../shared/session.ts';
import { asSentence } from '../components/format.ts';
import { endedWith, fakeSession } from '../testing/fake-session.ts';
import {
  credentialWarning,
  describeExpiry,
  endAdvice,
  expirySentence,
  milestone,
  runningObject,
  runningPhrases,
  spoken,
} from './messages.ts';

test('unwanted ends come with advice, others need none', () => {
  const container = fakeSession(1, { backend: 'docker' });
  expect(endAdvice(container, endedWith({ reason: 'backend_lost' }))).toContain(
    'removed as soon as the engine is back',
  );
  expect(endAdvice(container, endedWith({ reason: 'out_of_memory' }))).toContain('raise the memory limit');
  expect(endAdvice(fakeSession(1), endedWith({ reason: 'out_of_memory' }))).toBe('The system ran out of memory.');
  expect(endAdvice(container, endedWith({ reason: 'idle_timeout' }))).toBeNull();
});

test('a message of the core ends with one full stop', () => {
  expect(asSentence('Docker stopped answering')).toBe('Docker stopped answering.');
  expect(asSentence('Docker stopped answering.')).toBe('Docker stopped answering.');
  expect(asSentence(' ')).toBe('');
});

const info = fakeSession(1);
const withCommands = (maxCommands: number) => ({
  limits: { ...info.limits, values: { ...info.limits.values, maxCommands } },
});

test('the limit that ran out is named with what it was', () => {
  expect(describeExpiry('idle_timeout', info)).toBe('nothing was typed for 1 hour');
  expect(describeExpiry('max_duration', info, 5_400)).toBe('it was open for its maximum of 1 hour 30 minutes');
  expect(describeExpiry('idle_timeout', info, 20, 2_400)).toBe(
    'nothing was typed for 40 minutes, and its idle timeout is 20 seconds',
  );
  expect(describeExpiry('max_duration', info, 60, 120)).toBe('it was open for 2 minutes, and its maximum is 1 minute');
  expect(describeExpiry('command_limit', withCommands(20))).toBe('it ran the last of its 20 commands');
  expect(describeExpiry('command_limit', withCommands(1))).toBe('it ran its one allowed command');
});

test('“nothing was typed” is said only where typing alone counts', () => {
  const limits = { ...info.limits, values: { ...info.limits.values, activity: ['input' as const, 'output' as const] } };
  expect(describeExpiry('idle_timeout', { limits })).toBe('there was no activity for 1 hour');
});

test('an end without a limit has no such sentence', () => {
  expect(expirySentence(info, endedWith({ reason: 'auto_reset', expired: 'idle_timeout', limitSeconds: 60 }))).toBe(
    'Nothing was typed for 1 minute.',
  );
  expect(expirySentence(info, endedWith({ reason: 'closed', expired: null }))).toBeNull();
});

const credential = (env: string, state: CredentialState['state']): CredentialState => ({ env, state, message: null });

test('credentials that are ready need no words', () => {
  expect(credentialWarning([])).toBeNull();
  expect(credentialWarning([credential('A', 'ready')])).toBeNull();
});

test('one that is not ready is named, several are counted', () => {
  expect(credentialWarning([credential('A', 'ready'), credential('B', 'missing')])).toBe('B is missing');
  expect(credentialWarning([credential('A', 'stale')])).toBe('A was not renewed');
  expect(credentialWarning([credential('A', 'missing'), credential('B', 'missing')])).toBe('2 credentials are missing');
  expect(credentialWarning([credential('A', 'stale'), credential('B', 'stale')])).toBe(
    '2 credentials were not renewed',
  );
  expect(credentialWarning([credential('A', 'stale'), credential('B', 'missing')])).toBe('2 credentials are not ready');
});

const pull = (fraction: number | null, detail = ''): StartProgress => ({
  stage: 'pull',
  message: 'Pulling debian:bookworm-slim',
  detail,
  fraction,
});

test('a long start is announced by its steps and quarters, not by every byte', () => {
  const said = new Set<string>();
  for (let index = 0; index <= 1_000; index++) said.add(milestone(pull(index / 1_000, `${index} of 1000 kB`)));
  expect(said.size).toBe(5);
  expect(milestone(pull(null, 'a'))).toBe(milestone(pull(null, 'b')));
  expect(milestone(pull(null))).not.toBe(milestone({ ...pull(null), stage: 'create', message: 'Creating it' }));
});

test('an announcement has no figures before the first quarter', () => {
  expect(spoken(pull(null))).toBe('Pulling debian:bookworm-slim');
  expect(spoken(pull(0.1))).toBe('Pulling debian:bookworm-slim');
  expect(spoken(pull(0.6))).toBe('Pulling debian:bookworm-slim, 50 percent');
});

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
