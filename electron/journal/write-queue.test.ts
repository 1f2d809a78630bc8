import { describe, expect, test } from 'vitest';
import type { JournalWrite } from './store.ts';
import { endEntry, extendedEntry, record, sessionId, startEntry, stateEntry } from './testing/entries.ts';
import { WriteQueue } from './write-queue.ts';

const BATCH = 100;

const known = record(sessionId());
const sign = (ageMs: number) => ({
  sessionId: known.id,
  ageMs,
  lastActivityMs: 0,
  counters: known.counters,
});

/** What is in a batch, in short. */
function word(write: JournalWrite): string {
  switch (write.kind) {
    case 'event':
      return write.entry.event.type;
    case 'update':
      return write.record.title;
    case 'heartbeats':
      return write.heartbeats.map(({ ageMs }) => `alive ${ageMs}`).join();
    case 'dismiss':
    case 'adopt':
      return write.kind;
  }
}

const words = (writes: readonly JournalWrite[]): string[] => writes.map(word);

function make(max?: number): { readonly queue: WriteQueue; readonly dropped: () => number } {
  let dropped = 0;
  const queue = new WriteQueue(() => {
    dropped += 1;
  }, max);
  return { queue, dropped: () => dropped };
}

describe('what waits to be written', () => {
  test('comes in order, again if it was refused, and never after it was written', async () => {
    const { queue } = make();
    const started = queue.event(startEntry(known));
    queue.dismiss(known.id);
    expect(words(queue.take())).toEqual(['session:start', 'dismiss']);
    queue.refused();
    const ended = queue.event(endEntry(known));
    expect(words(queue.take())).toEqual(['session:start', 'dismiss', 'session:end']);
    queue.written();
    await Promise.all([started, ended]);
    expect(queue.isEmpty).toBe(true);
    expect(queue.take()).toEqual([]);
  });

  test('comes in parts, the signs of life with the last', () => {
    const { queue } = make();
    for (let count = 0; count < BATCH + 1; count += 1) void queue.event(stateEntry(known));
    queue.heartbeat([sign(1)]);
    expect(queue.take()).toHaveLength(BATCH);
    queue.written();
    queue.heartbeat([sign(2)]);
    expect(words(queue.take())).toEqual(['session:state', 'alive 2']);
    queue.written();
    expect(queue.isEmpty).toBe(true);
  });

  test('holds the latest of what is known of a session alone, but for what is under way', () => {
    const { queue } = make();
    const note = (title: string): void => queue.update({ ...known, title });
    note('1');
    expect(words(queue.take())).toEqual(['1']);
    note('2');
    void queue.event(extendedEntry(known));
    note('3');
    queue.written();
    expect(words(queue.take())).toEqual(['session:extended', '3']);
  });

  test('has no sign of life of a session that has ended', () => {
    const { queue } = make();
    queue.heartbeat([sign(1)]);
    void queue.event(endEntry(known));
    expect(words(queue.take())).toEqual(['session:end']);
  });

  test('lets go whoever waits, and keeps what they wait for', async () => {
    const { queue } = make();
    const waiting = queue.event(startEntry(known));
    queue.release();
    await waiting;
    expect(queue.length).toBe(1);
  });

  test('loses changes of state first, then all but starts and ends, and never those', async () => {
    const { queue, dropped } = make(10);
    const states = Array.from({ length: 9 }, () => queue.event(stateEntry(known)));
    void queue.event(startEntry(known));
    expect(dropped()).toBe(0);
    void queue.event(extendedEntry(known));
    expect(dropped()).toBe(1);
    await Promise.all(states);
    expect(words(queue.take())).toEqual(['session:start', 'session:extended']);
    queue.refused();

    for (let count = 0; count < 9; count += 1) void queue.event(extendedEntry(known));
    expect(dropped()).toBe(2);
    for (let count = 0; count < 50; count += 1) void queue.event(endEntry(known));
    expect(dropped()).toBe(2);
    expect(words(queue.take()).filter((word) => word !== 'session:end')).toEqual(['session:start']);
  });

  test('that is under way is not dropped', () => {
    const { queue } = make(5);
    for (let count = 0; count < 5; count += 1) void queue.event(stateEntry(known));
    const batch = queue.take();
    void queue.event(stateEntry(known));
    queue.refused();
    expect(queue.take()).toEqual(batch);
  });

  test('can be given up one by one', async () => {
    const { queue } = make();
    const first = queue.event(startEntry(known));
    void queue.event(endEntry(known));
    expect(words(queue.take(1))).toEqual(['session:start']);
    queue.refused();
    queue.dropFirst();
    await first;
    expect(words(queue.take())).toEqual(['session:end']);
  });
});
