import { expect, test } from 'vitest';
import { createQuitSequence, quitQuestion } from './quit-sequence.ts';

function setUp(sessions: number, end: () => Promise<void> = async () => {}) {
  const log: string[] = [];
  const answers: ((quit: boolean) => void)[] = [];
  let exited: (code: number) => void = () => {};
  const exit = new Promise<number>((resolve) => {
    exited = resolve;
  });
  const sequence = createQuitSequence({
    liveSessions: () => sessions,
    ask: (count) => {
      log.push(`ask ${count}`);
      return new Promise((resolve) => answers.push(resolve));
    },
    end: () => {
      log.push('end');
      return end();
    },
    exit: (code) => {
      log.push(`exit ${code}`);
      exited(code);
    },
    failed: (error) => log.push(String(error)),
  });
  return { sequence, log, exit, answer: (quit: boolean) => answers.shift()?.(quit) };
}

test('quits at once when nothing runs', async () => {
  const { sequence, log, exit } = setUp(0);
  sequence.request();
  expect(await exit).toBe(0);
  expect(log).toEqual(['end', 'exit 0']);
});

test('asks once when sessions run, however often it is wished', async () => {
  const { sequence, log, exit, answer } = setUp(3);
  sequence.request();
  sequence.request();
  answer(true);
  await exit;
  sequence.request();
  expect(log).toEqual(['ask 3', 'end', 'exit 0']);
});

test('after “Cancel” everything goes on, and the next wish asks again', async () => {
  const { sequence, log, answer } = setUp(1);
  sequence.request();
  answer(false);
  await new Promise(setImmediate);
  expect(sequence.quitting).toBe(false);
  sequence.request();
  expect(log).toEqual(['ask 1', 'ask 1']);
});

test('a signal quits without asking, also while it is asked', async () => {
  const { sequence, log, exit, answer } = setUp(2);
  sequence.request();
  sequence.force();
  answer(true);
  await exit;
  expect(log).toEqual(['ask 2', 'end', 'exit 0']);
});

test('leaves also when ending fails', async () => {
  const { sequence, log, exit } = setUp(0, () => Promise.reject(new Error('broken')));
  sequence.force(1);
  expect(await exit).toBe(1);
  expect(log).toEqual(['end', 'Error: broken', 'exit 1']);
});

test('the question names how many', () => {
  expect(quitQuestion(1, []).message).toBe('Quit and end 1 session?');
  expect(quitQuestion(3, []).message).toBe('Quit and end 3 sessions?');
  expect(quitQuestion(3, []).detail).toBe('What runs in them is ended. Recordings are kept.');
});

test('the question names what still runs', () => {
  const running = [{ title: 'api', running: { foreground: null, background: ['node'] } }];
  expect(quitQuestion(1, running).detail).toBe(
    'Still running: node in the background of “api”.\nWhat runs in it is ended. Recordings are kept.',
  );
});
