import { expect, test } from 'vitest';
import { StartBarrier } from './start-barrier.ts';

function listen() {
  const notified: string[] = [];
  const listener = {
    onData: (bytes: Uint8Array) => void notified.push(Buffer.from(bytes).toString()),
    onInputRoom: () => {},
    onExit: (status: { exitCode: number | null }) => void notified.push(`exit ${status.exitCode}`),
  };
  return { notified, listener };
}
const bytes = (text: string): Uint8Array => Buffer.from(text);
const status = { exitCode: 3, signal: null };

test('what comes before the session runs is notified in order when it does', () => {
  const { notified, listener } = listen();
  const barrier = new StartBarrier(listener, 'until opened', new AbortController().signal);
  barrier.onEnded((end) => barrier.notifyEnd(end));
  barrier.onData(bytes('a'));
  barrier.onEnd(status);
  expect(notified).toEqual([]);
  expect(barrier.earlyOutput()).toBe('a');
  barrier.open();
  barrier.onData(bytes('b'));
  expect(notified).toEqual(['a', 'exit 3', 'b']);
});

test('of a start that failed nothing is ever notified', () => {
  const { notified, listener } = listen();
  const barrier = new StartBarrier(listener, 'until opened', new AbortController().signal);
  barrier.onData(bytes('a'));
  barrier.close();
  barrier.onData(bytes('b'));
  barrier.notifyEnd(status);
  expect(notified).toEqual([]);
});

test('who cancels a start is notified nothing more, who cancels later is notified all', () => {
  const abort = new AbortController();
  const first = listen();
  const barrier = new StartBarrier(first.listener, 'until aborted', abort.signal);
  barrier.onData(bytes('a'));
  abort.abort();
  barrier.onData(bytes('b'));
  expect(first.notified).toEqual(['a']);
  barrier.open();
  barrier.onData(bytes('c'));
  expect(first.notified).toEqual(['a', 'c']);
});

test('an end that came before its handler is not lost', () => {
  const { notified, listener } = listen();
  const barrier = new StartBarrier(listener, 'until aborted', new AbortController().signal);
  barrier.onEnd(status);
  barrier.onEnded((end) => barrier.notifyEnd(end));
  expect(notified).toEqual(['exit 3']);
});
