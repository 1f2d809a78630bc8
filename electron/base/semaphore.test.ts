import { expect, test } from 'vitest';
import { Semaphore } from './semaphore.ts';

const never = new AbortController().signal;

test('a few pass at a time, in the order they came', async () => {
  const semaphore = new Semaphore(2);
  const order: string[] = [];
  let inside = 0;
  const runs = ['a', 'b', 'c', 'd', 'e'].map((name) =>
    semaphore.run(async () => {
      inside += 1;
      expect(inside).toBeLessThanOrEqual(2);
      order.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      return name;
    }, never),
  );
  expect(await Promise.all(runs)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('work that is cancelled while it waits does not run, and keeps no other work from running', async () => {
  const semaphore = new Semaphore(1);
  const first = Promise.withResolvers<string>();
  const abort = new AbortController();
  const runs = [
    semaphore.run(() => first.promise, never),
    semaphore.run(() => Promise.reject(new Error('not its turn')), abort.signal),
    semaphore.run(async () => 'third', never),
  ];
  abort.abort();
  expect(await runs[1]).toBeNull();
  first.resolve('first');
  expect(await Promise.all(runs)).toEqual(['first', null, 'third']);
  expect(await semaphore.run(async () => 'x', abort.signal)).toBeNull();
});

test('work that fails makes room for the next', async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.run(() => Promise.reject(new Error('failed')), never)).rejects.toThrow('failed');
  expect(await semaphore.run(async () => 'next', never)).toBe('next');
});
