import { expect, test } from 'vitest';
import { Gate } from './semaphore.ts';

const never = new AbortController().signal;

test('a few pass at a time, in the order they came', async () => {
  const gate = new Gate(2);
  const order: string[] = [];
  let inside = 0;
  const passes = ['a', 'b', 'c', 'd', 'e'].map((name) =>
    gate.pass(async () => {
      inside += 1;
      expect(inside).toBeLessThanOrEqual(2);
      order.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      return name;
    }, never),
  );
  expect(await Promise.all(passes)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('who gives up waiting does not pass, and keeps nobody from passing', async () => {
  const gate = new Gate(1);
  const first = Promise.withResolvers<string>();
  const abort = new AbortController();
  const passes = [
    gate.pass(() => first.promise, never),
    gate.pass(() => Promise.reject(new Error('not its turn')), abort.signal),
    gate.pass(async () => 'third', never),
  ];
  abort.abort();
  expect(await passes[1]).toBeNull();
  first.resolve('first');
  expect(await Promise.all(passes)).toEqual(['first', null, 'third']);
  expect(await gate.pass(async () => 'x', abort.signal)).toBeNull();
});

test('work that fails makes room for the next', async () => {
  const gate = new Gate(1);
  await expect(gate.pass(() => Promise.reject(new Error('failed')), never)).rejects.toThrow('failed');
  expect(await gate.pass(async () => 'next', never)).toBe('next');
});
