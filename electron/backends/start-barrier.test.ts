import { expect, test } from 'vitest';
import { StartGate } from './start-barrier.ts';

function listen() {
  const told: string[] = [];
  const listener = {
    onData: (bytes: Uint8Array) => void told.push(Buffer.from(bytes).toString()),
    onInputRoom: () => {},
    onExit: (status: { exitCode: number | null }) => void told.push(`exit ${status.exitCode}`),
  };
  return { told, listener };
}
const bytes = (text: string): Uint8Array => Buffer.from(text);
const status = { exitCode: 3, signal: null };

test('what comes before the session runs is told in order when it does', () => {
  const { told, listener } = listen();
  const gate = new StartGate(listener, 'until opened', new AbortController().signal);
  gate.pass((end) => gate.tellEnd(end));
  gate.onData(bytes('a'));
  gate.onEnd(status);
  expect(told).toEqual([]);
  expect(gate.early()).toBe('a');
  gate.open();
  gate.onData(bytes('b'));
  expect(told).toEqual(['a', 'exit 3', 'b']);
});

test('of a start that failed nothing is ever told', () => {
  const { told, listener } = listen();
  const gate = new StartGate(listener, 'until opened', new AbortController().signal);
  gate.onData(bytes('a'));
  gate.shut();
  gate.onData(bytes('b'));
  gate.tellEnd(status);
  expect(told).toEqual([]);
});

test('who cancels a start is told nothing more, who cancels later is told all', () => {
  const abort = new AbortController();
  const first = listen();
  const gate = new StartGate(first.listener, 'until aborted', abort.signal);
  gate.onData(bytes('a'));
  abort.abort();
  gate.onData(bytes('b'));
  expect(first.told).toEqual(['a']);
  gate.open();
  gate.onData(bytes('c'));
  expect(first.told).toEqual(['a', 'c']);
});

test('an end that came before anybody could finish it is not lost', () => {
  const { told, listener } = listen();
  const gate = new StartGate(listener, 'until aborted', new AbortController().signal);
  gate.onEnd(status);
  gate.pass((end) => gate.tellEnd(end));
  expect(told).toEqual(['exit 3']);
});
