import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INPUT_WINDOW_BYTES, PASTE_END, PASTE_START } from '../../../shared/frames.ts';
import { StandInProcess } from '../testing/stand-ins.ts';
import { cutAfter } from './input-cut.ts';
import { InputQueue, type InputSource } from './input-queue.ts';

/** A program whose terminal has room for so many bytes at a time. */
class TightProcess extends StandInProcess {
  room = 0;
  taken = '';

  constructor() {
    super({ onData: () => {}, onInputRoom: () => {}, onExit: () => {} }, []);
  }

  override write(bytes: Uint8Array): number {
    const count = Math.min(this.room, bytes.byteLength);
    this.room -= count;
    this.taken += Buffer.from(bytes.subarray(0, count)).toString('latin1');
    return count;
  }

  get text(): string {
    return Buffer.from(this.taken, 'latin1').toString();
  }
}

class Heard implements InputSource {
  accepted = 0;
  dropped = 0;

  onAccepted(bytes: number): void {
    this.accepted += bytes;
  }

  onDropped(bytes: number): void {
    this.dropped += bytes;
  }
}

function setup() {
  let accepted = 0;
  const queue = new InputQueue((bytes) => {
    accepted += bytes;
  });
  const process = new TightProcess();
  queue.attach(process);
  const give = (room: number): void => {
    process.room += room;
    queue.flush();
  };
  return { queue, process, give, counted: () => accepted };
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

describe('input on its way', () => {
  test('arrives whole and in order through a terminal of any size, and is counted when it is accepted', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 })), fc.array(fc.integer({ min: 0, max: 30 })), (texts, rooms) => {
        const { queue, process, give, counted } = setup();
        const source = new Heard();
        for (const [index, text] of texts.entries()) {
          queue.push(source, bytesOf(text));
          give(rooms[index] ?? 0);
          expect(counted()).toBe(process.taken.length);
        }
        give(100_000);
        expect(process.text).toBe(texts.join(''));
        expect(source.accepted).toBe(process.taken.length);
        expect(queue.waitingBytes).toBe(0);
      }),
    );
  });

  test('has room for a bounded amount of each source', () => {
    const { queue } = setup();
    const [one, other] = [new Heard(), new Heard()];
    queue.push(one, new Uint8Array(INPUT_WINDOW_BYTES));
    expect(queue.hasRoom(one, 1)).toBe(false);
    expect(queue.hasRoom(other, INPUT_WINDOW_BYTES)).toBe(true);
  });

  test('of another window waits until a bracketed paste is complete', () => {
    const { queue, process, give } = setup();
    const [one, other] = [new Heard(), new Heard()];
    queue.push(one, bytesOf(`${PASTE_START}first `), { isPaste: true });
    give(8);
    queue.push(other, bytesOf('typed'));
    give(1_000);
    expect(process.text).toBe(`${PASTE_START}first `);
    queue.push(one, bytesOf(`second${PASTE_END}`), { isPaste: true });
    expect(process.text).toBe(`${PASTE_START}first second${PASTE_END}typed`);
  });

  test('that is cancelled ends between characters and outside of marks, and a paste that has begun is closed', () => {
    const paste = bytesOf(`${PASTE_START}aé日😀b${PASTE_END}`);
    for (let room = 0; room <= paste.byteLength; room += 1) {
      const { queue, process, give } = setup();
      const source = new Heard();
      queue.push(source, paste, { isPaste: true });
      give(room);
      queue.cancel(source);
      queue.push(source, bytesOf('after'));
      give(1_000);
      const begun = room === 0 ? '' : process.text.slice(0, -'after'.length);
      expect(process.text.endsWith('after')).toBe(true);
      if (room > 0) {
        expect(begun.startsWith(PASTE_START)).toBe(true);
        expect(begun.indexOf(PASTE_END)).toBe(begun.length - PASTE_END.length);
      } else expect(process.text).toBe('after');
      expect('aé日😀b'.startsWith(begun.slice(PASTE_START.length, -PASTE_END.length))).toBe(true);
      expect(source.accepted + source.dropped).toBe(paste.byteLength + 'after'.length);
    }
  });

  test('of a window that goes away is delivered, and the paste of which the rest is missing is closed', () => {
    const { queue, process, give } = setup();
    const [gone, other] = [new Heard(), new Heard()];
    queue.push(gone, bytesOf(`${PASTE_START}half`), { isPaste: true });
    give(3);
    queue.release(gone);
    queue.push(other, bytesOf('next'));
    give(1_000);
    expect(process.text).toBe(`${PASTE_START}half${PASTE_END}next`);
    queue.push(gone, bytesOf('late'));
    expect(process.text.endsWith('late')).toBe(true);
  });

  test('that is left at the end is reported to its source, once', () => {
    const { queue, process, give } = setup();
    const source = new Heard();
    queue.push(source, bytesOf('abcdef'));
    give(2);
    queue.close();
    queue.close();
    give(100);
    expect(process.text).toBe('ab');
    expect(source).toMatchObject({ accepted: 2, dropped: 4 });
    expect(queue.hasRoom(source, 1)).toBe(false);
  });

  test('beyond what is allowed is dropped, and its source hears so', () => {
    const { queue, process, give } = setup();
    const source = new Heard();
    give(100);
    queue.push(source, bytesOf('ls\rid\r'), { allowed: 3 });
    expect(process.text).toBe('ls\r');
    expect(source).toMatchObject({ accepted: 3, dropped: 3 });
  });
});

test('text is cut behind its characters', () => {
  const text = Buffer.from('aé日😀');
  const cuts = Array.from({ length: text.byteLength + 1 }, (_value, taken) => cutAfter(text, taken));
  expect(cuts).toEqual([0, 1, 3, 3, 6, 6, 6, 10, 10, 10, 10]);
});
