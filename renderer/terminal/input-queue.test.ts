import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { INPUT_WINDOW_BYTES, MAX_INPUT_BYTES, PASTE_END, PASTE_START } from '../../shared/frames.ts';
import { InputQueue, type InputState } from './input-queue.ts';

const SHOWN_AFTER_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setup({ open = true } = {}) {
  const sent: { kind: string; bytes: Uint8Array }[] = [];
  const states: (InputState | null)[] = [];
  const queue = new InputQueue({
    send: (kind, bytes) => sent.push({ kind, bytes: bytes.slice() }),
    sendCancel: () => sent.push({ kind: 'cancel', bytes: new Uint8Array() }),
    onState: (state) => states.push(state),
    now: () => Date.now(),
  });
  if (open) queue.open();
  const sentBytes = (): number => sent.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  return { queue, sent, states, sentBytes, text: () => Buffer.concat(sent.map(({ bytes }) => bytes)).toString() };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('input of a window', () => {
  test('is sent at once, and not shown, while the program takes it', () => {
    const { queue, sent, states } = setup();
    for (const key of 'ls\r') {
      queue.type(bytesOf(key));
      queue.accepted(1);
      vi.advanceTimersByTime(SHOWN_AFTER_MS * 2);
    }
    expect(sent.map(({ kind }) => kind)).toEqual(['userInput', 'userInput', 'userInput']);
    expect(states).toEqual([]);
  });

  test('is never more on its way than the core has room for, and arrives whole and in order', () => {
    const text = `${PASTE_START}${'日本é'.repeat(400_000)}${PASTE_END}`;
    const { queue, sent, sentBytes, text: arrived } = setup();
    queue.paste(bytesOf(text), true);
    queue.type(bytesOf('typed behind'));
    let accepted = 0;
    while (accepted < sentBytes()) {
      expect(sentBytes() - accepted).toBeLessThanOrEqual(INPUT_WINDOW_BYTES);
      const count = Math.min(10_007, sentBytes() - accepted);
      accepted += count;
      queue.accepted(count);
    }
    expect(arrived()).toBe(`${text}typed behind`);
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for (const { bytes } of sent) {
      expect(bytes.byteLength).toBeLessThanOrEqual(MAX_INPUT_BYTES);
      // No frame is cut inside a character.
      expect(() => decoder.decode(bytes)).not.toThrow();
    }
    expect(sent.filter(({ kind }) => kind === 'pasteInput').at(-1)?.bytes.byteLength).toBeGreaterThanOrEqual(6);
    expect(sent.at(-1)?.kind).toBe('userInput');
  });

  test('that is typed before there is a channel waits for it', () => {
    const { queue, sent } = setup({ open: false });
    queue.type(bytesOf('early'));
    expect(sent).toEqual([]);
    queue.open();
    expect(sent).toMatchObject([{ kind: 'userInput', bytes: bytesOf('early') }]);
  });

  test('that takes longer than a second is shown with how much has arrived, until it has', () => {
    const { queue, states } = setup();
    queue.paste(new Uint8Array(1_000_000), false);
    vi.advanceTimersByTime(SHOWN_AFTER_MS - 1);
    expect(states).toEqual([]);
    vi.advanceTimersByTime(1);
    queue.accepted(200_000);
    vi.advanceTimersByTime(300);
    expect(states.at(-1)).toMatchObject({ isWaiting: false, acceptedBytes: 200_000, totalBytes: 1_000_000 });
    vi.advanceTimersByTime(SHOWN_AFTER_MS);
    expect(states.at(-1)).toMatchObject({ kind: 'sending', isWaiting: true, acceptedBytes: 200_000 });
    for (let left = 800_000; left > 0; left -= 100_000) queue.accepted(100_000);
    expect(states.at(-1)).toBeNull();
  });

  test('that is cancelled is not sent on, and what had arrived is said', () => {
    const { queue, sent, states } = setup();
    queue.paste(new Uint8Array(1_000_000), true);
    queue.accepted(100_000);
    queue.cancel();
    const frames = sent.length;
    expect(sent.at(-1)?.kind).toBe('cancel');
    queue.accepted(50);
    queue.dropped(262_144 - 50);
    expect(sent.length).toBe(frames);
    expect(states.at(-1)).toMatchObject({ kind: 'stopped', why: 'cancelled', acceptedBytes: 100_050 });
    queue.type(bytesOf('x'));
    expect(states.at(-1)).toBeNull();
    expect(sent.at(-1)?.kind).toBe('userInput');
  });

  test('that Ctrl+C ends is still said not to have arrived when the program has taken that key', () => {
    const { queue, sent, states } = setup();
    queue.paste(new Uint8Array(1_000_000), true);
    queue.accepted(100_000);
    queue.interrupt(bytesOf('\x03'));
    queue.dropped(262_144);
    expect(sent.slice(-2)).toMatchObject([{ kind: 'cancel' }, { kind: 'userInput', bytes: bytesOf('\x03') }]);
    queue.accepted(1);
    vi.advanceTimersByTime(SHOWN_AFTER_MS * 2);
    expect(states.at(-1)).toMatchObject({ kind: 'stopped', why: 'cancelled', acceptedBytes: 100_000 });
  });

  test('stops when another program than the one a paste was meant for reads', () => {
    const { queue, states, sentBytes } = setup();
    queue.paste(new Uint8Array(1_000_000), true);
    queue.bracketedPasteChanged(true);
    expect(states).toEqual([]);
    queue.bracketedPasteChanged(false);
    expect(states.at(-1)).toMatchObject({ kind: 'stopped', why: 'program_changed' });
    queue.dropped(sentBytes());
    expect(sentBytes()).toBe(INPUT_WINDOW_BYTES);
  });

  test('that is typed without a connection is not sent later, and is counted', () => {
    const { queue, sent, states } = setup();
    queue.closed('lost');
    for (const key of ['l', 's', '\x1b[A', '日']) queue.refuse(key, false);
    expect(states.at(-1)).toEqual({ kind: 'refused', isPaste: false, characters: 4 });
    queue.refuse('pasted', true);
    expect(states.at(-1)).toEqual({ kind: 'refused', isPaste: true, characters: 10 });
    queue.open();
    expect(sent).toEqual([]);
    queue.type(bytesOf('x'));
    expect(states.at(-1)).toBeNull();
    expect(sent).toHaveLength(1);
  });

  test('that is typed after a paste was cut off counts with it', () => {
    const { queue, states } = setup();
    queue.paste(bytesOf('x'.repeat(5_000)), false);
    queue.closed('lost');
    queue.refuse('abc', false);
    expect(states.at(-1)).toMatchObject({ kind: 'stopped', why: 'lost', isPaste: true, totalBytes: 5_003 });
    queue.dismiss();
    expect(states.at(-1)).toBeNull();
  });

  test('that was on its way when the session ended or the connection was lost is said to be so', () => {
    const { queue, states } = setup();
    queue.paste(new Uint8Array(1_000_000), false);
    queue.accepted(1_000);
    queue.dropped(261_144);
    queue.closed('ended');
    expect(states.at(-1)).toMatchObject({ kind: 'stopped', why: 'ended', acceptedBytes: 1_000, totalBytes: 1_000_000 });
    queue.dismiss();
    queue.open();
    queue.paste(new Uint8Array(5_000), false);
    queue.closed('lost');
    expect(states.at(-1)).toMatchObject({ kind: 'stopped', why: 'lost', acceptedBytes: 0, totalBytes: 5_000 });
  });

  test('unread answers of the terminal take bounded memory, and are not shown', () => {
    const { queue, states, sentBytes } = setup();
    for (let count = 0; count < 100_000; count += 1) queue.reply(bytesOf('\x1b[1;1R'));
    vi.advanceTimersByTime(SHOWN_AFTER_MS * 3);
    expect(sentBytes()).toBeLessThanOrEqual(65_536);
    expect(states).toEqual([]);
    queue.accepted(sentBytes());
    queue.reply(bytesOf('\x1b[1;1R'));
    expect(sentBytes()).toBeGreaterThan(65_530);
  });
});
