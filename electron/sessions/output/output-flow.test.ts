import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settle, TestClock } from '../testing/test-clock.ts';
import { OutputFlow, type Watcher, type WatcherClosedReason } from './output-flow.ts';
import { outputStream } from './output-stream.ts';

const STALL_MS = 10_000;
const GATHER_MS = 8;
const BULK_BYTES = 4_000;
const FLUSH_MS = 4;
const FRAME_BYTES = 64 * 1_024;
const WINDOW_BYTES = 768 * 1_024;
const HIGH_WATER_BYTES = 1_024 * 1_024;
const SCROLLBACK_BYTES = 2 * 1_024 * 1_024;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A window that shows what it gets only when the test says so. */
class Window {
  readonly frames: Uint8Array[] = [];
  closed: WatcherClosedReason | null = null;
  readonly watcher: Watcher;
  #shown = 0;

  constructor(flow: OutputFlow) {
    this.watcher = flow.watch({
      headerBytes: 5,
      deliver: (buffer) => this.frames.push(buffer.slice(5)),
      onClosed: (reason) => {
        this.closed = reason;
      },
    });
  }

  get text(): string {
    return new TextDecoder().decode(Buffer.concat(this.frames));
  }

  get received(): number {
    return this.frames.reduce((sum, frame) => sum + frame.byteLength, 0);
  }

  /** Shows all it has. */
  show(): void {
    const count = this.received - this.#shown;
    this.#shown += count;
    this.watcher.acknowledge(count);
  }
}

function flowWithSource() {
  const clock = new TestClock();
  const calls: string[] = [];
  const flow = new OutputFlow({ pause: () => calls.push('pause'), resume: () => calls.push('resume') }, clock);
  return { clock, calls, flow };
}

describe('the flow of output', () => {
  it('delivers the first bytes after a pause at once, and gathers what comes while they are shown', async () => {
    const { clock, flow } = flowWithSource();
    const window = new Window(flow);
    await settle();
    flow.append(bytes('a'));
    expect(window.text).toBe('a');
    flow.append(bytes('b'));
    flow.append(bytes('c'));
    expect(window.frames).toHaveLength(1);
    window.show();
    expect(window.text).toBe('abc');
    flow.append(bytes('d'));
    await clock.advance(FLUSH_MS);
    expect(window.text).toBe('abcd');
  });

  it('gathers the reads of a flood into large frames even for a window that shows each at once', async () => {
    const { clock, flow } = flowWithSource();
    const window = new Window(flow);
    await settle();
    for (let read = 0; read < 8; read += 1) {
      flow.append(new Uint8Array(BULK_BYTES));
      window.show();
    }
    expect(window.frames).toHaveLength(1);
    await clock.advance(GATHER_MS);
    window.show();
    expect(window.received).toBe(8 * BULK_BYTES);
    expect(window.frames).toHaveLength(2);
    await clock.advance(GATHER_MS);
    flow.append(bytes('a'));
    expect(window.text.at(-1)).toBe('a');
  });

  it('loses and reorders nothing, however slowly and unevenly windows show it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ size: fc.integer({ min: 1, max: 90_000 }), showA: fc.boolean(), showB: fc.boolean() }), {
          maxLength: 30,
        }),
        async (steps) => {
          const { clock, flow } = flowWithSource();
          const windows = [new Window(flow), new Window(flow)];
          const all: Uint8Array[] = [];
          let value = 0;
          for (const step of steps) {
            const chunk = Uint8Array.from({ length: step.size }, () => {
              value = (value + 7) % 256;
              return value;
            });
            all.push(chunk);
            flow.append(chunk);
            if (step.showA) windows[0]?.show();
            if (step.showB) windows[1]?.show();
            await clock.advance(1);
          }
          flow.end();
          for (const window of windows) {
            for (let turn = 0; turn < 100 && window.closed === null; turn += 1) {
              window.show();
              await clock.advance(FLUSH_MS);
            }
            expect(window.closed).toBe('ended');
            expect(Buffer.compare(Buffer.concat(window.frames), Buffer.concat(all))).toBe(0);
          }
          expect(clock.timers).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('pauses the program for the slowest window and resumes it', async () => {
    const { calls, flow } = flowWithSource();
    const quick = new Window(flow);
    const slow = new Window(flow);
    await settle();
    for (let sent = 0; sent <= HIGH_WATER_BYTES; sent += FRAME_BYTES) {
      flow.append(new Uint8Array(FRAME_BYTES));
      quick.show();
    }
    expect(calls).toEqual(['pause']);
    expect(slow.received).toBe(WINDOW_BYTES);
    while (slow.received < flow.totalBytes) slow.show();
    slow.show();
    expect(calls).toEqual(['pause', 'resume']);
  });

  it('lets a program run freely while no window watches', () => {
    const { calls, flow } = flowWithSource();
    flow.append(new Uint8Array(4 * HIGH_WATER_BYTES));
    expect(calls).toEqual([]);
  });

  it('resumes when the window that it was paused for goes away', async () => {
    const { calls, flow } = flowWithSource();
    const slow = new Window(flow);
    await settle();
    flow.append(new Uint8Array(2 * HIGH_WATER_BYTES));
    slow.watcher.detach();
    expect(calls).toEqual(['pause', 'resume']);
    expect(slow.closed).toBe('detached');
  });

  it('cuts off a window that stalls while another keeps up, and only that one', async () => {
    const { clock, calls, flow } = flowWithSource();
    const quick = new Window(flow);
    const stalled = new Window(flow);
    await settle();
    flow.append(new Uint8Array(HIGH_WATER_BYTES + 1));
    while (quick.received < flow.totalBytes) {
      quick.show();
      await clock.advance(FLUSH_MS);
    }
    quick.show();
    await clock.advance(STALL_MS);
    expect(stalled.closed).toBe('cut_off');
    expect(quick.closed).toBeNull();
    expect(calls).toEqual(['pause', 'resume']);
    expect(clock.timers).toBe(0);
  });

  it('shows a window that comes later what was there before, then what comes', async () => {
    const { flow } = flowWithSource();
    flow.append(bytes('before '));
    const window = new Window(flow);
    expect(window.watcher.replay.replayBytes).toBe(7);
    await settle();
    window.show();
    flow.append(bytes('after'));
    expect(window.text).toBe('before after');
  });

  it('shows only the last output to a window that comes after very much of it', async () => {
    const { flow } = flowWithSource();
    flow.append(new Uint8Array(3 * SCROLLBACK_BYTES).fill(0x2e));
    const window = new Window(flow);
    expect(window.watcher.replay.replayTruncated).toBe(true);
    expect(window.watcher.replay.replayBytes).toBeGreaterThanOrEqual(SCROLLBACK_BYTES);
    expect(window.watcher.replay.replayBytes).toBeLessThan(2 * SCROLLBACK_BYTES);
  });

  it('wants no answers of a terminal to what another has answered, but to what is new', async () => {
    const { flow } = flowWithSource();
    const first = new Window(flow);
    await settle();
    flow.append(bytes('\x1b[6n'));
    expect(first.watcher.repliesWanted).toBe(true);
    first.show();
    const second = new Window(flow);
    await settle();
    expect(second.watcher.repliesWanted).toBe(false);
    second.show();
    expect(second.watcher.repliesWanted).toBe(true);
  });

  it('is not confused by a window that acknowledges more than it was given', async () => {
    const { flow } = flowWithSource();
    const window = new Window(flow);
    await settle();
    flow.append(bytes('abc'));
    window.watcher.acknowledge(4_000_000_000);
    flow.append(bytes('def'));
    expect(window.text).toBe('abcdef');
  });

  it('is drained when all is shown, or when the time for it is up', async () => {
    const { clock, flow } = flowWithSource();
    expect(await flow.drain(1_000)).toBe(true);
    const window = new Window(flow);
    await settle();
    flow.append(bytes('abc'));
    const first = flow.drain(1_000);
    window.show();
    expect(await first).toBe(true);
    flow.append(bytes('def'));
    const second = flow.drain(1_000);
    await clock.advance(1_000);
    expect(await second).toBe(false);
    expect(clock.timers).toBe(0);
  });

  it('gives a window that attaches after the end all that is left, and closes it', async () => {
    const { flow } = flowWithSource();
    flow.append(bytes('last words'));
    flow.end();
    const window = new Window(flow);
    await settle();
    expect(window.text).toBe('last words');
    expect(window.closed).toBe('ended');
  });
});

describe('an output stream', () => {
  it('gives all output and then finishes', async () => {
    const { flow } = flowWithSource();
    const read = (async () => {
      const parts: Uint8Array[] = [];
      for await (const part of outputStream(flow)) parts.push(part);
      return new TextDecoder().decode(Buffer.concat(parts));
    })();
    flow.append(bytes('one '));
    await settle();
    flow.append(bytes('two'));
    flow.end();
    expect(await read).toBe('one two');
  });

  it('finishes for every reader that waits when the session closes', async () => {
    const { flow } = flowWithSource();
    const stream = outputStream(flow);
    const readers = [stream.next(), stream.next(), stream.next()];
    const other = outputStream(flow).next();
    await settle();
    flow.end();
    const results = await Promise.all([...readers, other]);
    expect(results.every((result) => result.done)).toBe(true);
    expect((await stream.next()).done).toBe(true);
  });

  it('pushes back on the program when it is not read', async () => {
    const { clock, calls, flow } = flowWithSource();
    const stream = outputStream(flow);
    await settle();
    flow.append(new Uint8Array(HIGH_WATER_BYTES + 1));
    expect(calls).toEqual(['pause']);
    let read = 0;
    while (read <= HIGH_WATER_BYTES) {
      const next = stream.next();
      await clock.advance(GATHER_MS);
      read += (await next).value?.byteLength ?? 0;
    }
    expect(calls).toEqual(['pause', 'resume']);
  });

  it('stops watching when its loop is left', async () => {
    const { flow } = flowWithSource();
    flow.append(bytes('abc'));
    for await (const _part of outputStream(flow)) break;
    expect(flow.watcherCount).toBe(0);
  });
});
