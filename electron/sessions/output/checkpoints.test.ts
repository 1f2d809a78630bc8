import { inflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { coreOf } from '../../../shared/terminal/core.ts';
import { captureState, restoreState, SetColors } from '../../../shared/terminal/state.ts';
import { Checkpoints } from '../../terminal/checkpoints.ts';
import { openHeadlessTerminal } from '../../terminal/headless-terminal.ts';
import { settle, TestClock } from '../testing/test-clock.ts';
import { OutputFlow } from './output-flow.ts';

const GATHER_MS = 8;
const UNCOMPACTED_BYTES = 8 * 1_024 * 1_024;
const SCROLLBACK_BYTES = 2 * 1_024 * 1_024;
const SCROLLBACK = 1_000;
const SIZE = { cols: 80, rows: 24 };

const made: Checkpoints[] = [];
afterEach(() => {
  for (const each of made.splice(0)) each[Symbol.dispose]();
});

function flowWith(checkpoints: Checkpoints): { flow: OutputFlow; calls: string[]; clock: TestClock } {
  made.push(checkpoints);
  const calls: string[] = [];
  const source = { pause: () => calls.push('pause'), resume: () => calls.push('resume') };
  const clock = new TestClock();
  return { flow: new OutputFlow(source, clock, { size: SIZE, checkpoints }), calls, clock };
}

/** What a window that attaches now shows, and how it got there. */
async function attach(flow: OutputFlow) {
  const terminal = openHeadlessTerminal({ ...SIZE, scrollback: SCROLLBACK });
  const colors = new SetColors(terminal);
  const core = coreOf(terminal);
  let received = 0;
  const watcher = flow.watch({
    headerBytes: 0,
    deliver: (bytes) => {
      received += bytes.byteLength;
      core.writeSync(bytes);
      queueMicrotask(() => watcher.acknowledge(bytes.byteLength));
    },
    resized: ({ cols, rows }) => terminal.resize(cols, rows),
    restore: (state) => restoreState(terminal, inflateRawSync(state)),
    onClosed: () => {},
  });
  await settle();
  return { terminal, watcher, received: () => received, state: () => Buffer.from(captureState(terminal, colors)) };
}

describe('a window that comes late', () => {
  it('shows exactly what one shows that was there from the start, in the sizes it was drawn at', {
    timeout: 90_000,
  }, async () => {
    const { flow, clock } = flowWith(new Checkpoints(() => SCROLLBACK));
    const first = await attach(flow);
    const lines = Buffer.from(
      Array.from(
        { length: 6_500 },
        (_, row) => `\x1b[3${row % 8}mline ${row} \x1b[1A\x1b[1B${'x'.repeat(90)}\r\n`,
      ).join(''),
    );
    flow.append(Buffer.from('\x1b]4;1;#102030\x07\x1b[3g\x1b[7G\x1bH\x1b(0'));
    for (const [cols, rows] of [
      [80, 24],
      [40, 10],
      [120, 30],
    ] as const) {
      flow.resize({ cols, rows });
      for (let at = 0; at < lines.byteLength; at += 50_000) {
        flow.append(lines.subarray(at, at + 50_000));
        await settle();
      }
      await flow.room();
    }
    flow.append(Buffer.from('\x1b[5;20r\x1b[4h\x1b[38;2;1;'));
    const late = await attach(flow);
    flow.append(Buffer.from('2;3mend'));
    // What is gathered for a fuller frame.
    await clock.advance(GATHER_MS);
    await settle();
    expect(late.watcher.replay.replayTruncated).toBe(false);
    expect(late.watcher.replay.stateBytes).toBeGreaterThan(0);
    expect(late.received()).toBeLessThan(2 * SCROLLBACK_BYTES);
    expect(Buffer.compare(late.state(), first.state())).toBe(0);
  });

  it('is shown the last output where the thread for checkpoints is not available', async () => {
    const { flow } = flowWith(new Checkpoints(() => SCROLLBACK, new URL('file:///nowhere/worker.js')));
    flow.append(new Uint8Array(3 * SCROLLBACK_BYTES).fill(0x2e));
    await flow.room();
    flow.append(Buffer.from('end'));
    const late = await attach(flow);
    expect(late.watcher.replay.replayTruncated).toBe(true);
    expect(late.received()).toBeLessThan(2 * SCROLLBACK_BYTES);
  });
});

describe('a program that prints faster than checkpoints are made', () => {
  it('is paused, and resumed when there is one', async () => {
    const { flow, calls } = flowWith(new Checkpoints(() => SCROLLBACK));
    const part = Buffer.from('plain text\r\n'.repeat(50_000));
    for (let sent = 0; sent <= UNCOMPACTED_BYTES; sent += part.byteLength) flow.append(part);
    expect(calls).toEqual(['pause']);
    await flow.room();
    expect(calls).toEqual(['pause', 'resume']);
  });
});
